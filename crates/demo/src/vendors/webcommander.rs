//! Describes the sign-ins of WebCommander: one grant, and three headers that stores want its token in.

use vendor_sandbox::{Host, Sandbox, TokenHeader as Wanted, credentials as known};
use webcommander::{Call, Client, Method, Session, TokenHeader};

use crate::journey::{self, Opening, Renewal, SignIn, opened};

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
    let sign_in = |name, open| SignIn {
        vendor: "WebCommander",
        name,
        path: "/api/v4/admin/customers",
        renewal: Renewal::Repeatable,
        open,
    };
    vec![
        sign_in("client credentials", |sandbox| {
            store(sandbox, Wanted::AccessToken, TokenHeader::AccessToken)
        }),
        sign_in("client credentials, Bearer header", |sandbox| {
            store(
                sandbox,
                Wanted::AuthorizationBearer,
                TokenHeader::AuthorizationBearer,
            )
        }),
        sign_in("client credentials, bare header", |sandbox| {
            store(
                sandbox,
                Wanted::AuthorizationRaw,
                TokenHeader::AuthorizationRaw,
            )
        }),
    ]
}

/// A client that sends its token in the header `sent`, and a store that takes it in no header but `wanted`.
fn store(sandbox: &Sandbox, wanted: Wanted, sent: TokenHeader) -> Opening<'_> {
    sandbox.set_webcommander_token_header(wanted);
    let client = Client::builder(sandbox.url(Host::WebCommander))
        .application(
            known::WEBCOMMANDER_CLIENT_ID,
            known::WEBCOMMANDER_CLIENT_SECRET,
            known::WEBCOMMANDER_REDIRECT_URI,
        )
        .user(known::WEBCOMMANDER_USERNAME, known::WEBCOMMANDER_PASSWORD)
        .token_header(sent);
    Box::pin(async { opened(client.build()) })
}
