//! Reads a token answer leniently where providers differ, strictly where a mistake would be a risk.

use std::time::{Duration, SystemTime};

use chrono::DateTime;
use http::StatusCode;
use oauth2::basic::BasicTokenType;
use oauth2::{AccessToken, RefreshToken, Scope, TokenResponse};
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_path_to_error::Segment;

use crate::error::{Error, without_value};
use crate::secret::Secret;
use crate::token::{TokenSet, check_token};

/// The names of the members that are read.
const MEMBERS: [&str; 5] = [
    "access_token",
    "token_type",
    "refresh_token",
    "expires_in",
    "scope",
];

/// The failure of an answer that does not fit, with the member where it does not. What stands below that are the
/// provider's own words, and can be a secret that this side does not know yet.
pub(super) fn misfit(
    error: &serde_path_to_error::Error<serde_json::Error>,
    status: StatusCode,
) -> Error {
    let member = match error.path().iter().next() {
        Some(Segment::Map { key }) => MEMBERS.into_iter().find(|member| member == key),
        _ => None,
    };
    let problem = without_value(error.inner());
    Error::decode(member.unwrap_or_default(), &problem, status)
}

/// The members that are read; others are ignored (RFC 6749 section 5.1), one that comes twice is refused.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct TokenAnswer {
    access_token: AccessToken,
    #[serde(default)]
    token_type: Option<String>,
    #[serde(default)]
    refresh_token: Option<RefreshToken>,
    #[serde(default, skip_serializing)]
    expires_in: ExpiresIn,
    #[serde(default, skip_serializing)]
    scope: ScopeText,
}

impl TokenAnswer {
    /// Refuses a token that could not travel, and a token type that is not understood (RFC 6749 section 7.1).
    pub(super) fn check(&self, may_lack_type: bool, status: StatusCode) -> Result<(), Error> {
        check_token(self.access_token.secret())
            .map_err(|bad| Error::decode("access_token", &bad.to_string(), status))?;
        match self.token_type.as_deref() {
            Some(kind) if kind.eq_ignore_ascii_case("bearer") => Ok(()),
            None if may_lack_type => Ok(()),
            None => Err(Error::decode("token_type", "is missing", status)),
            Some(_) => Err(Error::decode("token_type", "is not `bearer`", status)),
        }
    }

    /// How long the token lives from the instant before it was asked for; `None` where nothing usable is said.
    pub(super) fn lifetime(&self, now: SystemTime) -> Option<Duration> {
        match self.expires_in {
            ExpiresIn::Unknown => None,
            ExpiresIn::For(duration) => Some(duration),
            ExpiresIn::Until(date) => Some(date.duration_since(now).unwrap_or_default()),
        }
    }

    pub(super) fn into_set(self, lifetime: Option<Duration>, now: SystemTime) -> TokenSet {
        let refresh_token = self
            .refresh_token
            .filter(|token| !token.secret().is_empty());
        TokenSet {
            access_token: Secret::new(self.access_token.into_secret()),
            refresh_token: refresh_token.map(|token| Secret::new(token.into_secret())),
            expires_at: lifetime.and_then(|lifetime| now.checked_add(lifetime)),
            scope: self.scope.0,
        }
    }
}

impl TokenResponse for TokenAnswer {
    type TokenType = BasicTokenType;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &BasicTokenType {
        &BasicTokenType::Bearer
    }

    fn expires_in(&self) -> Option<Duration> {
        match self.expires_in {
            ExpiresIn::For(duration) => Some(duration),
            ExpiresIn::Unknown | ExpiresIn::Until(_) => None,
        }
    }

    fn refresh_token(&self) -> Option<&RefreshToken> {
        self.refresh_token.as_ref()
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        None
    }
}

/// `expires_in` as providers write it: a number of seconds, whole or not, as number or text; a date; or nothing.
/// Zero and negative numbers mean "already over"; a text that is neither number nor date says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum ExpiresIn {
    #[default]
    Unknown,
    For(Duration),
    Until(SystemTime),
}

