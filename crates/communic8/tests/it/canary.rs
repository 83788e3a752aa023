//! Shows that neither sign-in tells a secret, whatever fails on the way.

use canary::Shown;
use communic8::{Client, Method};
use vendor_sandbox::{Host, Sandbox, credentials};

use crate::client::{CHANNELS, in_sandbox};

#[tokio::test]
async fn no_secret_is_shown_by_either_sign_in_whatever_fails() {
    for is_static in [true, false] {
        for fault in walk::faults() {
            let shown = Shown::new();
            let guard = shown.listen();
            let sandbox = Sandbox::start().await.expect("a sandbox");
            let builder = match is_static {
                true => Client::builder(sandbox.url(Host::Communic8))
                    .static_token(credentials::COMMUNIC8_TOKEN),
                false => in_sandbox(&sandbox),
            };
            let builder = builder.settings(walk::impatient());
            shown.debug(&builder);
            let client = builder.build().expect("a client");
            shown.debug(&client);
            let call = || client.request(Method::GET, CHANNELS);
            walk::live(&shown, &sandbox, fault.as_ref(), client.session(), call).await;
            walk::diagnosis(&shown, &client.diagnose().await);
            drop(guard);
            walk::assert_keeps_secrets(&shown, &sandbox, &(is_static, fault));
        }
    }
}
