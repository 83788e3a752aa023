//! Names the origins that the sandbox plays and the kinds of endpoint on them.

/// One origin of one vendor; each has a listener of its own.
///
/// ```
/// use vendor_sandbox::{Host, Sandbox};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let sandbox = Sandbox::start().await?;
/// for host in Host::ALL {
///     println!("{:<22} {}", host.name(), sandbox.url(host));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Host {
    /// Comm100 v4, where people sign in and tokens are issued (`dashNN.comm100.io`).
    Comm100DashPanel,
    /// Comm100 v4, where the API answers (`apiNN.comm100.io`).
    Comm100DashApi,
    /// Comm100 v2: control panel, API and the old partner API on one host (`hosted.comm100.com`).
    Comm100Hosted,
    /// Comm100 partners, v4: tokens and userinfo (`partner.comm100.io`).
    Comm100PartnerPanel,
    /// Comm100 partners, v4: the API (`partnerapi.comm100.io`).
    Comm100PartnerApi,
    /// A Communic8 instance.
    Communic8,
    /// A WebCommander store.
    WebCommander,
}

impl Host {
    /// Every host, in the order of their ports when the ports are fixed.
    pub const ALL: [Self; 7] = [
        Self::Comm100DashPanel,
        Self::Comm100DashApi,
        Self::Comm100Hosted,
        Self::Comm100PartnerPanel,
        Self::Comm100PartnerApi,
        Self::Communic8,
        Self::WebCommander,
    ];

    /// A short name for logs, for example `comm100-dash-panel`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Comm100DashPanel => "comm100-dash-panel",
            Self::Comm100DashApi => "comm100-dash-api",
            Self::Comm100Hosted => "comm100-hosted",
            Self::Comm100PartnerPanel => "comm100-partner-panel",
            Self::Comm100PartnerApi => "comm100-partner-api",
            Self::Communic8 => "communic8",
            Self::WebCommander => "webcommander",
        }
    }

    /// What kind of endpoint `path` is on this host.
    pub(crate) fn endpoint(self, path: &str) -> Endpoint {
        match (self, path) {
            (
                Self::Comm100DashPanel | Self::Comm100Hosted | Self::Comm100PartnerPanel,
                "/oauth/token",
            )
            | (Self::Comm100Hosted, "/partner/oauth/token")
            | (Self::Communic8, "/int/v1/oauth/token")
            | (Self::WebCommander, "/api/v4/oauth2/token") => Endpoint::Token,
            (
                Self::Comm100DashPanel | Self::Comm100Hosted,
                "/oauth/authorize"
                | "/oauth/authorize/question"
                | "/oauth/authorize/sign-in"
                | "/oauth/authorize/decision",
            )
            | (_, "/favicon.ico") => Endpoint::Authorize,
            _ => Endpoint::Api,
        }
    }
}

/// The kinds of endpoint that faults and counters tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// Where tokens are issued and renewed.
    Token,
    /// What a person's browser asks for: the authorization request, the pages after it, and their answers.
    Authorize,
    /// Everything else, userinfo included.
    Api,
}
