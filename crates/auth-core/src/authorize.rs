//! Leads a person through the provider's own sign-in page and back.
//!
//! Answers: [`AuthorizationRequest`], [`PendingAuthorization`]. Never: opens a browser, keeps a pending sign-in,
//! exchanges a code (see `session`).
//!
//! # Source
//! RFC 6749 section 4.1, RFC 7636 (PKCE, `S256` only), RFC 9207 (`iss`), RFC 9700 section 2.1.

mod callback;
mod random;

use std::borrow::Cow;
use std::fmt;

use oauth2::basic::BasicClient;
use oauth2::{AuthUrl, ClientId, CsrfToken, PkceCodeChallenge, RedirectUrl};
use serde::{Deserialize, Serialize};
use url::Url;
#[cfg(feature = "implicit")]
use zeroize::Zeroizing;

#[cfg(feature = "implicit")]
use crate::clock::SystemClock;
use crate::dialect::{AuthorizeRow, Dialect};
use crate::error::{Error, without_value};
use crate::grant::AuthorizationCode;
use crate::secret::Secret;
use crate::transport::{BaseUrl, append_query};

use callback::Callback;
pub(crate) use random::random_text;
#[cfg(feature = "models")]
pub(crate) use random::random_uuid;

/// Bytes of randomness in `state` (RFC 6749 section 10.10 asks for 20).
const STATE_BYTES: u32 = 32;
/// The version of the exported form.
const EXPORT_VERSION: u32 = 1;

/// What is asked of the provider's authorization page. Reusable; each [`start`](Self::start) is one sign-in.
///
/// Integrators get it from their client's builder.
///
/// # Examples
/// ```
/// use auth_core::{AuthorizationRequest, AuthorizeRow, BaseUrl, Dialect, Parameter};
///
/// const PAGE: AuthorizeRow = AuthorizeRow::new("/oauth/authorize", &[
///     Parameter::body("client_id"),
///     Parameter::body("response_type"),
///     Parameter::body("redirect_uri"),
///     Parameter::body("code_challenge"),
///     Parameter::body("code_challenge_method"),
///     Parameter::body("state"),
///     Parameter::body("scope").if_set(),
/// ], "RFC 6749 section 4.1.1, RFC 7636 section 4.3");
/// const DIALECT: Dialect = Dialect::new("EXAMPLE", &[]).authorize(PAGE);
///
/// let base = BaseUrl::parse("base_url", "https://login.example.com", &[])?;
/// let request = AuthorizationRequest::new(DIALECT, base, "app-1", "https://app.example.com/callback")?
///     .scope("openid offline_access");
/// let (url, pending) = request.start()?; // send the person to `url`, keep `pending` for the callback
/// assert_eq!(url.host_str(), Some("login.example.com"));
/// assert!(url.query_pairs().any(|(name, value)| name == "code_challenge_method" && value == "S256"));
/// # let state = url.query_pairs().find(|(name, _)| name == "state").map(|(_, value)| value.into_owned()).unwrap();
/// # assert!(pending.check(&format!("https://app.example.com/callback?code=c&state={state}")).is_ok());
/// # Ok::<(), auth_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct AuthorizationRequest {
    dialect: Dialect,
    base: BaseUrl,
    client_id: String,
    redirect_uri: String,
    parameters: Vec<(&'static str, String)>,
    missing_state: bool,
    implicit: bool,
}

impl AuthorizationRequest {
    /// A request to the authorization page of `dialect` at `base`. For provider crates.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) where the client id is empty or the redirect URI is not a URL
    /// without a fragment.
    pub fn new(
        dialect: Dialect,
        base: BaseUrl,
        client_id: impl Into<String>,
        redirect_uri: impl Into<String>,
    ) -> Result<Self, Error> {
        let (client_id, redirect_uri) = (client_id.into(), redirect_uri.into());
        if client_id.is_empty() {
            return Err(Error::config("client_id", "is empty"));
        }
        let url = Url::parse(&redirect_uri)
            .map_err(|error| Error::config("redirect_uri", format!("is not a URL: {error}")))?;
        if url.fragment().is_some() {
            return Err(Error::config("redirect_uri", "has a fragment"));
        }
        Ok(Self {
            dialect,
            base,
            client_id,
            redirect_uri,
            parameters: Vec::new(),
            missing_state: false,
            implicit: false,
        })
    }

    /// Sets a parameter beyond RFC 6749 that the dialect's row names.
    pub fn parameter(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.parameters.push((name, value.into()));
        self
    }

    /// Asks for a scope, such as `openid offline_access`. Default: none is sent.
    pub fn scope(self, scope: impl Into<String>) -> Self {
        self.parameter("scope", scope)
    }

