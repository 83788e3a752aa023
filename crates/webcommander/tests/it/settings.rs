//! Shows which settings are refused before anything is sent, and by what name.

use std::collections::HashMap;
use std::time::Duration;

use vendor_sandbox::{Sandbox, Setup};
use webcommander::{Client, ClientBuilder, Error, ErrorKind, Settings, TokenSet, Transport};

use crate::client::{
    AUTH_STRING, CLIENT_ID, CLIENT_SECRET, PASSWORD, REDIRECT_URI, USERNAME, application,
    customers, user,
};

const BASE_URL: &str = "https://store.example.com";

fn with(settings: Settings) -> ClientBuilder {
    user(BASE_URL).settings(settings)
}

#[track_caller]
fn assert_names(error: &Error, setting: &str) {
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    let start = format!("setting `{setting}`: ");
    assert!(error.to_string().starts_with(&start), "{setting}: {error}");
}

#[test]
fn what_cannot_work_is_refused_by_name() {
    let application_of = |id: &str, secret: &str, uri: &str| {
        Client::builder(BASE_URL)
            .application(id, secret, uri)
            .user(USERNAME, PASSWORD)
    };
    let user_of = |name: &str, password: &str| application(BASE_URL).user(name, password);
    let zero = Duration::ZERO;
    let transport = Transport::builder().build().expect("a transport");
    for (builder, setting) in [
        (application(BASE_URL), "credentials"),
        (
            Client::builder(BASE_URL).user(USERNAME, PASSWORD),
            "application",
        ),
        (application_of("", CLIENT_SECRET, REDIRECT_URI), "client_id"),
        (application_of(CLIENT_ID, "", REDIRECT_URI), "client_secret"),
        (application_of(CLIENT_ID, CLIENT_SECRET, ""), "redirect_uri"),
        (user_of("", PASSWORD), "username"),
        (user_of("a:b", PASSWORD), "username"),
        (user_of(USERNAME, ""), "password"),
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
fn an_auth_string_that_is_no_pair_in_base64_is_refused_and_not_repeated() {
    // `u:p` needs no padding.
    assert!(application(BASE_URL).auth_string("dTpw").build().is_ok());
    for text in [
        "",
        "canary:password",
        "canary",
        // Base64 of `canary`, of `u:` and of `:p`, without padding, in the other alphabet, of no UTF-8.
        "Y2FuYXJ5",
        "dTo=",
        "OnA=",
        "dTpwcA",
        "dTo_Pw==",
        "Ov8=",
    ] {
        let outcome = application(BASE_URL).auth_string(text).build();
        let error = outcome.expect_err(text);
        assert_names(&error, "auth_string");
        assert!(!error.to_string().contains("canary"), "{error}");
    }
}

#[test]
fn base_urls_that_would_leak_are_refused_and_not_repeated() {
    for url in [
        "",
        " ",
        "http://store.example.com",
        "http://127.0.0.1.example.com",
        "ftp://store.example.com",
        "https://",
        "https://canary:canary@store.example.com",
        "https://store.example.com/api/v4",
        "https://store.example.com?canary=1",
        "https://store.example.com#canary",
    ] {
        let error = user(url).build().expect_err(url);
        assert_names(&error, "base_url");
        assert!(!error.to_string().contains("canary"), "{error}");
    }
}

#[test]
fn base_urls_are_taken_with_and_without_scheme_and_slash() {
    for (given, origin) in [
        ("store.example.com", "https://store.example.com"),
        ("store.example.com/", "https://store.example.com"),
        (" https://store.example.com/ ", "https://store.example.com"),
        ("HTTPS://Store.Example.com", "https://store.example.com"),
        ("store.example.com:8443", "https://store.example.com:8443"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://localhost:8080", "http://localhost:8080"),
    ] {
        let client = user(given).build().expect(given);
        let shown = format!("{client:?}");
        assert!(
            shown.contains(&format!("api_base: \"{origin}\"")),
            "{given}: {shown}"
        );
    }
    let settings = Settings::new().allow_plain_http("gateway");
    let named = user("http://gateway").settings(settings.clone());
    assert!(named.build().is_ok());
    let other = user("http://other").settings(settings);
    assert_names(&other.build().expect_err("another host"), "base_url");
}

/// All five variables.
fn variables() -> HashMap<&'static str, &'static str> {
    HashMap::from([
        ("WC_BASE_URL", " store.example.com "),
        ("WC_CLIENT_ID", CLIENT_ID),
        ("WC_CLIENT_SECRET", CLIENT_SECRET),
        ("WC_REDIRECT_URI", REDIRECT_URI),
        ("WC_AUTH_STRING", AUTH_STRING),
    ])
}

fn lookup(variables: &HashMap<&str, &str>) -> Result<ClientBuilder, Error> {
    ClientBuilder::from_lookup(|name| variables.get(name).map(|value| (*value).to_owned()))
}

#[test]
fn the_five_variables_make_a_client_and_each_is_required() {
    let builder = lookup(&variables()).expect("complete settings");
    let client = builder.build().expect("good settings");
    assert!(format!("{client:?}").contains(BASE_URL));
    for name in variables().into_keys() {
        for value in [None, Some(""), Some(" \n")] {
            let mut variables = variables();
            variables.remove(name);
            variables.extend(value.map(|value| (name, value)));
            assert_names(&lookup(&variables).expect_err(name), name);
        }
    }
}

#[tokio::test]
async fn what_the_sandbox_prints_reaches_it() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let variables = sandbox.environment(Setup::WebCommander);
    let variables = variables.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let client = lookup(&variables).and_then(ClientBuilder::build);
    customers(&client.expect("a client"))
        .await
        .expect("customers");
    assert_eq!(sandbox.refusals(), []);
}

#[test]
fn a_variable_that_is_no_pair_in_base64_is_named_and_not_repeated() {
    let mut variables = variables();
    variables.insert("WC_AUTH_STRING", "canary:password");
    let error = lookup(&variables).expect_err("no Base64");
    assert_names(&error, "WC_AUTH_STRING");
    assert!(!error.to_string().contains("canary"), "{error}");
}

#[test]
fn debug_shows_no_secret() {
    let tokens = r#"{"version":1,"access_token":"canary-access","refresh_token":"canary-refresh"}"#;
    let tokens = TokenSet::import(tokens).expect("an export");
    // Base64 of `u:canary-password`.
    let encoded = "dTpjYW5hcnktcGFzc3dvcmQ=";
    let application = || Client::builder(BASE_URL).application("id", "canary-secret", REDIRECT_URI);
    for builder in [
        application().user("u", "canary-password"),
        application().auth_string(encoded),
    ] {
        let builder = builder.tokens(tokens.clone());
        let client = builder.clone().build().expect("a client");
        let shown = format!(
            "{builder:?} {client:?} {:#?} {:?} {:?}",
            client.session(),
            client.token_set(),
            client.request(webcommander::Method::GET, "/api/v4/admin/orders")
        );
        assert!(
            !shown.contains("canary") && !shown.contains(encoded),
            "{shown}"
        );
        assert!(shown.contains(BASE_URL));
    }
}

#[test]
fn debug_hides_user_info_of_the_base_url() {
    let url = "https://canary:canary-pw@support.example.com";
    let builder = user(url);
    for shown in [format!("{builder:?}"), format!("{builder:#?}")] {
        assert!(shown.contains("[REDACTED]@support.example.com"), "{shown}");
        assert!(!shown.contains("canary"), "{shown}");
    }
}