impl ExpiresIn {
    fn seconds(seconds: f64) -> Self {
        if seconds.is_nan() {
            return Self::Unknown;
        }
        Self::For(Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX))
    }

    fn text(text: &str) -> Self {
        let text = text.trim();
        if let Ok(seconds) = text.parse() {
            return Self::seconds(seconds);
        }
        DateTime::parse_from_rfc3339(text).map_or(Self::Unknown, |date| Self::Until(date.into()))
    }
}

// Both read a `Value` first: with serde_json's feature `arbitrary_precision`, which anybody in the integrator's tree may
// switch on, numbers do not come as numbers.
impl<'de> Deserialize<'de> for ExpiresIn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Null => Ok(Self::Unknown),
            Value::Number(number) => Ok(match number.as_u64() {
                Some(seconds) => Self::For(Duration::from_secs(seconds)),
                None => Self::seconds(number.as_f64().unwrap_or(f64::INFINITY)),
            }),
            Value::String(text) => Ok(Self::text(&text)),
            _ => Err(D::Error::custom("expected a number of seconds")),
        }
    }
}

/// `scope` as a text, or as a list of texts; anything else is not told.
#[derive(Debug, Default)]
struct ScopeText(Option<String>);

impl<'de> Deserialize<'de> for ScopeText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match Value::deserialize(deserializer)? {
            Value::String(text) => Some(text),
            Value::Array(list) => Some(
                list.iter()
                    .filter_map(Value::as_str)
                    .collect::<Vec<_>>()
                    .join(" "),
            ),
            _ => None,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lifetime(json: &str) -> Option<Duration> {
        let body = format!("{{\"access_token\":\"t\",\"expires_in\":{json}}}");
        let answer: TokenAnswer = serde_json::from_str(&body).expect(json);
        answer.lifetime(SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn expires_in_is_read_in_every_form() {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(lifetime("43200"), seconds(43200));
        assert_eq!(lifetime("\" 43199 \""), seconds(43199));
        assert_eq!(lifetime("0.2"), Some(Duration::from_millis(200)));
        assert_eq!(
            lifetime("\"3600.5\""),
            Some(Duration::from_millis(3_600_500))
        );
        assert_eq!(lifetime("0"), Some(Duration::ZERO));
        assert_eq!(lifetime("-5"), Some(Duration::ZERO));
        assert_eq!(lifetime("-0.5"), Some(Duration::ZERO));
        assert_eq!(lifetime("1e300"), Some(Duration::MAX));
        assert_eq!(lifetime("18446744073709551615"), seconds(u64::MAX));
        assert_eq!(lifetime("null"), None);
        assert_eq!(lifetime("\"soon\""), None);
        assert_eq!(lifetime("\"NaN\""), None);
        assert_eq!(lifetime("\"1970-01-01T00:01:00Z\""), seconds(60));
    }

    #[test]
    fn a_lifetime_that_is_no_number_at_all_is_refused() {
        for json in ["true", "[]", "{}", "1e999"] {
            let body = format!("{{\"access_token\":\"t\",\"expires_in\":{json}}}");
            assert!(
                serde_json::from_str::<TokenAnswer>(&body).is_err(),
                "{json}"
            );
        }
    }

    #[test]
    fn scope_is_read_as_text_and_list_and_never_fails() {
        for (json, scope) in [
            ("\"a b\"", Some("a b")),
            ("[\"a\",\"b\"]", Some("a b")),
            ("null", None),
            ("7", None),
            ("{\"a\":[1]}", None),
        ] {
            let body = format!("{{\"access_token\":\"t\",\"scope\":{json}}}");
            let answer: TokenAnswer = serde_json::from_str(&body).expect(json);
            assert_eq!(answer.scope.0.as_deref(), scope);
        }
    }
}