    /// Accepts a callback without `state`, from a provider that does not echo it. Only where PKCE binds the code to
    /// this client (RFC 9700 section 2.1); elsewhere [`start`](Self::start) refuses it. A `state` that comes must be
    /// right all the same.
    pub fn allow_missing_state(mut self) -> Self {
        self.missing_state = true;
        self
    }

    /// Asks for a token instead of a code.
    ///
    /// RFC 9700 section 2.1.2 advises against it: the token travels through the browser.
    #[cfg(feature = "implicit")]
    pub fn implicit(mut self) -> Self {
        self.implicit = true;
        self
    }

    /// Begins one sign-in: the URL to send the person to, and what to keep until the callback comes.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) where the dialect has no authorization page, a parameter that
    /// it needs is not set, or a missing `state` is to be accepted without PKCE.
    pub fn start(&self) -> Result<(Url, PendingAuthorization), Error> {
        let row = self.dialect.authorize_row().ok_or_else(|| {
            Error::config(
                "platform",
                format!("{} has no authorization page", self.dialect.name()),
            )
        })?;
        #[cfg(feature = "implicit")]
        if self.implicit && !row.implicit {
            let problem = format!("{} has no implicit grant", self.dialect.name());
            return Err(Error::config("platform", problem));
        }
        let has_pkce = row.has_pkce() && !self.implicit;
        if self.missing_state && !has_pkce {
            return Err(Error::config(
                "allow_missing_state",
                "needs PKCE, which this provider does not have",
            ));
        }
        let bad_url = |error| Error::config("redirect_uri", format!("is not a URL: {error}"));
        let redirect = RedirectUrl::new(self.redirect_uri.clone()).map_err(bad_url)?;
        let page = AuthUrl::from_url(self.base.join(row.path, &[] as &[(&str, &str)]));
        let engine = BasicClient::new(ClientId::new(self.client_id.clone())).set_auth_uri(page);
        let mut request = engine
            .authorize_url(|| CsrfToken::new_random_len(STATE_BYTES))
            .set_redirect_uri(Cow::Owned(redirect));
        if self.implicit {
            request = request.use_implicit_flow();
        }
        let mut verifier = None;
        if has_pkce {
            let (challenge, secret) = PkceCodeChallenge::new_random_sha256();
            request = request.set_pkce_challenge(challenge);
            verifier = Some(Secret::new(secret.into_secret()));
        }
        let (standard, state) = request.url();
        let url = self.in_dialect(row, &standard)?;
        let pending = PendingAuthorization {
            dialect: self.dialect.name().to_owned(),
            issuer: self.base.to_string(),
            redirect_uri: self.redirect_uri.clone(),
            state: Secret::new(state.into_secret()),
            verifier,
            missing_state: self.missing_state,
        };
        Ok((url, pending))
    }

    /// The standard URL with exactly the parameters that the dialect's row lists, in its order.
    fn in_dialect(&self, row: &AuthorizeRow, standard: &Url) -> Result<Url, Error> {
        let mut pairs: Vec<(&str, Cow<'_, str>)> = Vec::new();
        for parameter in row.parameters {
            let listed = standard
                .query_pairs()
                .find(|(name, _)| name == parameter.value)
                .map(|(_, value)| value);
            let extra = || {
                let found = self
                    .parameters
                    .iter()
                    .rfind(|(name, _)| *name == parameter.value);
                found.map(|(_, value)| Cow::Borrowed(value.as_str()))
            };
            match listed.or_else(extra).filter(|value| !value.is_empty()) {
                Some(value) => pairs.push((parameter.wire, value)),
                None if parameter.optional
                    || self.implicit && parameter.value.starts_with("code_") => {}
                None => return Err(Error::config(parameter.value, "is needed for this sign-in")),
            }
        }
        let mut url = standard.clone();
        url.set_query(None);
        append_query(&mut url, &pairs);
        Ok(url)
    }
}

/// A sign-in that waits for its callback: keep it bound to the person's browser session, use it once.
///
/// # Examples
/// A web back end stores it between two requests:
/// ```
/// use auth_core::{AuthorizationCode, AuthorizationRequest, Error, PendingAuthorization, Secret, Url};
///
/// /// The first request: where to redirect the person to, and what to keep. It holds secrets, so keep it on the server
/// /// or in an encrypted cookie.
/// fn begin(request: &AuthorizationRequest) -> Result<(Url, Secret), Error> {
///     let (url, pending) = request.start()?;
///     Ok((url, pending.export()))
/// }
///
/// /// The second request, whose own URL is `callback`. Forget what was kept: a code is good once.
/// fn end(kept: &Secret, callback: &str) -> Result<AuthorizationCode, Error> {
///     PendingAuthorization::import(kept.expose())?.check(callback)
/// }
/// ```
#[derive(Clone)]
pub struct PendingAuthorization {
    dialect: String,
    issuer: String,
    redirect_uri: String,
    state: Secret,
    verifier: Option<Secret>,
    missing_state: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exported<'a> {
    version: u32,
    dialect: Cow<'a, str>,
    issuer: Cow<'a, str>,
    redirect_uri: Cow<'a, str>,
    state: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    verifier: Option<Cow<'a, str>>,
    missing_state: bool,
}

impl PendingAuthorization {
    /// Checks the callback and takes the code out of it. `callback` is the URL that was requested, whole, or from its
    /// path on.
    ///
    /// A `+` in the code stays a `+`: providers put it there unescaped, and no code holds a space.
    ///
    /// # Errors
    /// [`ErrorKind::Blocked`](crate::ErrorKind::Blocked) where it is not the answer to this sign-in (`state`, `iss` or
    /// address differ, a parameter comes twice); [`ErrorKind::Permission`](crate::ErrorKind::Permission) where the
    /// person or the provider refused; [`ErrorKind::Decode`](crate::ErrorKind::Decode) where there is no code.
    pub fn check(self, callback: &str) -> Result<AuthorizationCode, Error> {
        let callback = Callback::read(callback, &self.redirect_uri, '?')?;
        callback.verify(&self.state, self.missing_state, &self.issuer)?;
        let code = callback.get("code").filter(|code| !code.is_empty());
        let code = code.ok_or_else(|| Error::callback_without("code"))?;
        Ok(AuthorizationCode {
            code: Secret::new(code),
            verifier: self.verifier,
            redirect_uri: self.redirect_uri,
            issuer: self.issuer,
        })
    }

