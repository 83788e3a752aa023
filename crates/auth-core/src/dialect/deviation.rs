//! Lists where a dialect departs from the standard, and looks for each departure on the wire.

use std::fmt;

use http::HeaderMap;
use url::form_urlencoded;

use super::{BodyFormat, ClientProof, Dialect, Parameter, Place, Placement, TokenRow};
use crate::grant::GrantType;
use crate::secret::secret_of_pair;

/// Where in a client's life a departure shows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Stage {
    /// The authorization URL.
    Authorize,
    /// The first token request, by its grant.
    First(GrantType),
    /// A token request with a refresh token, by the grant that came first.
    Refresh(GrantType),
    /// The answer to a token request.
    Answer,
    /// An API call with a token.
    ApiCall,
    /// An API call with a key.
    KeyCall,
}

/// One departure from RFC 6749 or 6750, as the dialect declares it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Deviation {
    stage: Stage,
    what: What,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum What {
    JsonBody,
    BearerBase64,
    NoClientId,
    Renamed(&'static str, &'static str),
    Extra(&'static str),
    ExtraInQuery(&'static str),
    TokenHeader(Placement),
    NoTokenType,
}

/// One exchange as it was on the wire, to look for departures in.
///
/// # Examples
/// ```
/// use auth_core::{BodyFormat, Dialect, Exchange, GrantType, HeaderMap, Parameter, Stage, TokenRow};
///
/// const ROWS: &[TokenRow] = &[TokenRow::new(GrantType::ClientCredentials, "/token", &[
///     Parameter::body("grant_type"),
///     Parameter::body("client_id"),
/// ])
/// .format(BodyFormat::Json)];
/// let dialect = Dialect::new("EXAMPLE", ROWS);
///
/// let (stage, headers) = (Stage::First(GrantType::ClientCredentials), HeaderMap::new());
/// let form = Exchange::new(stage, "", &headers, b"grant_type=client_credentials&client_id=app-1");
/// assert_eq!(dialect.unseen(&[form]), dialect.deviations()); // declared as JSON, and never seen so
/// let json = Exchange::new(stage, "", &headers, br#"{"grant_type":"client_credentials","client_id":"app-1"}"#);
/// assert!(dialect.unseen(&[json]).is_empty());
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Exchange<'a> {
    /// What it was.
    pub stage: Stage,
    /// The query of the request, without the question mark.
    pub query: &'a str,
    /// The headers of the request.
    pub headers: &'a HeaderMap,
    /// The body of the request or, for [`Stage::Answer`], of the answer.
    pub body: &'a [u8],
}

impl<'a> Exchange<'a> {
    /// An exchange as it was on the wire.
    pub fn new(stage: Stage, query: &'a str, headers: &'a HeaderMap, body: &'a [u8]) -> Self {
        Self {
            stage,
            query,
            headers,
            body,
        }
    }
}

impl Dialect {
    /// Every departure that the dialect declares, once for each stage in which it must show.
    pub fn deviations(&self) -> Vec<Deviation> {
        let mut found = Vec::new();
        for row in self.rows {
            for stage in row.stages() {
                row.deviations(stage, &mut found);
            }
        }
        if let Some(row) = &self.authorize {
            for parameter in row
                .parameters
                .iter()
                .filter(|parameter| !parameter.optional)
            {
                parameter.deviations(Stage::Authorize, &mut found);
            }
        }
        for parameter in self.keys.iter().flat_map(|row| row.query) {
            let what = What::ExtraInQuery(parameter.wire);
            found.push(Deviation {
                stage: Stage::KeyCall,
                what,
            });
        }
        if self.placement != Placement::AuthorizationBearer {
            found.push(Deviation {
                stage: Stage::ApiCall,
                what: What::TokenHeader(self.placement),
            });
        }
        if self.missing_token_type {
            found.push(Deviation {
                stage: Stage::Answer,
                what: What::NoTokenType,
            });
        }
        found
    }
}

impl Dialect {
    /// The declared departures that `exchanges` do not bear out: an exchange of their stage does not show them, or there
    /// is no exchange of their stage.
    pub fn unseen(&self, exchanges: &[Exchange<'_>]) -> Vec<Deviation> {
        let is_unseen = |deviation: &Deviation| {
            let mut of_stage = exchanges
                .iter()
                .filter(|one| one.stage == deviation.stage)
                .peekable();
            of_stage.peek().is_none() || !of_stage.all(|one| deviation.shows_in(one))
        };
        self.deviations().into_iter().filter(is_unseen).collect()
    }
}

impl TokenRow {
    /// A row for the refresh token serves one stage for each grant that can come first.
    fn stages(&self) -> Vec<Stage> {
        if self.grant != GrantType::RefreshToken {
            return vec![Stage::First(self.grant)];
        }
        let first: &[GrantType] = if self.after.is_empty() {
            &[GrantType::AuthorizationCode]
        } else {
            self.after
        };
        first.iter().map(|first| Stage::Refresh(*first)).collect()
    }

    fn deviations(&self, stage: Stage, found: &mut Vec<Deviation>) {
        let mut add = |what| found.push(Deviation { stage, what });
        if self.format == BodyFormat::Json {
            add(What::JsonBody);
        }
        let has_client_id = || {
            let mut values = self.parameters.iter().map(|parameter| parameter.value);
            values.any(|value| value == "client_id")
        };
        match self.client {
            ClientProof::Basic => {}
            ClientProof::BearerBase64 => add(What::BearerBase64),
            ClientProof::Parameters if has_client_id() => {}
            ClientProof::Parameters => add(What::NoClientId),
        }
        for parameter in self
            .parameters
            .iter()
            .filter(|parameter| !parameter.optional)
        {
            parameter.deviations(stage, found);
        }
    }
}

impl Parameter {
    fn deviations(&self, stage: Stage, found: &mut Vec<Deviation>) {
        let standard = match stage {
            Stage::Authorize => &[
                "client_id",
                "response_type",
                "redirect_uri",
                "code_challenge",
                "code_challenge_method",
                "state",
            ][..],
            Stage::First(GrantType::AuthorizationCode) => &[
                "grant_type",
                "client_id",
                "client_secret",
                "code",
                "redirect_uri",
                "code_verifier",
            ][..],
            _ => &[
                "grant_type",
                "client_id",
                "client_secret",
                "refresh_token",
                "username",
                "password",
                "scope",
            ][..],
        };
        let what = if !standard.contains(&self.value) {
            match self.place {
                Place::Body if stage == Stage::Authorize => What::ExtraInQuery(self.wire),
                Place::Body => What::Extra(self.wire),
                Place::Query => What::ExtraInQuery(self.wire),
            }
        } else if self.value != self.wire {
            What::Renamed(self.value, self.wire)
        } else {
            return;
        };
        found.push(Deviation { stage, what });
    }
}

impl Deviation {
    /// Where it must show.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// Says whether it shows in `exchange`.
    pub fn shows_in(&self, exchange: &Exchange<'_>) -> bool {
        if exchange.stage != self.stage {
            return false;
        }
        let authorization = exchange
            .headers
            .get(http::header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let body = || Members::of(exchange.body);
        let query = || Members::of(exchange.query.as_bytes());
        match self.what {
            What::JsonBody => {
                serde_json::from_slice::<serde_json::Map<_, _>>(exchange.body).is_ok()
            }
            What::BearerBase64 => authorization
                .and_then(|value| value.strip_prefix("Bearer "))
                .is_some_and(|pair| secret_of_pair(pair).is_some()),
            What::NoClientId => !body().has("client_id") && authorization.is_none(),
            What::Renamed(standard, wire) => {
                let has = |name| body().has(name) || query().has(name);
                has(wire) && !has(standard)
            }
            What::Extra(wire) => body().has(wire),
            What::ExtraInQuery(wire) => query().has(wire),
            What::TokenHeader(placement) => {
                exchange.headers.contains_key(placement.header_name())
                    && !authorization.is_some_and(|value| value.starts_with("Bearer "))
            }
            What::NoTokenType => body().has("access_token") && !body().has("token_type"),
        }
    }
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.stage {
            Stage::Authorize => f.write_str("authorization URL: ")?,
            Stage::First(grant) => write!(f, "{}: ", grant.name())?,
            Stage::Refresh(first) => write!(f, "refresh after {}: ", first.name())?,
            Stage::Answer => f.write_str("token answer: ")?,
            Stage::ApiCall => f.write_str("API call: ")?,
            Stage::KeyCall => f.write_str("API call with a key: ")?,
        }
        match self.what {
            What::JsonBody => f.write_str("the body is JSON, not a form"),
            What::BearerBase64 => {
                f.write_str("the client's pair stands in Base64 behind `Bearer`, not `Basic`")
            }
            What::NoClientId => f.write_str("the client does not name itself"),
            What::Renamed(standard, wire) => write!(f, "`{standard}` is called `{wire}`"),
            What::Extra(wire) => write!(f, "`{wire}` is sent besides"),
            What::ExtraInQuery(wire) => write!(f, "`{wire}` is sent besides, in the query"),
            What::TokenHeader(Placement::Header(name)) => {
                write!(f, "the token travels bare in a header called `{name}`")
            }
            What::TokenHeader(_) => f.write_str("the token travels bare in `Authorization`"),
            What::NoTokenType => f.write_str("`token_type` is missing and read as `bearer`"),
        }
    }
}

/// The names of a body's members, be it a form or a JSON object.
struct Members(Vec<String>);

impl Members {
    fn of(body: &[u8]) -> Self {
        match serde_json::from_slice::<serde_json::Map<_, _>>(body) {
            Ok(object) => Self(object.keys().cloned().collect()),
            Err(_) => Self(
                form_urlencoded::parse(body)
                    .map(|(name, _)| name.into_owned())
                    .collect(),
            ),
        }
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|known| known == name)
    }
}
