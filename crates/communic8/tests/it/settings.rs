//! Shows which settings are refused before anything is sent, and by what name.

use std::collections::HashMap;
use std::time::Duration;

use communic8::{Client, ClientBuilder, Error, ErrorKind, Secret, Settings, TokenSet, Transport};
use vendor_sandbox::{Host, Sandbox, Setup};

use crate::client::{TOKEN_ID, TOKEN_VALUE, channels, client_credentials, static_token};

const BASE_URL: &str = "https://client.example.com";

fn builder() -> ClientBuilder {
    client_credentials(BASE_URL)
}

fn with(settings: Settings) -> ClientBuilder {
    builder().settings(settings)
}

fn tokens() -> TokenSet {
    TokenSet::import(r#"{"version":1,"access_token":"canary-access"}"#).expect("an export")
}

#[track_caller]
fn assert_names(error: &Error, setting: &str) {
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    let start = format!("setting `{setting}`: ");
    assert!(error.to_string().starts_with(&start), "{setting}: {error}");
}

#[test]
fn what_cannot_work_is_refused_by_name() {
    let credentials =
        |id: &str, value: &str| Client::builder(BASE_URL).client_credentials(id, value);
    let zero = Duration::ZERO;
    let transport = Transport::builder().build().expect("a transport");
    for (builder, setting) in [
        (Client::builder(BASE_URL), "credentials"),
        (Client::builder(BASE_URL).static_token(""), "token_value"),
        (
            Client::builder(BASE_URL).static_token("a\r\nb"),
            "token_value",
        ),
        (Client::builder(BASE_URL).static_token("tök"), "token_value"),
        (credentials(TOKEN_ID, ""), "token_value"),
        (credentials("", TOKEN_VALUE), "token_id"),
        (credentials("a:b", TOKEN_VALUE), "token_id"),
        (static_token(BASE_URL).tokens(tokens()), "tokens"),
        (with(Settings::new().token_retries(3)), "token_retries"),
        (with(Settings::new().call_deadline(zero)), "call_deadline"),
        (with(Settings::new().call_timeout(zero)), "call_timeout"),
        (with(Settings::new().token_timeout(zero)), "token_timeout"),
        (with(Settings::new().user_agent("a\nb")), "user_agent"),
        (with(Settings::new().proxy("::")), "proxy"),
        (
            with(Settings::new().root_certificate("not PEM")),
            "root_certificate",
        ),
        (
            with(Settings::new().user_agent("a").transport(transport)),
            "transport",
        ),
    ] {
        assert_names(&builder.build().expect_err(setting), setting);
    }
}

#[test]
fn base_urls_that_would_leak_are_refused_and_not_repeated() {
    for url in [
        "",
        " ",
        "http://client.example.com",
        "http://127.0.0.1.example.com",
        "ftp://client.example.com",
        "https://",
        "https://canary:canary@client.example.com",
        "https://client.example.com/int/v1",
        "https://client.example.com?canary=1",
        "https://client.example.com#canary",
    ] {
        let error = static_token(url).build().expect_err(url);
        assert_names(&error, "base_url");
        assert!(!error.to_string().contains("canary"), "{error}");
    }
}

#[test]
fn base_urls_are_taken_with_and_without_scheme_and_slash() {
    for (given, origin) in [
        ("client.example.com", "https://client.example.com"),
        ("client.example.com/", "https://client.example.com"),
        (
            " https://client.example.com/ ",
            "https://client.example.com",
        ),
        ("HTTPS://Client.Example.com", "https://client.example.com"),
        ("client.example.com:8443", "https://client.example.com:8443"),
        (
            "https://client.example.com:443",
            "https://client.example.com",
        ),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ] {
        let client = static_token(given).build().expect(given);
        let shown = format!("{client:?}");
        assert!(
            shown.contains(&format!("api_base: \"{origin}\"")),
            "{given}: {shown}"
        );
    }
}

#[test]
fn plain_http_is_taken_where_the_host_is_named() {
    let settings = Settings::new().allow_plain_http("gateway");
    let named = static_token("http://gateway").settings(settings.clone());
    assert!(named.build().is_ok());
    let other = static_token("http://other").settings(settings);
    assert_names(&other.build().expect_err("another host"), "base_url");
}

fn lookup(variables: &[(&str, &str)]) -> Result<ClientBuilder, Error> {
    let variables: HashMap<&str, &str> = variables.iter().copied().collect();
    ClientBuilder::from_lookup(|name| variables.get(name).map(|value| (*value).to_owned()))
}

#[test]
fn variables_choose_the_sign_in() {
    let base = ("COMMUNIC8_BASE_URL", BASE_URL);
    let value = ("COMMUNIC8_TOKEN_VALUE", TOKEN_VALUE);
    let id = ("COMMUNIC8_TOKEN_ID", TOKEN_ID);
    for (variables, exchanged) in [
        (&[base, value][..], false),
        (&[base, value, ("COMMUNIC8_TOKEN_ID", "")], false),
        (&[base, value, ("COMMUNIC8_TOKEN_ID", "  ")], false),
        (&[base, value, id], true),
        (
            &[
                ("COMMUNIC8_BASE_URL", " client.example.com "),
                ("COMMUNIC8_TOKEN_VALUE", " v\n"),
                ("COMMUNIC8_TOKEN_ID", " i\n"),
            ],
            true,
        ),
    ] {
        let builder = lookup(variables).expect("complete settings");
        let client = builder.clone().build().expect("good settings");
        assert!(format!("{client:?}").contains(BASE_URL));
        // Tokens of an earlier sign-in fit an exchange only.
        assert_eq!(builder.tokens(tokens()).build().is_ok(), exchanged);
        assert_eq!(client.session().can_renew(), exchanged);
    }
}

#[tokio::test]
async fn what_the_sandbox_prints_reaches_it() {
    for (setup, exchanges) in [
        (Setup::Communic8StaticToken, 0),
        (Setup::Communic8ClientCredentials, 1),
    ] {
        let sandbox = Sandbox::start().await.expect("a sandbox");
        let variables = sandbox.environment(setup);
        let variables: Vec<_> = variables.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let client = lookup(&variables).and_then(ClientBuilder::build);
        channels(&client.expect("a client"))
            .await
            .expect("channels");
        assert_eq!(sandbox.token_requests(Host::Communic8), exchanges);
        assert_eq!(sandbox.refusals(), []);
    }
}

#[test]
fn missing_variables_are_named() {
    let base = ("COMMUNIC8_BASE_URL", BASE_URL);
    let value = ("COMMUNIC8_TOKEN_VALUE", TOKEN_VALUE);
    let id = ("COMMUNIC8_TOKEN_ID", TOKEN_ID);
    for (variables, missing) in [
        (&[][..], "COMMUNIC8_BASE_URL"),
        (&[value, id], "COMMUNIC8_BASE_URL"),
        (&[value, ("COMMUNIC8_BASE_URL", " ")], "COMMUNIC8_BASE_URL"),
        (&[base], "COMMUNIC8_TOKEN_VALUE"),
        (&[base, id], "COMMUNIC8_TOKEN_VALUE"),
        (
            &[base, ("COMMUNIC8_TOKEN_VALUE", "")],
            "COMMUNIC8_TOKEN_VALUE",
        ),
    ] {
        assert_names(&lookup(variables).expect_err(missing), missing);
    }
}

#[test]
fn debug_shows_no_secret() {
    let secrets = ["canary-value", "canary-access"];
    let builders = [
        Client::builder(BASE_URL).static_token("canary-value"),
        Client::builder(BASE_URL)
            .client_credentials("id", Secret::new("canary-value"))
            .tokens(tokens()),
    ];
    for builder in builders {
        let client = builder.clone().build().expect("a client");
        let shown = format!(
            "{builder:?} {client:?} {:#?} {:?} {:?}",
            client.session(),
            client.token_set(),
            client.request(communic8::Method::GET, "/int/v1/channel")
        );
        assert!(
            secrets.iter().all(|secret| !shown.contains(secret)),
            "{shown}"
        );
        assert!(shown.contains("https://client.example.com"));
    }
}

#[test]
fn debug_hides_user_info_of_the_base_url() {
    let url = "https://canary:canary-pw@support.example.com";
    let builder = static_token(url);
    for shown in [format!("{builder:?}"), format!("{builder:#?}")] {
        assert!(shown.contains("[REDACTED]@support.example.com"), "{shown}");
        assert!(!shown.contains("canary"), "{shown}");
    }
}
