//! One sign-in that waits for its callback, and can be kept in the meantime.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
#[cfg(feature = "implicit")]
use zeroize::Zeroizing;

use super::LONGEST_LIFETIME;
use super::callback::Callback;
use crate::clock::{Clock, Deadline, SystemClock};
use crate::error::{Error, without_value};
use crate::grant::AuthorizationCode;
use crate::secret::Secret;

/// The version of the exported form. The first had no end.
const EXPORT_VERSION: u32 = 2;
/// What an export is called in errors.
const SETTING: &str = "pending_authorization";

/// A sign-in that waits for its callback, for ten minutes unless
/// [`AuthorizationRequest::lifetime`](crate::AuthorizationRequest::lifetime) says otherwise. It has to be bound to the
/// person's browser, and used once.
///
/// A web back end of one process keeps it in [`PendingAuthorizations`](crate::PendingAuthorizations), which sees to both;
/// a program on the person's own machine calls `LoopbackSignIn` (feature `loopback`).
///
/// # Examples
/// Back ends on several machines keep the export where all of them find it, under a name that the callback leads back
/// to, so that each tab of a browser can have a sign-in of its own:
/// ```
/// use auth_core::{AuthorizationCode, AuthorizationRequest, Error, PendingAuthorization, Secret, Url};
///
/// /// The first request: where to redirect the person to; a cookie's name and its value. The value holds secrets, so
/// /// encrypt and authenticate it with a key that your servers share; or let the cookie hold a random row number, and a
/// /// shared database the rest. The cookie is `HttpOnly`, `SameSite=Lax`, `Secure`, `Path=/` (on plain http leave
/// /// `__Host-` and `Secure` out), and binds the sign-in to the browser.
/// fn begin(request: &AuthorizationRequest) -> Result<(Url, String, Secret), Error> {
///     let (url, pending) = request.start()?;
///     Ok((url, format!("__Host-sign-in-{}", pending.key()), pending.export()))
/// }
///
/// /// The name of the cookie that the second request, whose own URL is `callback`, needs to have.
/// fn cookie_name(callback: &str) -> Option<String> {
///     Some(format!("__Host-sign-in-{}", PendingAuthorization::key_in(callback)?))
/// }
///
/// /// What to do with its decrypted value. Delete the cookie and the row, whatever comes of it: a code is good once.
/// fn end(kept: &Secret, callback: &str) -> Result<AuthorizationCode, Error> {
///     PendingAuthorization::import(kept.expose())?.check(callback)
/// }
/// # use auth_core::{AuthorizeRow, BaseUrl, Dialect, Parameter};
/// # const PAGE: AuthorizeRow = AuthorizeRow::new("/oauth/authorize", &[
/// #     Parameter::query("client_id"), Parameter::query("redirect_uri"), Parameter::query("state"),
/// # ], "RFC 6749 section 4.1.1");
/// # let base = BaseUrl::parse("base_url", "https://login.example.com", &[])?;
/// # let dialect = Dialect::new("EXAMPLE", &[]).authorize(PAGE);
/// # let request = AuthorizationRequest::new(dialect, base, "app-1", "https://app.example.com/callback")?;
/// # let (url, name, value) = begin(&request)?;
/// # let state = url.query_pairs().find(|(name, _)| name == "state").map(|(_, value)| value.into_owned()).unwrap();
/// # let callback = format!("/callback?code=c&state={state}");
/// # assert_eq!(cookie_name(&callback), Some(name));
/// # assert!(end(&value, &callback).is_ok());
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone)]
pub struct PendingAuthorization {
    pub(super) dialect: String,
    pub(super) issuer: String,
    pub(super) redirect_uri: String,
    pub(super) state: Secret,
    pub(super) verifier: Option<Secret>,
    pub(super) missing_state: bool,
    pub(super) deadline: Deadline,
    pub(super) clock: Arc<dyn Clock>,
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
    expires_at_ms: u64,
}

