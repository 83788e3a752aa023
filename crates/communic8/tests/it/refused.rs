//! Shows that the sandbox refuses the standard's form wherever the vendor departs from it, and takes ours.

use communic8::{Client, ErrorKind};
use serde_json::json;
use vendor_sandbox::{Host, Sandbox, credentials};

use crate::client::{CHANNELS, TOKEN_PATH, channels, in_sandbox};
use crate::raw::Raw;

/// Base64 of the sandbox's `id:value`, written out so that it does not come from the code under test.
const PAIR: &str = "NjVmMGM4YTFiMmMzZDRlNWY2YTdiOGM5OmZha2UrYzgvdG9rZW46NzUlJnk9PQ==";

fn token() -> Raw {
    Raw::new("POST", TOKEN_PATH)
}

fn bearer() -> Raw {
    token().header("authorization", format!("Bearer {PAIR}"))
}

fn basic() -> Raw {
    token().header("authorization", format!("Basic {PAIR}"))
}

#[tokio::test]
async fn the_vendor_s_form_written_by_hand_is_accepted() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let request = bearer().json(&json!({ "grant_type": "client_credentials" }));
    assert_eq!(request.send(sandbox.url(Host::Communic8)).await, 200);
    assert_eq!(sandbox.refusals(), []);
}

#[tokio::test]
async fn the_vendor_s_form_sent_by_the_client_is_accepted() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let client = in_sandbox(&sandbox).build().expect("a client");
    channels(&client).await.expect("channels");
    let client = Client::builder(sandbox.url(Host::Communic8))
        .static_token(credentials::COMMUNIC8_TOKEN)
        .build()
        .expect("a client");
    channels(&client).await.expect("channels");
    assert_eq!(sandbox.refusals(), []);
    assert_eq!(sandbox.requests().len(), 3);
}

#[tokio::test]
async fn the_standard_s_form_is_refused_with_a_reason() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let origin = sandbox.url(Host::Communic8);
    let grant = json!({ "grant_type": "client_credentials" });
    let form = "grant_type=client_credentials";
    let with_client = |mut body: serde_json::Value| {
        body["client_id"] = credentials::COMMUNIC8_TOKEN_ID.into();
        body["client_secret"] = credentials::COMMUNIC8_TOKEN.into();
        body
    };
    let cases = [
        ("RFC 6749 section 4.4.2", basic().form(form), "json"),
        ("a form behind Bearer", bearer().form(form), "json"),
        ("JSON behind Basic", basic().json(&grant), "Bearer"),
        (
            "the client in the body",
            token().json(&with_client(grant.clone())),
            "client_id",
        ),
        (
            "the client in header and body",
            bearer().json(&with_client(grant.clone())),
            "client_id",
        ),
        (
            "a scope",
            bearer().json(&json!({ "grant_type": "client_credentials", "scope": "all" })),
            "scope",
        ),
        (
            "a refresh",
            bearer().json(&json!({ "grant_type": "refresh_token", "refresh_token": "r" })),
            "grant_type",
        ),
        (
            "the static token instead of the pair",
            token()
                .header(
                    "authorization",
                    format!("Bearer {}", credentials::COMMUNIC8_TOKEN),
                )
                .json(&grant),
            "Base64",
        ),
    ];
    for (number, (what, request, word)) in cases.iter().enumerate() {
        let status = request.send(origin).await;
        assert!(matches!(status, 400 | 401), "{what}: {status}");
        let refusals = sandbox.refusals();
        assert_eq!(refusals.len(), number + 1, "{what} is not listed");
        let reason = &refusals[number].reason;
        assert!(reason.contains(word), "{what}: {reason}");
    }
}

#[tokio::test]
async fn a_call_with_basic_or_a_cookie_is_refused() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let origin = sandbox.url(Host::Communic8);
    let static_token = format!("Bearer {}", credentials::COMMUNIC8_TOKEN);
    let call = || Raw::new("GET", CHANNELS);
    let good = call().header("authorization", static_token.as_str());
    assert_eq!(good.send(origin).await, 200);
    for (number, request) in [
        call().header("authorization", format!("Basic {PAIR}")),
        call().header("authorization", credentials::COMMUNIC8_TOKEN),
        call().header("access_token", credentials::COMMUNIC8_TOKEN),
        good.clone().header("cookie", "a=b"),
    ]
    .iter()
    .enumerate()
    {
        assert!(
            matches!(request.send(origin).await, 400 | 401),
            "{request:?}"
        );
        assert_eq!(sandbox.refusals().len(), number + 1, "{request:?}");
    }
}

#[tokio::test]
async fn wrong_credentials_are_refused_and_told_with_the_hint() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let client = Client::builder(sandbox.url(Host::Communic8))
        .client_credentials(credentials::COMMUNIC8_TOKEN_ID, "wrong-value")
        .build()
        .expect("a client");
    let error = channels(&client).await.expect_err("a refusal");
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(error.to_string().contains("Communic8 support"), "{error}");
    assert_eq!(
        error.provider_message(),
        Some("wrong token ID or token value")
    );
    assert_eq!(sandbox.refusals().len(), 1);
}
