//! Describes the sign-ins of Comm100: four dialects, ten ways in.

use anyhow::Result;
use comm100::{
    Call, Client, ClientBuilder, Method, OAuthClient, PendingAuthorization, Platform, Session,
};
use vendor_sandbox::{Host, Implicit, Sandbox, credentials as known};

use crate::journey::{self, Renewal, SignIn, opened};

const DASH_CAMPAIGNS: &str = "/v4/livechat/campaigns";
const HOSTED_CAMPAIGNS: &str = "/api/v2/livechat/campaigns";

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
    let sign_in = |name, path, renewal, open| SignIn {
        vendor: "Comm100",
        name,
        path,
        renewal,
        open,
    };
    vec![
        sign_in(
            "DASH_V4 authorization code",
            DASH_CAMPAIGNS,
            Renewal::Repeatable,
            |sandbox| {
                Box::pin(with_code(
                    sandbox,
                    dash(sandbox).oauth_client(public_client()),
                ))
            },
        ),
        sign_in(
            "DASH_V4 password",
            DASH_CAMPAIGNS,
            Renewal::Repeatable,
            |sandbox| {
                let client = dash(sandbox).oauth_client(public_client());
                let client = client.password(known::COMM100_EMAIL, known::COMM100_PASSWORD);
                Box::pin(async { opened(client.build()) })
            },
        ),
        sign_in(
            "DASH_V4 API key",
            DASH_CAMPAIGNS,
            Renewal::NeverDue,
            |sandbox| {
                let client = dash(sandbox).api_key(known::COMM100_EMAIL, known::COMM100_API_KEY);
                Box::pin(async { opened(client.build()) })
            },
        ),
        sign_in(
            "HOSTED_V2 authorization code",
            HOSTED_CAMPAIGNS,
            Renewal::Repeatable,
            |sandbox| Box::pin(with_code(sandbox, hosted(sandbox))),
        ),
        sign_in(
            "HOSTED_V2 implicit",
            HOSTED_CAMPAIGNS,
            Renewal::NeedsPerson,
            |sandbox| Box::pin(with_token_from_browser(sandbox)),
        ),
        sign_in(
            "HOSTED_V2 password",
            HOSTED_CAMPAIGNS,
            Renewal::Repeatable,
            |sandbox| {
                let client = Client::builder(Platform::V2(url(sandbox, Host::Comm100Hosted)));
                let client = client.password(known::COMM100_EMAIL, known::COMM100_PASSWORD);
                Box::pin(async { opened(client.build()) })
            },
        ),
        sign_in(
            "HOSTED_V2 client credentials",
            HOSTED_CAMPAIGNS,
            Renewal::Repeatable,
            |sandbox| {
                let client = hosted(sandbox).client_credentials();
                Box::pin(async { opened(client.build()) })
            },
        ),
        sign_in(
            "HOSTED_V2 API key",
            HOSTED_CAMPAIGNS,
            Renewal::NeverDue,
            |sandbox| {
                let client = Client::builder(Platform::V2(url(sandbox, Host::Comm100Hosted)));
                let client = client.api_key(known::COMM100_EMAIL, known::COMM100_API_KEY);
                Box::pin(async { opened(client.build()) })
            },
        ),
        sign_in(
            "PARTNER_V2 password",
            "/api/v2/partner/sites",
            Renewal::Repeatable,
            |sandbox| {
                let client =
                    Client::builder(Platform::PartnerV2(url(sandbox, Host::Comm100Hosted)));
                let client = as_partner(client);
                Box::pin(async { opened(client.build()) })
            },
        ),
        sign_in(
            "PARTNER_V4 password",
            "/v4/global/sites",
            Renewal::Repeatable,
            |sandbox| {
                let client = Client::builder(Platform::PartnerV4)
                    .token_base(sandbox.url(Host::Comm100PartnerPanel))
                    .api_base(sandbox.url(Host::Comm100PartnerApi))
                    .partner_id(known::COMM100_PARTNER_ID)
                    .oauth_client(OAuthClient::new(known::COMM100_PARTNER_CLIENT_ID));
                let client = as_partner(client);
                Box::pin(async { opened(client.build()) })
            },
        ),
    ]
}

fn url(sandbox: &Sandbox, host: Host) -> String {
    sandbox.url(host).to_owned()
}

/// A v4 account; which dash platform it is makes no difference to the sandbox.
fn dash(sandbox: &Sandbox) -> ClientBuilder {
    Client::builder(Platform::Dash11)
        .token_base(sandbox.url(Host::Comm100DashPanel))
        .api_base(sandbox.url(Host::Comm100DashApi))
        .site_id(known::COMM100_SITE_ID)
}

/// A v2 account, for the grants in which the application proves itself.
fn hosted(sandbox: &Sandbox) -> ClientBuilder {
    Client::builder(Platform::V2(url(sandbox, Host::Comm100Hosted)))
        .site_id(known::COMM100_SITE_ID)
        .oauth_client(public_client().secret(known::COMM100_CLIENT_SECRET))
}

/// The application without its secret.
fn public_client() -> OAuthClient {
    OAuthClient::new(known::COMM100_CLIENT_ID).redirect_uri(known::COMM100_REDIRECT_URI)
}

fn as_partner(client: ClientBuilder) -> ClientBuilder {
    client.password(
        known::COMM100_PARTNER_EMAIL,
        known::COMM100_PARTNER_PASSWORD,
    )
}

/// Sends the sandbox's person to the consent page and takes the code out of the callback.
async fn with_code(sandbox: &Sandbox, client: ClientBuilder) -> Result<journey::SharedClient> {
    let (url, pending) = client.authorization_request()?.start()?;
    // A web application keeps the pending sign-in while the person is away, and reads it back for the callback.
    let kept = pending.export();
    let callback = sandbox.approve(url.as_str()).await?;
    let code = PendingAuthorization::import(kept.expose())?.check(&callback)?;
    opened(client.authorization_code(code).build())
}

/// The same with the token itself in the callback's fragment, as RFC 6749 section 4.2.2 has it.
async fn with_token_from_browser(sandbox: &Sandbox) -> Result<journey::SharedClient> {
    sandbox.set_implicit_answer(Implicit::Fragment);
    let client = Client::builder(Platform::V2(url(sandbox, Host::Comm100Hosted)))
        .site_id(known::COMM100_SITE_ID)
        .oauth_client(public_client());
    let (url, pending) = client.implicit_authorization_request()?.start()?;
    let callback = sandbox.approve(url.as_str()).await?;
    let tokens = pending.check_implicit(&callback)?;
    opened(client.implicit_tokens(tokens).build())
}
