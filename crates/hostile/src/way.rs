//! Who signs in how: every vendor and grant, with secrets planted in each place that has one.

use std::time::SystemTime;

use auth_core::{AuthorizationCode, Call, Error, Method, Settings, TokenSet};
use comm100::{OAuthClient, Platform};

use crate::case::Column;

pub(crate) const CLIENT_ID: &str = "hostile-application";
pub(crate) const CLIENT_SECRET: &str = "canary/client+secret=1";
pub(crate) const PASSWORD: &str = "canary&pass\"wörd/1+";
pub(crate) const API_KEY: &str = "canary-api%key<1>~";
pub(crate) const STATIC_TOKEN: &str = "canary-static/token+1==";
pub(crate) const CODE: &str = "canary+code/1&x";
pub(crate) const STORED_ACCESS: &str = "canary-stored-access/1";
pub(crate) const STORED_REFRESH: &str = "canary-stored-refresh/1";
/// What tokens of the server begin with.
pub(crate) const ISSUED_ACCESS: &str = "canary-issued-access-token-";
pub(crate) const ISSUED_REFRESH: &str = "canary-issued-refresh-token-";

/// What stands in addresses where no secret belongs.
pub(crate) const ADDRESS_SECRETS: [&str; 2] = ["canary-name-in-address", "canary-pass-in-address"];

const EMAIL: &str = "agent@example.com";
const REDIRECT: &str = "https://app.example.com/callback";

/// A vendor's way to sign in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Way {
    DashCode,
    DashKey,
    DashPassword,
    DashRefresh,
    HostedCode,
    HostedKey,
    HostedMachine,
    HostedPassword,
    HostedRefresh,
    PartnerV2,
    PartnerV4,
    Communic8Static,
    Communic8Machine,
    WebCommander,
    WebCommanderRefresh,
}

/// A client of any vendor.
pub(crate) enum Client {
    Comm100(comm100::Client),
    Communic8(communic8::Client),
    WebCommander(webcommander::Client),
}

impl Client {
    pub(crate) fn request(&self, method: Method, path: &str) -> Call<'_> {
        match self {
            Self::Comm100(client) => client.request(method, path),
            Self::Communic8(client) => client.request(method, path),
            Self::WebCommander(client) => client.request(method, path),
        }
    }

    pub(crate) async fn sign_in(&self) -> Result<(), Error> {
        match self {
            Self::Comm100(client) => client.sign_in().await,
            Self::Communic8(client) => client.sign_in().await,
            Self::WebCommander(client) => client.sign_in().await,
        }
    }
}

impl Way {
    pub(crate) const ALL: [Self; 15] = [
        Self::DashCode,
        Self::DashKey,
        Self::DashPassword,
        Self::DashRefresh,
        Self::HostedCode,
        Self::HostedKey,
        Self::HostedMachine,
        Self::HostedPassword,
        Self::HostedRefresh,
        Self::PartnerV2,
        Self::PartnerV4,
        Self::Communic8Static,
        Self::Communic8Machine,
        Self::WebCommander,
        Self::WebCommanderRefresh,
    ];

