//! Settings read by name, from the environment or another place.

use comm100::{ClientBuilder, Error, ErrorKind};
use vendor_sandbox::{Sandbox, Setup};

use crate::mock::{Origin, answer, get};
use crate::way::ok;

fn read(variables: &[(&str, &str)]) -> Result<ClientBuilder, Error> {
    ClientBuilder::from_lookup(|name| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    })
}

const DASH: (&str, &str) = ("COMM100_PLATFORM", "https://dash15.comm100.io/agentconsole");
const HOSTED: (&str, &str) = ("COMM100_PLATFORM", "hosted.comm100.com");
const SITE: (&str, &str) = ("COMM100_SITE_ID", "10000");
const EMAIL: (&str, &str) = ("COMM100_EMAIL", "agent@example.com");
const KEY: (&str, &str) = ("COMM100_API_KEY", "canary-key");
const PASSWORD: (&str, &str) = ("COMM100_PASSWORD", "canary-password");
const CLIENT: (&str, &str) = ("COMM100_CLIENT_ID", "client-1");
const SECRET: (&str, &str) = ("COMM100_CLIENT_SECRET", "canary-secret");
const REDIRECT: (&str, &str) = ("COMM100_REDIRECT_URI", "https://app.example.com/callback");

#[test]
fn every_complete_combination_builds() {
    let mut combinations = vec![
        vec![DASH, SITE, EMAIL, KEY],
        vec![HOSTED, EMAIL, KEY],
        vec![HOSTED, SITE, CLIENT, SECRET, REDIRECT],
        vec![
            DASH,
            SITE,
            EMAIL,
            KEY,
            ("COMM100_TOKEN_BASE", "support.example.com"),
            ("COMM100_API_BASE", "https://api.support.example.com"),
        ],
        // An empty or blank value is none; spaces around an address or a number do not count.
        vec![
            ("COMM100_PLATFORM", "  dash15.comm100.io "),
            ("COMM100_SITE_ID", " 10000\n"),
            EMAIL,
            KEY,
            ("COMM100_PASSWORD", " "),
            ("COMM100_CLIENT_ID", ""),
            ("COMM100_API_BASE", ""),
        ],
    ];
    if cfg!(feature = "password-grant") {
        combinations.push(vec![DASH, CLIENT, EMAIL, PASSWORD]);
        combinations.push(vec![HOSTED, EMAIL, PASSWORD]);
    }
    if cfg!(feature = "partner") {
        combinations.push(vec![
            ("COMM100_PLATFORM", "partner.comm100.io"),
            ("COMM100_PARTNER_ID", "20000"),
            CLIENT,
            EMAIL,
            PASSWORD,
        ]);
    }
    for variables in combinations {
        let builder = read(&variables).unwrap_or_else(|error| panic!("{variables:?}: {error}"));
        assert!(!format!("{builder:?}").contains("canary"), "{builder:?}");
        let built = builder.build();
        built.unwrap_or_else(|error| panic!("{variables:?}: {error}"));
    }
}

#[test]
fn what_is_missing_or_wrong_is_told_by_its_variable() {
    for (variables, name) in [
        (&[][..], "COMM100_PLATFORM"),
        (
            &[("COMM100_PLATFORM", " "), SITE, EMAIL, KEY],
            "COMM100_PLATFORM",
        ),
        (
            &[("COMM100_PLATFORM", "portal7.comm100.io")],
            "COMM100_PLATFORM",
        ),
        (
            &[("COMM100_PLATFORM", "https://a:canary@x.example.com")],
            "COMM100_PLATFORM",
        ),
        (
            &[DASH, ("COMM100_SITE_ID", "canary"), EMAIL, KEY],
            "COMM100_SITE_ID",
        ),
        (
            &[DASH, ("COMM100_SITE_ID", "-1"), EMAIL, KEY],
            "COMM100_SITE_ID",
        ),
        (&[DASH, SITE, KEY], "COMM100_EMAIL"),
        (&[DASH, SITE], "COMM100_API_KEY"),
        (&[DASH, SITE, EMAIL], "COMM100_API_KEY"),
        (&[DASH, SITE, EMAIL, KEY, PASSWORD], "COMM100_PASSWORD"),
        // On v4, a client alone is no sign-in.
        (&[HOSTED, EMAIL, KEY, SECRET], "COMM100_CLIENT_ID"),
        (&[HOSTED, SITE, SECRET, REDIRECT], "COMM100_CLIENT_ID"),
        (&[DASH, SITE, EMAIL, KEY, REDIRECT], "COMM100_CLIENT_ID"),
        (
            &[HOSTED, EMAIL, KEY, SECRET, ("COMM100_CLIENT_ID", " ")],
            "COMM100_CLIENT_ID",
        ),
    ] {
        let error = read(variables).expect_err(name);
        assert_eq!(error.kind(), ErrorKind::Config);
        let told = error.to_string();
        assert!(told.starts_with(&format!("setting `{name}`: ")), "{told}");
        assert!(!told.contains("canary"), "{told}");
    }
}

