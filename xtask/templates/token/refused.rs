//! Shows that the sandbox takes the vendor's form, ours and written by hand, and refuses every other.

{{refused_uses}}
use serde_json::Value;
use vendor_sandbox::{Host, Sandbox};

use crate::fixture::{PROBE, TOKEN_PATH, in_sandbox, probe};
use crate::raw::Raw;

/// The sandbox's client as a form has it, and its id alone.
const CLIENT: &str = "client_id=sandbox-client&client_secret=fake%2Bclient%2Fsecret%3A50%25%26x%3D%C3%BC";
const ID: &str = "client_id=sandbox-client";
/// Its pair in Base64, form-encoded first and as it is: written out, so that neither comes from the code under test.
const BASIC: &str =
    "c2FuZGJveC1jbGllbnQ6ZmFrZSUyQmNsaWVudCUyRnNlY3JldCUzQTUwJTI1JTI2eCUzRCVDMyVCQw==";
const BEARER: &str = "c2FuZGJveC1jbGllbnQ6ZmFrZStjbGllbnQvc2VjcmV0OjUwJSZ4PcO8";

fn token() -> Raw {
    Raw::new("POST", TOKEN_PATH)
}

fn basic() -> Raw {
    token().header("authorization", format!("Basic {BASIC}"))
}

fn bearer() -> Raw {
    token().header("authorization", format!("Bearer {BEARER}"))
}

/// The parameters of a form as members of an object.
fn members(form: &str) -> Value {
    let url: Url = format!("http://localhost/?{form}").parse().expect("a form");
    let pairs = url.query_pairs().into_owned();
    pairs.collect()
}

#[tokio::test]
async fn the_vendor_s_form_written_by_hand_is_accepted() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let origin = sandbox.url(Host::{{Title}});
    {{raw_begin}}
    let request = {{raw_good}};
    assert_eq!(request.send(origin).await, 200);
    assert_eq!(sandbox.refusals(), []);
}

#[tokio::test]
async fn the_vendor_s_form_sent_by_the_client_is_accepted() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let client = in_sandbox(&sandbox).await.build().expect("a client");
    probe(&client).await.expect("an answer");
    assert_eq!(sandbox.refusals(), []);
    assert_eq!(sandbox.token_requests(Host::{{Title}}), 1);
}

#[tokio::test]
async fn every_other_form_is_refused() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let origin = sandbox.url(Host::{{Title}});
    {{raw_begin}}
    let cases = [{{raw_bad}}];
    for (number, (what, request)) in cases.iter().enumerate() {
        let status = request.send(origin).await;
        assert!(matches!(status, 400 | 401), "{what}: {status}");
        assert_eq!(sandbox.refusals().len(), number + 1, "{what} is not listed");
    }
}

#[tokio::test]
async fn a_call_without_a_token_of_ours_is_refused() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let origin = sandbox.url(Host::{{Title}});
    let call = || Raw::new("GET", PROBE);
    for (number, request) in [
        call(),
        call().header("authorization", "Bearer unknown"),
        call().header("authorization", "Basic dTpw"),
        call().header("access-token", "unknown"),
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

{{raw_last}}
