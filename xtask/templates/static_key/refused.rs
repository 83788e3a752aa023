//! Shows that the sandbox takes the key where the vendor does, and nowhere else.

use {{name}}::{Client, ErrorKind};
use vendor_sandbox::{Host, Sandbox, credentials};

use crate::fixture::{PROBE, in_sandbox, probe};
use crate::raw::Raw;

#[tokio::test]
async fn the_vendor_s_form_is_accepted_written_by_hand_and_sent_by_the_client() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let request = {{raw_good}};
    assert_eq!(request.send(sandbox.url(Host::{{Title}})).await, 200);
    let client = in_sandbox(&sandbox).await.build().expect("a client");
    probe(&client).await.expect("an answer");
    assert_eq!(sandbox.refusals(), []);
    assert_eq!(sandbox.requests().len(), 2);
}

#[tokio::test]
async fn every_other_form_is_refused() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let origin = sandbox.url(Host::{{Title}});
    let call = || Raw::new("GET", PROBE);
    let key = credentials::{{NAME}}_API_KEY;
    for (number, request) in [
        call(),
        call().header("authorization", key),
        call().header("authorization", "Bearer unknown"),
        call().header("authorization", "Basic dTpw"),
        call().header("other-header", key),
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
async fn a_wrong_key_is_refused() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let builder = Client::builder(sandbox.url(Host::{{Title}})).api_key("wrong");
    let error = probe(&builder.build().expect("a client")).await.expect_err("a refusal");
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert_eq!(sandbox.refusals().len(), 1);
}
