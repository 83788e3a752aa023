//! Shows that no way to sign in tells a secret, whatever fails on the way.

use canary::Shown;
use comm100::Method;
use vendor_sandbox::Sandbox;

use crate::way::{Way, ok, with_key};

#[tokio::test]
async fn no_secret_is_shown_by_any_way_whatever_fails() {
    for &way in Way::ALL {
        for fault in walk::faults() {
            let shown = Shown::new();
            let guard = shown.listen();
            let sandbox = ok(Sandbox::start().await);
            let builder = way.signed_in(&sandbox).await.settings(walk::impatient());
            shown.debug(&builder);
            let client = ok(builder.build());
            shown.debug(&client);
            let call = || client.request(Method::GET, way.path());
            walk::live(&shown, &sandbox, fault.as_ref(), client.session(), call).await;
            walk::diagnosis(&shown, &client.diagnose().await);
            drop(guard);
            walk::assert_keeps_secrets(&shown, &sandbox, &(way, fault));
        }
    }
}

#[tokio::test]
async fn no_api_key_is_shown_whatever_fails() {
    for fault in walk::faults() {
        let shown = Shown::new();
        let guard = shown.listen();
        let sandbox = ok(Sandbox::start().await);
        let builder = with_key(&sandbox).settings(walk::impatient());
        shown.debug(&builder);
        let client = ok(builder.build());
        shown.debug(&client);
        let call = || client.request(Method::GET, Way::DashCode.path());
        walk::live(&shown, &sandbox, fault.as_ref(), client.session(), call).await;
        walk::diagnosis(&shown, &client.diagnose().await);
        drop(guard);
        walk::assert_keeps_secrets(&shown, &sandbox, &fault);
    }
}

#[tokio::test]
async fn no_secret_of_a_sign_in_page_is_shown() {
    for way in [Way::DashCode, Way::HostedCode] {
        let shown = Shown::new();
        let guard = shown.listen();
        let sandbox = ok(Sandbox::start().await);
        let builder = way.platform(&sandbox);
        let request = ok(builder.authorization_request());
        shown.debug(&request);
        let (url, pending) = ok(request.start());
        shown.debug(&pending);
        let denied = ok(sandbox.deny(url.as_str()).await);
        shown.debug(&pending.clone().check(&denied));
        let (url, pending) = ok(request.start());
        let callback = ok(sandbox.approve(url.as_str()).await);
        shown.debug(
            &pending
                .clone()
                .check(&callback.replace("state=", "state=x")),
        );
        let code = ok(pending.check(&callback));
        shown.debug(&code);
        let client = ok(builder.authorization_code(code).build());
        ok(client.sign_in().await);
        drop(guard);
        walk::assert_keeps_secrets(&shown, &sandbox, &way);
    }
}
