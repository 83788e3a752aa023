//! Shows that the sign-in tells no secret, whatever fails on the way.

use canary::Shown;
use {{name}}::Method;
use vendor_sandbox::Sandbox;

use crate::fixture::{PROBE, in_sandbox};

#[tokio::test]
async fn no_secret_is_shown_whatever_fails() {
    for fault in walk::faults() {
        let shown = Shown::new();
        let guard = shown.listen();
        let sandbox = Sandbox::start().await.expect("a sandbox");
        let builder = in_sandbox(&sandbox).await.settings(walk::impatient());
        shown.debug(&builder);
        let client = builder.build().expect("a client");
        shown.debug(&client);
        let call = || client.request(Method::GET, PROBE);
        walk::live(&shown, &sandbox, fault.as_ref(), client.session(), call).await;
        drop(guard);
        walk::assert_keeps_secrets(&shown, &sandbox, &fault);
    }
}