#[test]
fn client_of_a_person_on_dash_is_read_and_its_code_comes_later() {
    let builder = read(&[DASH, SITE, CLIENT, REDIRECT]).unwrap();
    assert!(builder.authorization_request().unwrap().start().is_ok());
    let error = builder.build().unwrap_err();
    assert!(
        error.to_string().starts_with("setting `credentials`: "),
        "{error}"
    );
}

#[cfg(feature = "partner")]
#[test]
fn partner_id_that_is_no_number_is_told() {
    let error = read(&[HOSTED, ("COMM100_PARTNER_ID", "x")]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "setting `COMM100_PARTNER_ID`: is not a number"
    );
}

#[cfg(feature = "password-grant")]
#[test]
fn password_without_email_address_is_told() {
    let error = read(&[HOSTED, PASSWORD]).unwrap_err();
    assert!(
        error.to_string().starts_with("setting `COMM100_EMAIL`: "),
        "{error}"
    );
}

#[cfg(not(feature = "partner"))]
#[test]
fn partner_id_names_the_feature_it_needs() {
    let error = read(&[HOSTED, EMAIL, KEY, ("COMM100_PARTNER_ID", "1")]).unwrap_err();
    assert!(error.to_string().contains("`partner`"), "{error}");
}

#[cfg(not(feature = "password-grant"))]
#[test]
fn password_names_the_feature_it_needs() {
    let error = read(&[HOSTED, EMAIL, PASSWORD]).unwrap_err();
    assert!(error.to_string().contains("`password-grant`"), "{error}");
}

#[test]
fn what_was_read_reaches_the_settings() {
    let builder = read(&[DASH, SITE, EMAIL, KEY, CLIENT, SECRET, REDIRECT]).unwrap();
    let (url, _) = builder.authorization_request().unwrap().start().unwrap();
    let text = url.as_str();
    assert!(text.starts_with("https://dash15.comm100.io/oauth/authorize?client_id=client-1&"));
    assert!(text.contains("&siteId=10000&"), "{text}");
    assert!(
        text.contains("&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback&"),
        "{text}"
    );

    let builder = read(&[
        DASH,
        SITE,
        EMAIL,
        KEY,
        CLIENT,
        REDIRECT,
        ("COMM100_TOKEN_BASE", "support.example.com"),
        ("COMM100_API_BASE", "https://api.support.example.com"),
    ]);
    let builder = builder.unwrap();
    let (url, _) = builder.authorization_request().unwrap().start().unwrap();
    assert_eq!(url.host_str(), Some("support.example.com"));
    let client = builder.build().unwrap();
    let shown = format!("{client:?}");
    assert!(shown.contains("https://api.support.example.com"), "{shown}");
}

#[tokio::test]
async fn key_is_sent_as_it_was_read_with_its_spaces() {
    let origin = Origin::start().await;
    let path = "/api/v2/account/agents";
    origin
        .answer(path, answer(200, &serde_json::json!([])))
        .await;
    let url = origin.url();
    let client = read(&[
        ("COMM100_PLATFORM", &url),
        EMAIL,
        ("COMM100_API_KEY", " canary key \n"),
    ]);
    get(&ok(client.and_then(ClientBuilder::build)), path).await;
    let [call] = origin.seen().await.try_into().unwrap();
    // Base64 of `agent@example.com`, a colon, and the value above.
    let pair = "Basic YWdlbnRAZXhhbXBsZS5jb206IGNhbmFyeSBrZXkgCg==";
    call.is_call_to(&origin, pair);
}

#[test]
fn base_that_would_leak_is_refused_when_the_client_is_built() {
    for (name, setting) in [
        ("COMM100_TOKEN_BASE", "token_base"),
        ("COMM100_API_BASE", "api_base"),
    ] {
        let builder = read(&[DASH, SITE, EMAIL, KEY, (name, "http://x.example.com")]);
        let told = builder.unwrap().build().unwrap_err().to_string();
        assert!(
            told.starts_with(&format!("setting `{setting}`: ")),
            "{told}"
        );
    }
}

#[tokio::test]
async fn what_the_sandbox_prints_reaches_it() {
    let sandbox = ok(Sandbox::start().await);
    for (setup, path) in [
        (Setup::Comm100DashApiKey, "/v4/livechat/campaigns"),
        #[cfg(feature = "password-grant")]
        (Setup::Comm100DashPassword, "/v4/livechat/campaigns"),
        (
            Setup::Comm100HostedClientCredentials,
            "/api/v2/livechat/campaigns",
        ),
        #[cfg(feature = "partner")]
        (Setup::Comm100Partner, "/v4/global/sites"),
    ] {
        let variables = sandbox.environment(setup);
        let variables: Vec<_> = variables.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let client = ok(read(&variables).and_then(ClientBuilder::build));
        get(&client, path).await;
    }
    assert_eq!(sandbox.refusals(), []);
}
