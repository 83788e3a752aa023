//! The authorization request: what it may carry, what is refused, and where its answer goes.

use vendor_sandbox::{Host, Sandbox, credentials as known};

use crate::client::{Call, encode};

/// The example of RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

const STATE: &str = "s/t+a=t&e é";

fn dash_pairs(redirect_uri: &str) -> Vec<(&str, &str)> {
    vec![
        ("client_id", known::COMM100_CLIENT_ID),
        ("response_type", "code"),
        ("redirect_uri", redirect_uri),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("siteId", "10000"),
        ("state", STATE),
    ]
}

fn panel_url(sandbox: &Sandbox, pairs: &[(&str, &str)]) -> String {
    let origin = sandbox.url(Host::Comm100DashPanel);
    format!("{origin}/oauth/authorize?{}", encode(pairs))
}

/// A right authorization request on the dash panel.
pub(crate) fn dash_url(sandbox: &Sandbox) -> String {
    dash_url_to(sandbox, known::COMM100_REDIRECT_URI)
}

/// The same with another redirect URI.
pub(crate) fn dash_url_to(sandbox: &Sandbox, redirect_uri: &str) -> String {
    panel_url(sandbox, &dash_pairs(redirect_uri))
}

/// A right authorization request on the hosted panel.
pub(crate) fn hosted_url(sandbox: &Sandbox, response_type: &str) -> String {
    let origin = sandbox.url(Host::Comm100Hosted);
    let query = encode(&[
        ("client_id", known::COMM100_CLIENT_ID),
        ("siteId", "10000"),
        ("redirect_uri", known::COMM100_REDIRECT_URI),
        ("response_type", response_type),
        ("state", STATE),
    ]);
    format!("{origin}/oauth/authorize?{query}")
}

/// The code of a callback, its plus kept.
pub(crate) fn code_of(callback: &str) -> String {
    let (_, rest) = callback.split_once("code=").unwrap_or_default();
    let (code, _) = rest.split_once('&').unwrap_or((rest, ""));
    assert!(!code.is_empty(), "no code in {callback}");
    code.to_owned()
}

#[tokio::test]
async fn approval_returns_code_and_state() {
    let sandbox = Sandbox::start().await.unwrap();
    let callback = sandbox.approve(&dash_url(&sandbox)).await.unwrap();
    let query = callback
        .strip_prefix(&format!("{}?", known::COMM100_REDIRECT_URI))
        .unwrap();
    assert!(query.starts_with("code="), "{query}");
    assert!(
        query.ends_with("&state=s%2Ft%2Ba%3Dt%26e%20%C3%A9"),
        "{query}"
    );
}

#[tokio::test]
async fn a_callback_with_a_query_keeps_it() {
    let sandbox = Sandbox::start().await.unwrap();
    let redirect = format!("{}?tenant=7", known::COMM100_REDIRECT_URI);
    let url = dash_url_to(&sandbox, &redirect);
    let callback = sandbox.approve(&url).await.unwrap();
    assert!(
        callback.starts_with(&format!("{redirect}&code=")),
        "{callback}"
    );
}

#[tokio::test]
async fn denial_returns_an_error_and_the_state() {
    let sandbox = Sandbox::start().await.unwrap();
    let callback = sandbox.deny(&dash_url(&sandbox)).await.unwrap();
    assert!(
        callback.contains("?error=access_denied&state="),
        "{callback}"
    );
    assert!(sandbox.refusals().is_empty());
}

#[tokio::test]
async fn state_is_left_out_when_told_so() {
    let sandbox = Sandbox::builder().echo_state(false).start().await.unwrap();
    let callback = sandbox.approve(&dash_url(&sandbox)).await.unwrap();
    assert!(!callback.contains("state="), "{callback}");
}

#[tokio::test]
async fn a_wrong_authorization_request_is_refused_and_sends_nobody_anywhere() {
    let sandbox = Sandbox::start().await.unwrap();
    let right = dash_pairs(known::COMM100_REDIRECT_URI);
    let mut wrong: Vec<Vec<(&str, &str)>> = Vec::new();
    for at in 0..6 {
        let mut missing = right.clone();
        missing.remove(at);
        wrong.push(missing);
        let mut doubled = right.clone();
        doubled.push(right[at]);
        wrong.push(doubled);
        let mut other = right.clone();
        other[at].1 = "other";
        wrong.push(other);
        let mut empty = right.clone();
        empty[at].1 = "";
        wrong.push(empty);
    }
    for (name, value) in [
        ("response_type", "token"),
        ("code_challenge_method", "plain"),
        ("redirect_uri", "https://evil.example.com/cb"),
        (
            "redirect_uri",
            "https://app.example.com/comm100/callback.evil",
        ),
        ("redirect_uri", "https://app.example.com/comm100/callback#x"),
        ("redirect_uri", "http://127.0.0.1.evil.example.com/cb"),
        ("redirect_uri", "http%3A%2F%2F127.0.0.1%2Fcb"),
    ] {
        let mut other = right.clone();
        for pair in &mut other {
            if pair.0 == name {
                pair.1 = value;
            }
        }
        wrong.push(other);
    }
    let mut unknown = right.clone();
    unknown.push(("prompt", "consent"));
    wrong.push(unknown);
    for pairs in &wrong {
        let reply = Call::get(panel_url(&sandbox, pairs)).send().await;
        assert_eq!(reply.status, 400, "{pairs:?}");
        assert!(!reply.headers.contains_key("location"), "{pairs:?}");
        assert_eq!(reply.json()["code"], 400_000, "{pairs:?}");
    }
    assert_eq!(sandbox.refusals().len(), wrong.len());
    let error = sandbox
        .approve(&panel_url(&sandbox, &wrong[0]))
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("`client_id` is missing"),
        "{error}"
    );
}

