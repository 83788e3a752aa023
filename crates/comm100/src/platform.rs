//! Names Comm100's platforms and where each has its tokens and its API.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use auth_core::{BaseUrl, Dialect, Error, RateLimiter, Url, UrlText};

use crate::dialect;

/// The documented limit of the v4 API: 300 calls in 5 minutes for each IP address.
const DASH_LIMIT: (usize, Duration) = (300, Duration::from_secs(300));

/// Where an account lives. Read it from the address of your control panel.
///
/// # Examples
/// ```
/// use comm100::Platform;
/// assert_eq!("https://dash15.comm100.io/agentconsole/".parse::<Platform>()?, Platform::Dash15);
/// assert_eq!("ent.comm100.com".parse::<Platform>()?, Platform::V2("https://ent.comm100.com".to_owned()));
/// assert!("https://portal7.comm100.io".parse::<Platform>().is_err()); // v3, which is not supported
/// # Ok::<(), comm100::Error>(())
/// ```
///
/// A white-label host is told by its platform and two settings:
/// ```
/// # use comm100::{Client, Platform};
/// let builder = Client::builder(Platform::Dash15)
///     .token_base("https://support.example.com")
///     .api_base("https://api.support.example.com");
/// ```
///
/// # Source
/// Seed 000 (the dash hosts; the API is on the host `api` of the same number), seed 001 (v2: one host for both), seed
/// 002 (partner).
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub enum Platform {
    /// v4 on `dash11.comm100.io`.
    Dash11,
    /// v4 on `dash12.comm100.io`.
    Dash12,
    /// v4 on `dash13.comm100.io`.
    Dash13,
    /// v4 on `dash15.comm100.io`.
    Dash15,
    /// v4 on `dash17.comm100.io`.
    Dash17,
    /// v2 on the host of its control panel, such as `https://hosted.comm100.com`.
    V2(String),
    /// The v2 partner API on the host of the control panel. Needs the feature `partner`.
    #[cfg(feature = "partner")]
    PartnerV2(String),
    /// The v4 partner API on `partner.comm100.io`. Needs the feature `partner`.
    #[cfg(feature = "partner")]
    PartnerV4,
}

impl Platform {
    /// v2 on `hosted.comm100.com`.
    pub fn hosted() -> Self {
        Self::v2("https://hosted.comm100.com")
    }

    /// v2 on the host of its control panel.
    pub fn v2(control_panel: impl Into<String>) -> Self {
        Self::V2(control_panel.into())
    }

    /// The limit that the vendor documents for this platform, to be shared by the clients behind one IP address: 300
    /// calls in 5 minutes on dash, none elsewhere. A client that is given none has one of its own.
    ///
    /// # Examples
    /// ```
    /// use comm100::{Platform, Settings};
    /// let shared = Platform::Dash11.rate_limiter().expect("dash has one");
    /// let first = Settings::new().rate_limiter(shared.clone());
    /// let second = Settings::new().rate_limiter(shared);
    /// ```
    pub fn rate_limiter(&self) -> Option<RateLimiter> {
        self.is_dash()
            .then(|| RateLimiter::new(DASH_LIMIT.0, DASH_LIMIT.1))
    }

    /// Where tokens come from.
    pub(crate) fn token_base(&self) -> &str {
        match self {
            Self::Dash11 => "https://dash11.comm100.io",
            Self::Dash12 => "https://dash12.comm100.io",
            Self::Dash13 => "https://dash13.comm100.io",
            Self::Dash15 => "https://dash15.comm100.io",
            Self::Dash17 => "https://dash17.comm100.io",
            Self::V2(base) => base,
            #[cfg(feature = "partner")]
            Self::PartnerV2(base) => base,
            #[cfg(feature = "partner")]
            Self::PartnerV4 => "https://partner.comm100.io",
        }
    }

