//! Shows that the sandbox refuses the standard's form wherever the vendor departs from it, and takes ours.

use std::time::Duration;

use serde_json::{Value, json};
use vendor_sandbox::{Host, Sandbox, TokenHeader as Taken, credentials};
use webcommander::{ErrorKind, ManualClock, Settings, TokenHeader};

use crate::client::{CUSTOMERS, TOKEN_PATH, application_in, customers, in_sandbox};
use crate::raw::Raw;

/// Base64 of the sandbox's `username:password`, written out so that it does not come from the code under test.
const AUTH_STRING: &str = "c3RvcmVAZXhhbXBsZS5jb206c3RvcmUrcGFzcy93b3JkOiUyNiZjPcOl";

/// The vendor's first grant.
fn first() -> Value {
    json!({
        "grant_type": "client_credentials",
        "auth_string": AUTH_STRING,
        "redirect_uri": credentials::WEBCOMMANDER_REDIRECT_URI,
        "client_id": credentials::WEBCOMMANDER_CLIENT_ID,
        "client_secret": credentials::WEBCOMMANDER_CLIENT_SECRET,
    })
}

/// The vendor's refresh.
fn refresh(token: &Value) -> Value {
    let mut body = without(first(), "auth_string");
    body["grant_type"] = "refresh_token".into();
    body["refresh_token"] = token.clone();
    body
}

fn with(mut body: Value, name: &str, value: &str) -> Value {
    body[name] = value.into();
    body
}

fn without(mut body: Value, name: &str) -> Value {
    body.as_object_mut().expect("an object").remove(name);
    body
}

/// The same members as a form; the values' odd characters are escaped.
fn form(body: &Value) -> String {
    let mut url: webcommander::Url = "http://form.example.com".parse().expect("a URL");
    let pairs = body.as_object().expect("an object").iter();
    url.query_pairs_mut()
        .extend_pairs(pairs.map(|(name, value)| (name, value.as_str().unwrap_or_default())));
    url.query().unwrap_or_default().to_owned()
}

fn token() -> Raw {
    Raw::new("POST", TOKEN_PATH)
}

fn basic() -> Raw {
    token().header("authorization", "Basic aWQ6c2VjcmV0")
}

/// Sends each request and says that it is refused for a reason with the word beside it.
async fn assert_refused(sandbox: &Sandbox, cases: &[(&str, Raw, &str)]) {
    let before = sandbox.refusals().len();
    for (number, (what, request, word)) in cases.iter().enumerate() {
        let (status, _) = request.send(sandbox.url(Host::WebCommander)).await;
        assert!(matches!(status, 400 | 401), "{what}: {status}");
        let refusals = sandbox.refusals();
        assert_eq!(refusals.len(), before + number + 1, "{what} is not listed");
        let reason = &refusals[before + number].reason;
        assert!(reason.contains(word), "{what}: {reason}");
    }
}

#[tokio::test]
async fn the_vendor_s_form_written_by_hand_is_accepted() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let origin = sandbox.url(Host::WebCommander);
    let (status, issued) = token().json(&first()).send(origin).await;
    assert_eq!(status, 200);
    let access = issued["access_token"].as_str().expect("a token");
    let call = Raw::new("GET", CUSTOMERS).header("access_token", access);
    assert_eq!(call.send(origin).await.0, 200);
    let renewal = token().json(&refresh(&issued["refresh_token"]));
    assert_eq!(renewal.send(origin).await.0, 200);
    assert_eq!(sandbox.refusals(), []);
}

#[tokio::test]
async fn the_vendor_s_form_sent_by_the_client_is_accepted() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    for (taken, chosen) in [
        (Taken::AccessToken, TokenHeader::AccessToken),
        (Taken::AuthorizationBearer, TokenHeader::AuthorizationBearer),
        (Taken::AuthorizationRaw, TokenHeader::AuthorizationRaw),
    ] {
        sandbox.set_webcommander_token_header(taken);
        for builder in [
            in_sandbox(&sandbox),
            application_in(&sandbox).auth_string(AUTH_STRING),
        ] {
            let clock = ManualClock::new();
            let client = builder
                .token_header(chosen)
                .settings(Settings::new().clock(clock.clone()))
                .build()
                .expect("a client");
            customers(&client).await.expect("customers");
            clock.advance(Duration::from_secs(3600));
            customers(&client).await.expect("customers");
        }
    }
    assert_eq!(sandbox.refusals(), []);
    assert_eq!(sandbox.requests().len(), 3 * 2 * 4);
}

