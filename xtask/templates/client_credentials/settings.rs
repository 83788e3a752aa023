//! Shows which settings are refused before anything is sent, and by what name.

use std::collections::HashMap;
use std::time::Duration;

use {{name}}::{Client, ClientBuilder, Error, ErrorKind, Method, Secret, Settings, TokenSet};
use vendor_sandbox::{Host, Sandbox, Setup};

use crate::fixture::{CLIENT_ID, CLIENT_SECRET, PROBE, client, probe};

const BASE_URL: &str = "https://api.example.com";

#[track_caller]
fn assert_names(error: &Error, setting: &str) {
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    let start = format!("setting `{setting}`: ");
    assert!(error.to_string().starts_with(&start), "{setting}: {error}");
}

#[test]
fn what_cannot_work_is_refused_by_name() {
    let credentials =
        |id: &str, secret: &str| Client::builder(BASE_URL).client_credentials(id, secret);
    let with = |settings: Settings| client(BASE_URL).settings(settings);
    let zero = Duration::ZERO;
    for (builder, setting) in [
        (Client::builder(BASE_URL), "credentials"),
        (credentials("", CLIENT_SECRET), "client_id"),
        (credentials(CLIENT_ID, ""), "client_secret"),
        {{id_case}}
        (client("http://api.example.com"), "base_url"),
        (client("https://u:p@api.example.com"), "base_url"),
        (client("https://api.example.com/path"), "base_url"),
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
        ("{{NAME}}_CLIENT_SECRET", CLIENT_SECRET),
    ];
    assert!(lookup(&all).expect("all of them").build().is_ok());
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
    let client = lookup(&variables).and_then(ClientBuilder::build);
    probe(&client.expect("a client")).await.expect("an answer");
    assert_eq!(sandbox.token_requests(Host::{{Title}}), 1);
    assert_eq!(sandbox.refusals(), []);
}

#[test]
fn debug_shows_no_secret() {
    let tokens = TokenSet::import(r#"{"version":1,"access_token":"canary-access"}"#);
    let builder = Client::builder("https://canary:canary@api.example.com")
        .client_credentials("id", Secret::new("canary-secret"))
        .tokens(tokens.expect("an export"));
    assert!(!format!("{builder:?} {builder:#?}").contains("canary"));
    let client = client(BASE_URL).build().expect("a client");
    let shown = format!("{client:?} {:?}", client.request(Method::GET, PROBE));
    assert!(!shown.contains(CLIENT_SECRET), "{shown}");
}
