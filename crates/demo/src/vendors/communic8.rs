//! Describes the sign-ins of Communic8: the static token, and the exchange that support switches on.

use communic8::{Call, Client, Method, Session};
use vendor_sandbox::{Communic8SignIn, Host, credentials as known};

use crate::journey::{self, Renewal, SignIn, opened};

const CHANNELS: &str = "/int/v1/channel";

impl journey::Client for Client {
    fn get(&self, path: &str) -> Call<'_> {
        self.request(Method::GET, path)
    }

    fn session(&self) -> &Session {
        self.session()
    }
}

/// Every sign-in that the crate offers.
pub(super) fn sign_ins() -> Vec<SignIn> {
    vec![
        SignIn {
            vendor: "Communic8",
            name: "static token",
            path: CHANNELS,
            renewal: Renewal::NeverDue,
            open: |sandbox| {
                sandbox.set_communic8_sign_in(Communic8SignIn::StaticToken);
                let client = Client::builder(sandbox.url(Host::Communic8))
                    .static_token(known::COMMUNIC8_TOKEN);
                Box::pin(async { opened(client.build()) })
            },
        },
        SignIn {
            vendor: "Communic8",
            name: "client credentials",
            path: CHANNELS,
            renewal: Renewal::Repeatable,
            open: |sandbox| {
                sandbox.set_communic8_sign_in(Communic8SignIn::OAuth);
                let client = Client::builder(sandbox.url(Host::Communic8))
                    .client_credentials(known::COMMUNIC8_TOKEN_ID, known::COMMUNIC8_TOKEN);
                Box::pin(async { opened(client.build()) })
            },
        },
    ]
}