#[tokio::test]
async fn the_standard_s_first_grant_is_refused_with_a_reason() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let mut person = without(first(), "auth_string");
    person["username"] = credentials::WEBCOMMANDER_USERNAME.into();
    person["password"] = credentials::WEBCOMMANDER_PASSWORD.into();
    let cases = [
        (
            "RFC 6749 section 4.4.2",
            basic().form("grant_type=client_credentials"),
            "Authorization",
        ),
        (
            "the vendor's parameters as a form",
            token().form(form(&first())),
            "application/json",
        ),
        (
            "the client in Basic and in the body",
            basic().json(&first()),
            "Authorization",
        ),
        (
            "client credentials without the user",
            token().json(&without(first(), "auth_string")),
            "`auth_string` is missing",
        ),
        (
            "client credentials without a redirect URI",
            token().json(&without(first(), "redirect_uri")),
            "`redirect_uri` is missing",
        ),
        (
            "RFC 6749 section 4.3.2",
            token().json(&with(person.clone(), "grant_type", "password")),
            "grant_type",
        ),
        (
            "user name and password in clear",
            token().json(&person),
            "unknown parameter",
        ),
        (
            "a scope",
            token().json(&with(first(), "scope", "all")),
            "`scope`",
        ),
        (
            "an auth_string that is not encoded",
            token().json(&with(first(), "auth_string", "user:password")),
            "Base64",
        ),
        (
            "a cookie",
            token().header("cookie", "JSESSIONID=s").json(&first()),
            "Cookie",
        ),
    ];
    assert_refused(&sandbox, &cases).await;
}

#[tokio::test]
async fn the_standard_s_refresh_is_refused_with_a_reason() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let (_, issued) = token()
        .json(&first())
        .send(sandbox.url(Host::WebCommander))
        .await;
    let due = refresh(&issued["refresh_token"]);
    let access = issued["access_token"].as_str().expect("a token");
    let cases = [
        (
            "RFC 6749 section 6",
            token().form(form(&without(due.clone(), "redirect_uri"))),
            "application/json",
        ),
        (
            "a refresh without the redirect URI",
            token().json(&without(due.clone(), "redirect_uri")),
            "`redirect_uri` is missing",
        ),
        (
            "a refresh without the client",
            token().json(&without(due.clone(), "client_secret")),
            "`client_secret` is missing",
        ),
        (
            "a refresh with the user's auth_string",
            token().json(&with(due.clone(), "auth_string", AUTH_STRING)),
            "`auth_string`",
        ),
        (
            "a refresh with the stale token beside it",
            token().header("access_token", access).json(&due),
            "access_token",
        ),
    ];
    assert_refused(&sandbox, &cases).await;
    let (status, _) = token()
        .json(&due)
        .send(sandbox.url(Host::WebCommander))
        .await;
    assert_eq!(status, 200, "none of them has spent the refresh token");
}

#[tokio::test]
async fn the_standard_s_call_is_refused_with_a_reason() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let (_, issued) = token()
        .json(&first())
        .send(sandbox.url(Host::WebCommander))
        .await;
    let access = issued["access_token"].as_str().expect("a token");
    let bearer = format!("Bearer {access}");
    let call = || Raw::new("GET", CUSTOMERS);
    let in_query = format!("{CUSTOMERS}?access_token={}", access.replace('=', "%3D"));
    let cases = [
        (
            "RFC 6750 section 2.1",
            call().header("authorization", bearer.as_str()),
            "authorization",
        ),
        (
            "RFC 6750 section 2.3",
            Raw::new("GET", &in_query),
            "no header",
        ),
        (
            "both headers",
            call()
                .header("authorization", bearer.as_str())
                .header("access_token", access),
            "authorization",
        ),
        (
            "a scheme before the token",
            call().header("access_token", bearer.as_str()),
            "nothing else",
        ),
        (
            "a cookie",
            call()
                .header("access_token", access)
                .header("cookie", "JSESSIONID=s"),
            "Cookie",
        ),
    ];
    assert_refused(&sandbox, &cases).await;
}

#[tokio::test]
async fn wrong_credentials_are_refused_and_told_with_the_hint() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let client = application_in(&sandbox)
        .user(credentials::WEBCOMMANDER_USERNAME, "wrong-password")
        .build()
        .expect("a client");
    let error = customers(&client).await.expect_err("a refusal");
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert_eq!(error.provider_code(), Some("unauthorized"));
    assert!(
        error.to_string().contains("user name and password"),
        "{error}"
    );
    assert_eq!(sandbox.refusals().len(), 1);
}