impl PendingAuthorization {
    /// Checks the callback and takes the code out of it. `callback` is the URL that was requested, whole, or from its
    /// path on.
    ///
    /// A `+` in the code stays a `+`: providers put it there unescaped, and no code holds a space.
    ///
    /// # Errors
    /// - [`ErrorKind::Blocked`](crate::ErrorKind::Blocked) where it is not the answer to this sign-in (`state`, `iss` or
    ///   address differ, a parameter comes twice, there are more than 32), or comes too late: begin a new one.
    /// - What RFC 6749 section 4.1.2.1 lets the provider say instead of giving a code, which
    ///   [`Error::provider_code`] repeats:
    ///   [`ErrorKind::Permission`](crate::ErrorKind::Permission) where the person or the provider refused
    ///   (`access_denied`), [`ErrorKind::Provider`](crate::ErrorKind::Provider) where the provider failed
    ///   (`server_error` and `temporarily_unavailable` are retryable: begin a new sign-in after a while),
    ///   [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) where it does not take the request as it is.
    /// - [`ErrorKind::Decode`](crate::ErrorKind::Decode) where there is neither a code nor an error.
    pub fn check(self, callback: &str) -> Result<AuthorizationCode, Error> {
        let callback = self.verified(callback, '?')?;
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
        let callback = self.verified(callback, '#')?;
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

    /// The callback's parameters behind `mark`, if it answers this sign-in, in time, and not with a refusal.
    fn verified(&self, callback: &str, mark: char) -> Result<Callback, Error> {
        let callback = Callback::read(callback, &self.redirect_uri, mark)?;
        if self.has_expired() {
            return Err(Error::blocked(
                "the callback came too late; begin a new sign-in",
                false,
            ));
        }
        callback.verify(self)?;
        Ok(callback)
    }

    /// Writes the pending sign-in as JSON, secrets in clear, to be kept until the callback comes. It holds when it ends.
    pub fn export(&self) -> Secret {
        let end = self.deadline.utc().duration_since(UNIX_EPOCH);
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
            expires_at_ms: u64::try_from(end.unwrap_or_default().as_millis()).unwrap_or_default(),
        };
        // A struct of texts always has a JSON form.
        Secret::new(serde_json::to_string(&exported).unwrap_or_default())
    }

    /// Reads what [`export`](Self::export) wrote. Whether it has expired is seen by [`check`](Self::check).
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) where the text is not such an export; no value is repeated.
    pub fn import(text: &str) -> Result<Self, Error> {
        Self::import_at(text, SystemClock::default())
    }

    /// Reads what [`export`](Self::export) wrote, on another clock than the machine's.
    ///
    /// # Errors
    /// As for [`import`](Self::import).
    pub fn import_at(text: &str, clock: impl Clock + 'static) -> Result<Self, Error> {
        let exported: Exported<'_> = serde_json::from_str(text)
            .map_err(|error| Error::config(SETTING, without_value(&error)))?;
        if exported.version != EXPORT_VERSION {
            let problem = format!("is of version {}, not {EXPORT_VERSION}", exported.version);
            return Err(Error::config(SETTING, problem));
        }
        if exported.state.is_empty() {
            return Err(Error::config(SETTING, "has an empty state"));
        }
        let end = UNIX_EPOCH.checked_add(Duration::from_millis(exported.expires_at_ms));
        let left = end.map(|end| end.duration_since(clock.utc()).unwrap_or_default());
        // The machines' clocks may differ, but not so much.
        let left = left.filter(|left| *left <= LONGEST_LIFETIME * 2);
        let left = left.ok_or_else(|| Error::config(SETTING, "ends too far from now"))?;
        Ok(Self {
            dialect: exported.dialect.into_owned(),
            issuer: exported.issuer.into_owned(),
            redirect_uri: exported.redirect_uri.into_owned(),
            state: Secret::new(exported.state),
            verifier: exported.verifier.map(Secret::new),
            missing_state: exported.missing_state,
            deadline: Deadline::after(&clock, left),
            clock: Arc::new(clock),
        })
    }

    /// A name for this sign-in, 32 hexadecimal digits, to keep it under: not a secret, and [`key_in`](Self::key_in) finds
    /// it in the callback.
    pub fn key(&self) -> String {
        key_of(self.state.expose())
    }

    /// The name of the sign-in that a callback claims to answer; `None` where it has no `state`, or several. That it
    /// does is for [`check`](Self::check) to find out.
    pub fn key_in(callback: &str) -> Option<String> {
        Some(key_of(&super::callback::state_in(callback)?))
    }

    /// The dialect that the sign-in was begun with.
    pub fn dialect(&self) -> &str {
        &self.dialect
    }

    /// Says whether its time is over.
    pub(super) fn has_expired(&self) -> bool {
        self.deadline.left(&*self.clock).is_zero()
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

/// Half a digest: enough that no two ever meet, and nothing of `state` can be read in it.
fn key_of(state: &str) -> String {
    let digest = Sha256::digest(state.as_bytes());
    digest
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