    /// Checks the callback of an implicit sign-in, whose token stands in the fragment (RFC 6749 section 4.2.2).
    ///
    /// # Errors
    /// As for [`check`](Self::check).
    #[cfg(feature = "implicit")]
    pub fn check_implicit(self, callback: &str) -> Result<crate::TokenSet, Error> {
        let callback = Callback::read(callback, &self.redirect_uri, '#')?;
        callback.verify(&self.state, self.missing_state, &self.issuer)?;
        let members: serde_json::Map<String, serde_json::Value> = callback
            .pairs()
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        let body = Zeroizing::new(serde_json::Value::Object(members).to_string());
        crate::endpoint::read_answer(body.as_bytes(), &SystemClock)
    }

    /// Reads the JSON that some providers answer an implicit request with, instead of a redirect.
    ///
    /// There is no `state` in it: only read what your own program fetched.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) where it is no token answer.
    #[cfg(feature = "implicit")]
    pub fn read_implicit(self, body: &[u8]) -> Result<crate::TokenSet, Error> {
        crate::endpoint::read_answer(body, &SystemClock)
    }

    /// Writes the pending sign-in as JSON, secrets in clear, to be kept until the callback comes.
    pub fn export(&self) -> Secret {
        let exported = Exported {
            version: EXPORT_VERSION,
            dialect: self.dialect.as_str().into(),
            issuer: self.issuer.as_str().into(),
            redirect_uri: self.redirect_uri.as_str().into(),
            state: self.state.expose().into(),
            verifier: self
                .verifier
                .as_ref()
                .map(|verifier| verifier.expose().into()),
            missing_state: self.missing_state,
        };
        // A struct of texts always has a JSON form.
        Secret::new(serde_json::to_string(&exported).unwrap_or_default())
    }

    /// Reads what [`export`](Self::export) wrote.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) where the text is not such an export; no value is repeated.
    pub fn import(text: &str) -> Result<Self, Error> {
        let name = "pending_authorization";
        let exported: Exported<'_> = serde_json::from_str(text)
            .map_err(|error| Error::config(name, without_value(&error)))?;
        if exported.version != EXPORT_VERSION {
            return Err(Error::config(
                name,
                format!("is of version {}, not 1", exported.version),
            ));
        }
        if exported.state.is_empty() {
            return Err(Error::config(name, "has an empty state"));
        }
        Ok(Self {
            dialect: exported.dialect.into_owned(),
            issuer: exported.issuer.into_owned(),
            redirect_uri: exported.redirect_uri.into_owned(),
            state: Secret::new(exported.state),
            verifier: exported.verifier.map(Secret::new),
            missing_state: exported.missing_state,
        })
    }

    /// The dialect that the sign-in was begun with.
    pub fn dialect(&self) -> &str {
        &self.dialect
    }
}

impl fmt::Debug for PendingAuthorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingAuthorization")
            .field("dialect", &self.dialect)
            .field("redirect_uri", &self.redirect_uri)
            .finish_non_exhaustive()
    }
}