    /// Its name on the page.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::DashCode => "Comm100 v4 code",
            Self::DashKey => "Comm100 v4 API key",
            Self::DashPassword => "Comm100 v4 password",
            Self::DashRefresh => "Comm100 v4 refresh",
            Self::HostedCode => "Comm100 v2 code",
            Self::HostedKey => "Comm100 v2 API key",
            Self::HostedMachine => "Comm100 v2 client credentials",
            Self::HostedPassword => "Comm100 v2 password",
            Self::HostedRefresh => "Comm100 v2 refresh",
            Self::PartnerV2 => "Comm100 partner v2 password",
            Self::PartnerV4 => "Comm100 partner v4 password",
            Self::Communic8Static => "Communic8 static token",
            Self::Communic8Machine => "Communic8 client credentials",
            Self::WebCommander => "WebCommander client credentials",
            Self::WebCommanderRefresh => "WebCommander refresh",
        }
    }

    /// In which column its token request stands; `None` where there is none.
    pub(crate) fn token_column(self) -> Option<Column> {
        match self {
            Self::DashKey | Self::HostedKey | Self::Communic8Static => None,
            Self::DashCode | Self::HostedCode => Some(Column::Code),
            Self::DashRefresh => Some(Column::Person),
            Self::HostedRefresh => Some(Column::Guess),
            Self::WebCommanderRefresh => Some(Column::Store),
            _ => Some(Column::First),
        }
    }

    /// What this way holds and nobody may see.
    pub(crate) fn secrets(self) -> Vec<&'static str> {
        let mut secrets = match self {
            Self::DashCode | Self::HostedCode => vec![CODE, CLIENT_SECRET],
            Self::DashKey | Self::HostedKey => vec![API_KEY],
            Self::DashRefresh => vec![CLIENT_SECRET],
            Self::DashPassword | Self::HostedPassword | Self::PartnerV2 | Self::PartnerV4 => {
                vec![PASSWORD]
            }
            Self::HostedMachine | Self::HostedRefresh | Self::Communic8Machine => {
                vec![CLIENT_SECRET]
            }
            Self::Communic8Static => vec![STATIC_TOKEN],
            Self::WebCommander | Self::WebCommanderRefresh => vec![CLIENT_SECRET, PASSWORD],
        };
        if matches!(
            self.token_column(),
            Some(Column::Person | Column::Guess | Column::Store)
        ) {
            secrets.extend([STORED_ACCESS, STORED_REFRESH]);
        }
        secrets
    }

    /// A path that it may call.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Communic8Static | Self::Communic8Machine => "/int/v1/things",
            Self::WebCommander | Self::WebCommanderRefresh => "/api/v4/things",
            Self::DashCode
            | Self::DashKey
            | Self::DashPassword
            | Self::DashRefresh
            | Self::PartnerV4 => "/v4/things",
            _ => "/api/v2/things",
        }
    }

    /// A client of it whose hosts are all at `base`.
    pub(crate) fn client(self, base: &str, settings: Settings) -> Result<Client, Error> {
        match self {
            Self::Communic8Static => communic8::Client::builder(base)
                .static_token(STATIC_TOKEN)
                .settings(settings)
                .build()
                .map(Client::Communic8),
            Self::Communic8Machine => communic8::Client::builder(base)
                .client_credentials(CLIENT_ID, CLIENT_SECRET)
                .settings(settings)
                .build()
                .map(Client::Communic8),
            Self::WebCommander | Self::WebCommanderRefresh => {
                let mut builder = webcommander::Client::builder(base)
                    .application(CLIENT_ID, CLIENT_SECRET, REDIRECT)
                    .user(EMAIL, PASSWORD)
                    .settings(settings);
                if self == Self::WebCommanderRefresh {
                    builder = builder.tokens(ended()?);
                }
                builder.build().map(Client::WebCommander)
            }
            _ => self.comm100(base, settings)?.build().map(Client::Comm100),
        }
    }

    fn comm100(self, base: &str, settings: Settings) -> Result<comm100::ClientBuilder, Error> {
        let platform = match self {
            Self::DashCode | Self::DashKey | Self::DashPassword | Self::DashRefresh => {
                Platform::Dash11
            }
            Self::PartnerV2 => Platform::PartnerV2(base.to_owned()),
            Self::PartnerV4 => Platform::PartnerV4,
            _ => Platform::v2(base),
        };
        let application = OAuthClient::new(CLIENT_ID).redirect_uri(REDIRECT);
        let application = match self {
            Self::DashCode => application.secret(CLIENT_SECRET).secret_with_code(),
            Self::DashRefresh | Self::HostedCode | Self::HostedMachine | Self::HostedRefresh => {
                application.secret(CLIENT_SECRET)
            }
            _ => application,
        };
        let builder = comm100::Client::builder(platform)
            .token_base(base)
            .api_base(base)
            .site_id(10000)
            .partner_id(7)
            .oauth_client(application)
            .settings(settings);
        Ok(match self {
            Self::DashKey | Self::HostedKey => builder.api_key(EMAIL, API_KEY),
            Self::DashRefresh => builder.tokens(ended()?),
            Self::HostedRefresh => builder.client_credentials().tokens(ended()?),
            Self::HostedMachine => builder.client_credentials(),
            Self::DashCode | Self::HostedCode => {
                let code = approved(&builder)?;
                builder.authorization_code(code)
            }
            _ => builder.password(EMAIL, PASSWORD),
        })
    }
}

/// The code of a person who approved.
fn approved(builder: &comm100::ClientBuilder) -> Result<AuthorizationCode, Error> {
    let (url, pending) = builder.authorization_request()?.start()?;
    let state = url.query_pairs().find(|(name, _)| name == "state");
    let (_, state) = state.expect("a page with a state");
    pending.check(&format!(
        "{REDIRECT}?code=canary%2Bcode%2F1%26x&state={state}"
    ))
}

/// Tokens of an earlier sign-in, whose access token has ended.
fn ended() -> Result<TokenSet, Error> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.expect("it is later than 1970").as_millis();
    TokenSet::import(
        &serde_json::json!({
            "version": 1,
            "access_token": STORED_ACCESS,
            "refresh_token": STORED_REFRESH,
            "expires_at_ms": u64::try_from(now).expect("it is not that late") - 3_600_000,
        })
        .to_string(),
    )
}
