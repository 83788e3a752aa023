//! The ways to sign in to the sandbox, so that one journey can be made by each.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use auth_core::GrantType;
use comm100::{Client, ClientBuilder, OAuthClient, Platform};
use vendor_sandbox::{Host, Sandbox, credentials as known};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Way {
    DashCode,
    HostedClientCredentials,
    HostedCode,
    #[cfg(feature = "password-grant")]
    DashPassword,
    #[cfg(feature = "password-grant")]
    HostedPassword,
    #[cfg(feature = "implicit")]
    HostedImplicit,
    #[cfg(feature = "partner")]
    PartnerV2,
    #[cfg(feature = "partner")]
    PartnerV4,
}

impl Way {
    pub(crate) const ALL: &[Self] = &[
        Self::DashCode,
        Self::HostedClientCredentials,
        Self::HostedCode,
        #[cfg(feature = "password-grant")]
        Self::DashPassword,
        #[cfg(feature = "password-grant")]
        Self::HostedPassword,
        #[cfg(feature = "implicit")]
        Self::HostedImplicit,
        #[cfg(feature = "partner")]
        Self::PartnerV2,
        #[cfg(feature = "partner")]
        Self::PartnerV4,
    ];

    pub(crate) fn grant(self) -> GrantType {
        match self {
            Self::DashCode | Self::HostedCode => GrantType::AuthorizationCode,
            Self::HostedClientCredentials => GrantType::ClientCredentials,
            #[cfg(feature = "implicit")]
            Self::HostedImplicit => GrantType::Implicit,
            #[cfg(feature = "password-grant")]
            _ => GrantType::Password,
        }
    }

    /// Where its tokens come from.
    pub(crate) fn panel(self) -> Host {
        match self {
            Self::DashCode => Host::Comm100DashPanel,
            #[cfg(feature = "password-grant")]
            Self::DashPassword => Host::Comm100DashPanel,
            #[cfg(feature = "partner")]
            Self::PartnerV4 => Host::Comm100PartnerPanel,
            _ => Host::Comm100Hosted,
        }
    }

    /// Where its calls go.
    pub(crate) fn api(self) -> Host {
        match self.panel() {
            Host::Comm100DashPanel => Host::Comm100DashApi,
            Host::Comm100PartnerPanel => Host::Comm100PartnerApi,
            host => host,
        }
    }

    /// A resource that it may read.
    pub(crate) fn path(self) -> &'static str {
        match self {
            #[cfg(feature = "partner")]
            Self::PartnerV2 => "/api/v2/partner/sites",
            _ => match self.panel() {
                Host::Comm100DashPanel => "/v4/livechat/campaigns",
                Host::Comm100PartnerPanel => "/v4/global/sites",
                _ => "/api/v2/livechat/campaigns",
            },
        }
    }

    /// Token requests of the first sign-in: those of the implicit grant are the browser's.
    pub(crate) fn sign_ins(self) -> usize {
        match self {
            #[cfg(feature = "implicit")]
            Self::HostedImplicit => 0,
            _ => 1,
        }
    }

    /// Says whether there is a refresh token.
    pub(crate) fn refreshes(self) -> bool {
        self.panel() != Host::Comm100PartnerPanel
    }

    /// Says whether the vendor documents what a refresh token is for.
    pub(crate) fn is_documented(self) -> bool {
        self.panel() == Host::Comm100DashPanel
    }

    /// Says whether the first sign-in can be done again without a person.
    pub(crate) fn is_repeatable(self) -> bool {
        match self {
            Self::DashCode | Self::HostedCode => false,
            #[cfg(feature = "implicit")]
            Self::HostedImplicit => false,
            _ => true,
        }
    }

    /// Says whether a refresh that fails for whatever reason leads to the first sign-in at once: where the vendor does
    /// not document it and no person is needed.
    pub(crate) fn falls_back(self) -> bool {
        self.refreshes() && !self.is_documented() && self.is_repeatable()
    }

    /// A client of the platform that has not signed in.
    pub(crate) fn platform(self, sandbox: &Sandbox) -> ClientBuilder {
        let url = |host| sandbox.url(host).to_owned();
        let platform = match self.panel() {
            Host::Comm100DashPanel => Platform::Dash11,
            #[cfg(feature = "partner")]
            Host::Comm100PartnerPanel => Platform::PartnerV4,
            #[cfg(feature = "partner")]
            host if self == Self::PartnerV2 => Platform::PartnerV2(url(host)),
            host => Platform::V2(url(host)),
        };
        let builder = Client::builder(platform)
            .token_base(url(self.panel()))
            .api_base(url(self.api()))
            .site_id(known::COMM100_SITE_ID);
        #[cfg(feature = "partner")]
        if self == Self::PartnerV4 {
            let client = OAuthClient::new(known::COMM100_PARTNER_CLIENT_ID);
            let builder = builder.partner_id(known::COMM100_PARTNER_ID);
            return builder.oauth_client(client);
        }
        builder.oauth_client(
            OAuthClient::new(known::COMM100_CLIENT_ID)
                .secret(known::COMM100_CLIENT_SECRET)
                .redirect_uri(known::COMM100_REDIRECT_URI),
        )
    }

    /// A client that has all it needs for its first call.
    pub(crate) async fn signed_in(self, sandbox: &Sandbox) -> ClientBuilder {
        let builder = self.platform(sandbox);
        match self {
            Self::DashCode | Self::HostedCode => {
                let request = builder.authorization_request();
                let (url, pending) = ok(request.and_then(|request| request.start()));
                let callback = ok(sandbox.approve(url.as_str()).await);
                builder.authorization_code(ok(pending.check(&callback)))
            }
            Self::HostedClientCredentials => builder.client_credentials(),
            #[cfg(feature = "password-grant")]
            Self::DashPassword | Self::HostedPassword => {
                builder.password(known::COMM100_EMAIL, known::COMM100_PASSWORD)
            }
            #[cfg(feature = "implicit")]
            Self::HostedImplicit => {
                let request = builder.implicit_authorization_request();
                let (url, pending) = ok(request.and_then(|request| request.start()));
                let answer = crate::raw::send("GET", url.as_str(), &[], "").await;
                builder.implicit_tokens(ok(pending.read_implicit(answer.body.as_bytes())))
            }
            #[cfg(feature = "partner")]
            Self::PartnerV2 | Self::PartnerV4 => builder.password(
                known::COMM100_PARTNER_EMAIL,
                known::COMM100_PARTNER_PASSWORD,
            ),
        }
    }
}

/// A client of the dash platform with an API key.
pub(crate) fn with_key(sandbox: &Sandbox) -> ClientBuilder {
    Way::DashCode
        .platform(sandbox)
        .api_key(known::COMM100_EMAIL, known::COMM100_API_KEY)
}

/// The error, or the test's end.
#[track_caller]
pub(crate) fn failed<T: std::fmt::Debug, E>(result: Result<T, E>, what: &str) -> E {
    match result {
        Ok(value) => panic!("{what}: {value:?}"),
        Err(error) => error,
    }
}

/// The value, or the test's end.
#[track_caller]
pub(crate) fn ok<T, E: std::fmt::Debug>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| panic!("{error:?}"))
}

/// Ten minutes from now, as an export tells it.
pub(crate) fn soon_ms() -> u64 {
    let end = SystemTime::now() + Duration::from_secs(600);
    let since = ok(end.duration_since(UNIX_EPOCH));
    ok(u64::try_from(since.as_millis()))
}