    /// Where API calls go.
    pub(crate) fn api_base(&self) -> &str {
        match self {
            Self::Dash11 => "https://api11.comm100.io",
            Self::Dash12 => "https://api12.comm100.io",
            Self::Dash13 => "https://api13.comm100.io",
            Self::Dash15 => "https://api15.comm100.io",
            Self::Dash17 => "https://api17.comm100.io",
            Self::V2(base) => base,
            #[cfg(feature = "partner")]
            Self::PartnerV2(base) => base,
            #[cfg(feature = "partner")]
            Self::PartnerV4 => "https://partnerapi.comm100.io",
        }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Self::V2(_) => dialect::HOSTED_V2,
            #[cfg(feature = "partner")]
            Self::PartnerV2(_) => dialect::PARTNER_V2,
            #[cfg(feature = "partner")]
            Self::PartnerV4 => dialect::PARTNER_V4,
            _ => dialect::DASH_V4,
        }
    }

    /// Says whether it is one of the v4 platforms with a dashboard.
    pub(crate) fn is_dash(&self) -> bool {
        matches!(
            self,
            Self::Dash11 | Self::Dash12 | Self::Dash13 | Self::Dash15 | Self::Dash17
        )
    }
}

impl fmt::Debug for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |name, base: &str| (name, Some(UrlText::new(base)));
        let (name, base) = match self {
            Self::Dash11 => ("Dash11", None),
            Self::Dash12 => ("Dash12", None),
            Self::Dash13 => ("Dash13", None),
            Self::Dash15 => ("Dash15", None),
            Self::Dash17 => ("Dash17", None),
            Self::V2(base) => of("V2", base),
            #[cfg(feature = "partner")]
            Self::PartnerV2(base) => of("PartnerV2", base),
            #[cfg(feature = "partner")]
            Self::PartnerV4 => ("PartnerV4", None),
        };
        match base {
            Some(base) => f.debug_tuple(name).field(&base).finish(),
            None => f.write_str(name),
        }
    }
}

impl FromStr for Platform {
    type Err = Error;

    /// Reads the platform from any address of the control panel; path and query do not matter.
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::read("platform", text)
    }
}

impl Platform {
    /// Reads the platform that `setting` holds the address of.
    pub(crate) fn read(setting: &str, text: &str) -> Result<Self, Error> {
        let refuse = |problem: String| Err(Error::config(setting, problem));
        let text = text.trim();
        let whole = if text.contains("://") {
            text.to_owned()
        } else {
            format!("https://{text}")
        };
        let Ok(mut url) = Url::parse(&whole) else {
            return refuse("is not a URL; give the address of your control panel".to_owned());
        };
        url.set_path("/");
        url.set_query(None);
        url.set_fragment(None);
        let host = url.host_str().unwrap_or_default().to_owned();
        // The scheme is checked when the client is built, with its settings at hand.
        let base = BaseUrl::parse(setting, url.as_str(), std::slice::from_ref(&host))?.to_string();
        let name = host.strip_suffix(".comm100.io");
        match name {
            Some("dash11" | "api11") => Ok(Self::Dash11),
            Some("dash12" | "api12") => Ok(Self::Dash12),
            Some("dash13" | "api13") => Ok(Self::Dash13),
            Some("dash15" | "api15") => Ok(Self::Dash15),
            Some("dash17" | "api17") => Ok(Self::Dash17),
            #[cfg(feature = "partner")]
            Some("partner" | "partnerapi") => Ok(Self::PartnerV4),
            #[cfg(not(feature = "partner"))]
            Some("partner" | "partnerapi") => {
                refuse("is the partner platform; enable this crate's feature `partner`".to_owned())
            }
            Some(name) if name.starts_with("portal") => {
                refuse(format!("`{name}.comm100.io` is a v3 platform, which is not supported"))
            }
            Some(name) => refuse(format!(
                "`{name}.comm100.io` is not a documented platform; choose the variant that fits and set `token_base` \
                 and `api_base`"
            )),
            None if host.starts_with("dash") => refuse(
                "is a v4 platform under a name of its own; choose its dash variant and set `token_base` and `api_base`"
                    .to_owned(),
            ),
            None => Ok(Self::V2(base)),
        }
    }
}
