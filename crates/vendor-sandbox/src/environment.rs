//! Lays the sandbox's addresses and accounts out as the environment variables that the clients read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::credentials as known;
use crate::host::Host;
use crate::sandbox::Sandbox;

/// One sign-in that a client can be set up for by environment variables alone.
///
/// A code and an implicit sign-in need a person and are not among them.
///
/// ```
/// use vendor_sandbox::Setup;
///
/// let communic8 = Setup::ALL.iter().filter(|setup| setup.title().starts_with("Communic8"));
/// assert_eq!(communic8.count(), 2);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Setup {
    /// Comm100 v4 with an agent's API key.
    Comm100DashApiKey,
    /// Comm100 v4 with an agent's password; the crate `comm100` needs its feature `password-grant`.
    Comm100DashPassword,
    /// Comm100 v2 with client credentials.
    Comm100HostedClientCredentials,
    /// The Comm100 v4 partner platform; the crate `comm100` needs its feature `partner`.
    Comm100Partner,
    /// Communic8 with the static token.
    Communic8StaticToken,
    /// Communic8 with client credentials.
    Communic8ClientCredentials,
    /// WebCommander with client credentials, its only sign-in.
    WebCommander,
}

impl Setup {
    /// Every setup, vendor by vendor, each vendor's usual one first.
    pub const ALL: [Self; 7] = [
        Self::Comm100DashApiKey,
        Self::Comm100DashPassword,
        Self::Comm100HostedClientCredentials,
        Self::Comm100Partner,
        Self::Communic8StaticToken,
        Self::Communic8ClientCredentials,
        Self::WebCommander,
    ];

    /// A heading for people, for example `Comm100 v4, API key`; letters, digits, commas, hyphens and spaces only.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Comm100DashApiKey => "Comm100 v4, API key",
            Self::Comm100DashPassword => "Comm100 v4, password, with the feature password-grant",
            Self::Comm100HostedClientCredentials => "Comm100 v2, client credentials",
            Self::Comm100Partner => "Comm100 v4 for partners, with the feature partner",
            Self::Communic8StaticToken => "Communic8, static token",
            Self::Communic8ClientCredentials => "Communic8, client credentials",
            Self::WebCommander => "WebCommander",
        }
    }
}

impl Sandbox {
    /// The variables that set a client up for this sandbox, by the names that the clients' `from_env` and
    /// `from_lookup` read, without any that the sign-in does not need.
    ///
    /// ```
    /// use std::collections::HashMap;
    /// use vendor_sandbox::{Host, Sandbox, Setup};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let sandbox = Sandbox::start().await?;
    /// let variables: HashMap<_, _> = sandbox.environment(Setup::WebCommander).into_iter().collect();
    /// // A client takes this closure: `ClientBuilder::from_lookup(lookup)?.build()?`.
    /// let lookup = |name: &str| variables.get(name).cloned();
    /// assert_eq!(lookup("WC_BASE_URL").as_deref(), Some(sandbox.url(Host::WebCommander)));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn environment(&self, setup: Setup) -> Vec<(&'static str, String)> {
        let url = |name, host| (name, self.url(host).to_owned());
        match setup {
            Setup::Comm100DashApiKey => vec![
                text("COMM100_PLATFORM", DASH),
                url("COMM100_TOKEN_BASE", Host::Comm100DashPanel),
                url("COMM100_API_BASE", Host::Comm100DashApi),
                ("COMM100_SITE_ID", known::COMM100_SITE_ID.to_string()),
                text("COMM100_EMAIL", known::COMM100_EMAIL),
                text("COMM100_API_KEY", known::COMM100_API_KEY),
            ],
            Setup::Comm100DashPassword => vec![
                text("COMM100_PLATFORM", DASH),
                url("COMM100_TOKEN_BASE", Host::Comm100DashPanel),
                url("COMM100_API_BASE", Host::Comm100DashApi),
                text("COMM100_CLIENT_ID", known::COMM100_CLIENT_ID),
                text("COMM100_EMAIL", known::COMM100_EMAIL),
                text("COMM100_PASSWORD", known::COMM100_PASSWORD),
            ],
            Setup::Comm100HostedClientCredentials => vec![
                url("COMM100_PLATFORM", Host::Comm100Hosted),
                ("COMM100_SITE_ID", known::COMM100_SITE_ID.to_string()),
                text("COMM100_CLIENT_ID", known::COMM100_CLIENT_ID),
                text("COMM100_CLIENT_SECRET", known::COMM100_CLIENT_SECRET),
                text("COMM100_REDIRECT_URI", known::COMM100_REDIRECT_URI),
            ],
            Setup::Comm100Partner => vec![
                text("COMM100_PLATFORM", PARTNER),
                url("COMM100_TOKEN_BASE", Host::Comm100PartnerPanel),
                url("COMM100_API_BASE", Host::Comm100PartnerApi),
                ("COMM100_PARTNER_ID", known::COMM100_PARTNER_ID.to_string()),
                text("COMM100_CLIENT_ID", known::COMM100_PARTNER_CLIENT_ID),
                text("COMM100_EMAIL", known::COMM100_PARTNER_EMAIL),
                text("COMM100_PASSWORD", known::COMM100_PARTNER_PASSWORD),
            ],
            Setup::Communic8StaticToken => vec![
                url("COMMUNIC8_BASE_URL", Host::Communic8),
                text("COMMUNIC8_TOKEN_VALUE", known::COMMUNIC8_TOKEN),
            ],
            Setup::Communic8ClientCredentials => vec![
                url("COMMUNIC8_BASE_URL", Host::Communic8),
                text("COMMUNIC8_TOKEN_VALUE", known::COMMUNIC8_TOKEN),
                text("COMMUNIC8_TOKEN_ID", known::COMMUNIC8_TOKEN_ID),
            ],
            Setup::WebCommander => {
                let (username, password) =
                    (known::WEBCOMMANDER_USERNAME, known::WEBCOMMANDER_PASSWORD);
                let auth_string = STANDARD.encode(format!("{username}:{password}"));
                vec![
                    url("WC_BASE_URL", Host::WebCommander),
                    text("WC_CLIENT_ID", known::WEBCOMMANDER_CLIENT_ID),
                    text("WC_CLIENT_SECRET", known::WEBCOMMANDER_CLIENT_SECRET),
                    text("WC_REDIRECT_URI", known::WEBCOMMANDER_REDIRECT_URI),
                    ("WC_AUTH_STRING", auth_string),
                ]
            }
        }
    }
}

/// Tells the client its platform; token and API base stand beside it, so nothing is sent there.
const DASH: &str = "https://dash11.comm100.io";
/// The same for partners.
const PARTNER: &str = "https://partner.comm100.io";

fn text(name: &'static str, value: &str) -> (&'static str, String) {
    (name, value.to_owned())
}