#[tokio::test]
async fn a_loopback_address_is_taken_on_any_port() {
    let sandbox = Sandbox::start().await.unwrap();
    for redirect in [
        "http://127.0.0.1/callback",
        "http://127.0.0.1:1/callback",
        "http://127.0.0.1:49152/callback",
        "http://[::1]/callback",
        "http://[::1]:65535/callback",
    ] {
        let callback = sandbox.approve(&dash_url_to(&sandbox, redirect)).await;
        let callback = callback.unwrap();
        assert!(
            callback.starts_with(&format!("{redirect}?code=")),
            "{callback}"
        );
    }
}

#[tokio::test]
async fn an_address_that_only_resembles_the_registered_one_is_refused() {
    let sandbox = Sandbox::start().await.unwrap();
    for redirect in [
        "http://localhost:7777/callback",
        "http://localhost/callback",
        "https://127.0.0.1:7777/callback",
        "http://127.0.0.1:7777/",
        "http://127.0.0.1:7777",
        "http://127.0.0.1:7777/callback/",
        "http://127.0.0.1:7777/callback?a=1",
        "http://127.0.0.1:7777/callback#a",
        "http://127.0.0.1:7777/other/../callback",
        "http://127.0.0.1:7777/Callback",
        "HTTP://127.0.0.1:7777/callback",
        "http://127.0.0.1:/callback",
        "http://127.0.0.1:0/callback",
        "http://127.0.0.1:080/callback",
        "http://127.0.0.1:+80/callback",
        "http://127.0.0.1:65536/callback",
        "http://127.0.0.1:80:80/callback",
        "http://127.0.0.2:7777/callback",
        "http://127.1:7777/callback",
        "http://2130706433:7777/callback",
        "http://0.0.0.0:7777/callback",
        "http://[::]:7777/callback",
        "http://[0:0:0:0:0:0:0:1]:7777/callback",
        "http://[::ffff:127.0.0.1]:7777/callback",
        "http://person@127.0.0.1:7777/callback",
        "http://127.0.0.1:7777@evil.example.com/callback",
        "http://127.0.0.1.evil.example.com/callback",
        "http://127.0.0.1evil/callback",
    ] {
        let reply = Call::get(dash_url_to(&sandbox, redirect)).send().await;
        assert_eq!(reply.status, 400, "{redirect}");
        assert!(reply.text().contains("`redirect_uri`"), "{redirect}");
        assert!(!reply.headers.contains_key("location"), "{redirect}");
    }
}

/// The port is free in the first step only.
#[tokio::test]
async fn a_code_is_exchanged_with_the_redirect_uri_of_its_request_and_no_other() {
    let sandbox = Sandbox::start().await.unwrap();
    let url = dash_url_to(&sandbox, "http://127.0.0.1:7777/callback");
    let callback = sandbox.approve(&url).await.unwrap();
    let code = code_of(&callback);
    let origin = sandbox.url(Host::Comm100DashPanel);
    let exchange = |redirect| {
        let call = Call::post(format!("{origin}/oauth/token"));
        call.form(&[
            ("grant_type", "authorization_code"),
            ("client_id", known::COMM100_CLIENT_ID),
            ("code_verifier", VERIFIER),
            ("code", &code),
            ("redirect_uri", redirect),
        ])
        .send()
    };
    for other in [
        "http://127.0.0.1:7778/callback",
        "http://127.0.0.1/callback",
        "http://[::1]:7777/callback",
        "http://localhost:7777/callback",
        known::COMM100_REDIRECT_URI,
    ] {
        let reply = exchange(other).await;
        assert_eq!(reply.status, 400, "{other}");
        assert_eq!(reply.member("error"), "invalid_grant", "{other}");
    }
    exchange("http://127.0.0.1:7777/callback").await.ok();
}

#[tokio::test]
async fn nobody_is_sent_to_another_machine() {
    let sandbox = Sandbox::start().await.unwrap();
    let error = sandbox.approve("http://example.com/oauth/authorize").await;
    assert!(error.is_err());
}
