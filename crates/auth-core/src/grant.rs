//! Names what is exchanged for a token.
//!
//! Answers: [`GrantType`], [`Grant`], [`Principal`]. Never: builds a request, reads an answer.

use std::fmt;
use std::time::Duration;

use crate::clock::{Clock, within};
use crate::error::Error;
use crate::secret::{Secret, SecretSource, base64_pair};

/// The kinds of grant, by the names of RFC 6749.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum GrantType {
    /// RFC 6749 section 4.1.
    AuthorizationCode,
    /// RFC 6749 section 4.4.
    ClientCredentials,
    /// RFC 6749 section 4.2.
    #[cfg(feature = "implicit")]
    Implicit,
    /// RFC 6749 section 4.3.
    #[cfg(feature = "password-grant")]
    Password,
    /// RFC 6749 section 6.
    RefreshToken,
}

impl GrantType {
    /// The grant in words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization code",
            Self::ClientCredentials => "client credentials",
            #[cfg(feature = "implicit")]
            Self::Implicit => "implicit",
            #[cfg(feature = "password-grant")]
            Self::Password => "password",
            Self::RefreshToken => "refresh token",
        }
    }
}

/// How a principal signs in the first time. For provider crates; [`ApiClient`](crate::ApiClient) has an example.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Grant {
    /// A person has approved, and the callback has been checked.
    AuthorizationCode(AuthorizationCode),
    /// The application signs in for itself.
    ClientCredentials,
    /// The vendor takes the person's own password. RFC 9700 section 2.4: not to be used where anything else exists.
    #[cfg(feature = "password-grant")]
    Password {
        /// Who signs in; what the dialect calls it on the wire is the dialect's matter.
        username: String,
        /// The password, or someone to ask for it.
        password: SecretSource,
    },
    /// A token set from an earlier sign-in of this kind; once it is spent, a person is needed.
    Resumed(GrantType),
    /// A token that needs no exchange.
    StaticToken(SecretSource),
    /// A key that travels with each call as HTTP Basic, `username:key`, not percent-encoded (RFC 7617).
    Basic {
        /// The part before the colon.
        username: String,
        /// The part after it.
        key: SecretSource,
    },
}

impl Grant {
    /// The grant type of the token request, `None` where there is none.
    pub(crate) fn grant_type(&self) -> Option<GrantType> {
        match self {
            Self::AuthorizationCode(_) => Some(GrantType::AuthorizationCode),
            Self::ClientCredentials => Some(GrantType::ClientCredentials),
            #[cfg(feature = "password-grant")]
            Self::Password { .. } => Some(GrantType::Password),
            Self::Resumed(first) => Some(*first),
            Self::StaticToken(_) | Self::Basic { .. } => None,
        }
    }

    /// The sign-in in words.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::AuthorizationCode(_) => GrantType::AuthorizationCode.name(),
            Self::ClientCredentials => GrantType::ClientCredentials.name(),
            #[cfg(feature = "password-grant")]
            Self::Password { .. } => GrantType::Password.name(),
            Self::Resumed(first) => first.name(),
            Self::StaticToken(_) => "static token",
            Self::Basic { .. } => "key by HTTP Basic",
        }
    }

    /// Says whether it can be done again without a person.
    pub(crate) fn is_repeatable(&self) -> bool {
        !matches!(self, Self::AuthorizationCode(_) | Self::Resumed(_))
    }
}

/// An authorization code that belongs to a callback which was checked, with what its exchange needs.
///
/// Made by [`PendingAuthorization::check`](crate::PendingAuthorization::check); good once, at the host that gave it. Its
/// parts can't be read.
///
/// # Source
/// RFC 6749 section 4.1.3, RFC 7636 section 4.5.
#[derive(Clone, Debug)]
pub struct AuthorizationCode {
    pub(crate) code: Secret,
    pub(crate) verifier: Option<Secret>,
    pub(crate) redirect_uri: String,
    /// The origin that gave it: it is good at no other.
    pub(crate) issuer: String,
}

/// A value of one request parameter beyond RFC 6749, in [`Principal::parameters`].
///
/// # Examples
/// ```
/// use auth_core::{ParameterValue, SecretSource};
/// let site = ("site_id", ParameterValue::Text("10000".to_owned()));
/// let pair = ("auth_string", ParameterValue::Base64Pair("jo".to_owned(), SecretSource::from("pw-1")));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ParameterValue {
    /// Not a secret.
    Text(String),
    /// A secret, or someone to ask for it.
    Secret(SecretSource),
    /// `base64(username:secret)`.
    Base64Pair(String, SecretSource),
}

impl ParameterValue {
    /// Says whether the value must not be seen.
    pub(crate) fn is_secret(&self) -> bool {
        !matches!(self, Self::Text(_))
    }

    /// Says whether it is known to be empty.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::Secret(source) => source.is_empty(),
            Self::Base64Pair(user, source) => user.is_empty() || source.is_empty(),
        }
    }

    /// The value for one request.
    pub(crate) async fn read(&self, name: &str, patience: Patience<'_>) -> Result<Secret, Error> {
        match self {
            Self::Text(text) => Ok(Secret::new(text.as_str())),
            Self::Secret(source) => patience.ask(name, source).await,
            Self::Base64Pair(user, source) => {
                Ok(base64_pair(user, &patience.ask(name, source).await?))
            }
        }
    }
}

/// How long a secret provider may take.
#[derive(Clone, Copy)]
pub(crate) struct Patience<'a> {
    pub(crate) clock: &'a dyn Clock,
    pub(crate) limit: Duration,
}

impl Patience<'_> {
    /// Asks for the secret that is called `name`.
    pub(crate) async fn ask(self, name: &str, source: &SecretSource) -> Result<Secret, Error> {
        match within(self.clock, self.limit, source.read()).await {
            Some(Ok(secret)) => Ok(secret),
            Some(Err(error)) => Err(Error::secret(name, error)),
            None => Err(Error::secret(name, "it did not answer in time".into())),
        }
    }
}

/// Who signs in, and with what. For provider crates; [`ApiClient`](crate::ApiClient) has an example.
#[derive(Clone)]
#[non_exhaustive]
pub struct Principal {
    /// The first sign-in.
    pub grant: Grant,
    /// The application's id.
    pub client_id: Option<String>,
    /// The application's secret.
    pub client_secret: Option<SecretSource>,
    /// The redirect URI registered for the application.
    pub redirect_uri: Option<String>,
    /// Values of parameters beyond RFC 6749, by the names that the dialect's rows use.
    pub parameters: Vec<(&'static str, ParameterValue)>,
}

impl Principal {
    /// A principal that has nothing but its grant.
    pub fn new(grant: Grant) -> Self {
        Self {
            grant,
            client_id: None,
            client_secret: None,
            redirect_uri: None,
            parameters: Vec::new(),
        }
    }
}

impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Principal")
            .field("grant", &self.grant.grant_type())
            .finish_non_exhaustive()
    }
}
