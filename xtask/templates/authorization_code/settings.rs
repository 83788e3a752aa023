//! Shows which settings are refused before anything is sent, and by what name.

use std::collections::HashMap;
use std::time::Duration;

use {{name}}::{Client, ClientBuilder, Error, ErrorKind, Method, {{secret_type}}Settings, TokenSet};
use vendor_sandbox::{Host, Sandbox, Setup};

use crate::fixture::{CLIENT_ID, {{secret_name}}PROBE, REDIRECT_URI, SECRET, application, client, probe};

const BASE_URL: &str = "https://api.example.com";

#[track_caller]
fn assert_names(error: &Error, setting: &str) {
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    let start = format!("setting `{setting}`: ");
    assert!(error.to_string().starts_with(&start), "{setting}: {error}");
}

#[test]
fn what_cannot_work_is_refused_by_name() {
    let with_client = |id: &str, uri: &str| {
        let builder = Client::builder(BASE_URL).oauth_client(id, {{secret_argument}}uri);
        builder.tokens(tokens())
    };
    let with = |settings: Settings| client(BASE_URL).settings(settings);
    let zero = Duration::ZERO;
    for (builder, setting) in [
        (Client::builder(BASE_URL), "oauth_client"),
        (application(BASE_URL), "credentials"),
        (application(BASE_URL).stored_tokens(), "store"),
        (with_client("", REDIRECT_URI), "client_id"),
        {{id_case}}
        {{secret_case}}
        (with_client(CLIENT_ID, ""), "redirect_uri"),
        (application("http://api.example.com"), "base_url"),
        (application("https://u:p@api.example.com"), "base_url"),
        (application("https://api.example.com/path"), "base_url"),
        (with(Settings::new().token_retries(3)), "token_retries"),
        (with(Settings::new().call_timeout(zero)), "call_timeout"),
    ] {
        assert_names(&builder.build().expect_err(setting), setting);
    }
}

fn lookup(variables: &[(&str, &str)]) -> Result<ClientBuilder, Error> {
    let variables: HashMap<&str, &str> = variables.iter().copied().collect();
    ClientBuilder::from_lookup(|name| variables.get(name).map(|value| (*value).to_owned()))
}

#[test]
fn missing_variables_are_named() {
    let all = [
        ("{{NAME}}_BASE_URL", BASE_URL),
        ("{{NAME}}_CLIENT_ID", CLIENT_ID),
        {{secret_lookup}}("{{NAME}}_REDIRECT_URI", REDIRECT_URI),
    ];
    let builder = lookup(&all).expect("all of them");
    assert!(builder.tokens(tokens()).build().is_ok());
    for (missing, (name, _)) in all.iter().enumerate() {
        let mut some = all;
        some[missing].1 = " ";
        assert_names(&lookup(&some).expect_err(name), name);
    }
}

#[tokio::test]
async fn what_the_sandbox_prints_reaches_it() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let variables = sandbox.environment(Setup::{{Title}});
    let variables: Vec<_> = variables.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let builder = lookup(&variables).expect("all of them");
    let request = builder.authorization_request().expect("a page");
    let (url, pending) = request.start().expect("a page");
    let callback = sandbox.approve(url.as_str()).await.expect("a callback");
    let code = pending.check(&callback).expect("a code");
    let client = builder.authorization_code(code).build().expect("a client");
    probe(&client).await.expect("an answer");
    assert_eq!(sandbox.token_requests(Host::{{Title}}), 1);
    assert_eq!(sandbox.refusals(), []);
}

#[test]
fn debug_shows_no_secret() {
    let builder = Client::builder("https://canary:canary@api.example.com")
        .oauth_client("id", {{secret_canary}}REDIRECT_URI)
        .tokens(tokens());
    assert!(!format!("{builder:?} {builder:#?}").contains("canary"));
    let client = client(BASE_URL).build().expect("a client");
    let shown = format!("{client:?} {:?}", client.request(Method::GET, PROBE));
    assert!(!shown.contains(SECRET), "{shown}");
}

fn tokens() -> TokenSet {
    TokenSet::import(r#"{"version":1,"access_token":"canary-access"}"#).expect("an export")
}
