//! Says, as data, how one provider's wire form departs from RFC 6749 and 6750.
//!
//! Answers: [`Dialect`] and its rows. Never: does I/O, names a provider.
//!
//! A row lists **every** parameter of a token request, in order: what is not in the row is not sent. The table of
//! `docs/dialects.md` and the list of deviations are read from the same constants.

mod answers;
#[cfg(feature = "conformance")]
mod deviation;
#[cfg(feature = "conformance")]
mod table;

pub use answers::{Answers, LimitRule};
#[cfg(feature = "conformance")]
pub use deviation::{Deviation, Exchange, Stage};

use std::fmt;

use crate::grant::GrantType;

/// One provider's (or one generation's) wire form.
///
/// # Examples
/// ```
/// use auth_core::{BodyFormat, Dialect, GrantType, Parameter, TokenRow};
///
/// const ROWS: &[TokenRow] = &[TokenRow::new(GrantType::ClientCredentials, "/oauth/token", &[
///     Parameter::body("grant_type"),
///     Parameter::body("client_id"),
///     Parameter::body("client_secret"),
/// ])
/// .format(BodyFormat::Json)];
/// const DIALECT: Dialect = Dialect::new("EXAMPLE", ROWS);
/// assert_eq!(DIALECT.name(), "EXAMPLE");
/// ```
#[derive(Clone, Copy)]
pub struct Dialect {
    name: &'static str,
    rows: &'static [TokenRow],
    authorize: Option<AuthorizeRow>,
    keys: &'static [KeyRow],
    placement: Placement,
    other_placements: &'static [Placement],
    missing_token_type: bool,
    refresh: Refresh,
    answers: Answers,
    refused_hint: Option<&'static str>,
}

impl Dialect {
    /// The standard's form, but for `rows`.
    pub const fn new(name: &'static str, rows: &'static [TokenRow]) -> Self {
        Self {
            name,
            rows,
            authorize: None,
            keys: &[],
            placement: Placement::AuthorizationBearer,
            other_placements: &[],
            missing_token_type: false,
            refresh: Refresh::Supported,
            answers: Answers::new(),
            refused_hint: None,
        }
    }

    /// The authorization endpoint.
    pub const fn authorize(mut self, row: AuthorizeRow) -> Self {
        self.authorize = Some(row);
        self
    }

    /// The keys that need no exchange.
    pub const fn keys(mut self, rows: &'static [KeyRow]) -> Self {
        self.keys = rows;
        self
    }

    /// Other places for the token, on request.
    pub const fn or_placement(mut self, others: &'static [Placement]) -> Self {
        self.other_placements = others;
        self
    }

    /// Where the token travels on API calls.
    pub const fn placement(mut self, placement: Placement) -> Self {
        self.placement = placement;
        self
    }

    /// Reads an answer without `token_type` as a bearer token.
    pub const fn missing_token_type(mut self) -> Self {
        self.missing_token_type = true;
        self
    }

    /// What is known about refresh tokens.
    pub const fn refresh(mut self, refresh: Refresh) -> Self {
        self.refresh = refresh;
        self
    }

    /// How failures are told.
    pub const fn answers(mut self, answers: Answers) -> Self {
        self.answers = answers;
        self
    }

    /// What to look at when a sign-in is refused.
    pub const fn refused_hint(mut self, hint: &'static str) -> Self {
        self.refused_hint = Some(hint);
        self
    }

    /// What the dialect is called.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The row of `grant`; of several for the refresh token, the one that fits the `first` grant.
    pub(crate) fn row(&self, grant: GrantType, first: GrantType) -> Option<&'static TokenRow> {
        self.rows
            .iter()
            .find(|row| row.grant == grant && (row.after.is_empty() || row.after.contains(&first)))
    }

    pub(crate) fn authorize_row(&self) -> Option<&AuthorizeRow> {
        self.authorize.as_ref()
    }

    pub(crate) fn key_row(&self, kind: KeyKind) -> Option<&'static KeyRow> {
        self.keys.iter().find(|row| row.kind == kind)
    }

    pub(crate) fn offers_placement(&self, placement: Placement) -> bool {
        self.placement == placement || self.other_placements.contains(&placement)
    }

    pub(crate) fn token_placement(&self) -> Placement {
        self.placement
    }

    pub(crate) fn accepts_missing_token_type(&self) -> bool {
        self.missing_token_type
    }

    pub(crate) fn refresh_rule(&self) -> Refresh {
        self.refresh
    }

    pub(crate) fn answer_rules(&self) -> &Answers {
        &self.answers
    }

    pub(crate) fn hint(&self) -> Option<&'static str> {
        self.refused_hint
    }
}

impl fmt::Debug for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dialect({})", self.name)
    }
}

/// The token request of one grant. [`Dialect`] has an example, [`ApiClient`](crate::ApiClient) a whole provider.
#[derive(Clone, Copy, Debug)]
pub struct TokenRow {
    pub(crate) grant: GrantType,
    pub(crate) after: &'static [GrantType],
    pub(crate) path: &'static str,
    pub(crate) format: BodyFormat,
    pub(crate) other_format: Option<BodyFormat>,
    pub(crate) client: ClientProof,
    pub(crate) parameters: &'static [Parameter],
    pub(crate) source: &'static str,
}

impl TokenRow {
    /// A form request with exactly `parameters`, in this order.
    pub const fn new(
        grant: GrantType,
        path: &'static str,
        parameters: &'static [Parameter],
    ) -> Self {
        Self {
            grant,
            after: &[],
            path,
            format: BodyFormat::Form,
            other_format: None,
            client: ClientProof::Parameters,
            parameters,
            source: "",
        }
    }

    /// For a refresh row: the first grants that it serves.
    pub const fn after(mut self, first: &'static [GrantType]) -> Self {
        self.after = first;
        self
    }

    /// How the body is written.
    pub const fn format(mut self, format: BodyFormat) -> Self {
        self.format = format;
        self
    }

    /// How the body is written on request.
    pub const fn or_format(mut self, format: BodyFormat) -> Self {
        self.other_format = Some(format);
        self
    }

    /// How the client proves itself.
    pub const fn client(mut self, proof: ClientProof) -> Self {
        self.client = proof;
        self
    }

    /// Where it is documented, for the table of dialects.
    pub const fn source(mut self, source: &'static str) -> Self {
        self.source = source;
        self
    }
}

/// A key that travels with each API call as it is.
///
/// # Examples
/// ```
/// use auth_core::{Dialect, KeyKind, KeyRow, Parameter};
/// const KEY: KeyRow = KeyRow::new(KeyKind::Basic, &[Parameter::query("site").from("site_id")], "page \"Keys\"");
/// const DIALECT: Dialect = Dialect::new("EXAMPLE", &[]).keys(&[KEY]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct KeyRow {
    pub(crate) kind: KeyKind,
    pub(crate) query: &'static [Parameter],
    pub(crate) source: &'static str,
}

/// How a key travels.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum KeyKind {
    /// As HTTP Basic, `username:key`, not percent-encoded (RFC 7617).
    Basic,
    /// Where an access token would.
    Token,
}

impl KeyRow {
    /// A key with what each call has to carry beside it.
    pub const fn new(kind: KeyKind, query: &'static [Parameter], source: &'static str) -> Self {
        Self {
            kind,
            query,
            source,
        }
    }

    /// Where it is documented.
    pub const fn source(&self) -> &'static str {
        self.source
    }
}

/// The parameters of the authorization URL, in order. [`AuthorizationRequest`](crate::AuthorizationRequest) has an
/// example.
#[derive(Clone, Copy, Debug)]
pub struct AuthorizeRow {
    pub(crate) path: &'static str,
    pub(crate) parameters: &'static [Parameter],
    pub(crate) source: &'static str,
    #[cfg(feature = "implicit")]
    pub(crate) implicit: bool,
}

impl AuthorizeRow {
    /// A request to `path` with exactly `parameters`.
    pub const fn new(
        path: &'static str,
        parameters: &'static [Parameter],
        source: &'static str,
    ) -> Self {
        Self {
            path,
            parameters,
            source,
            #[cfg(feature = "implicit")]
            implicit: false,
        }
    }

    /// The page also gives tokens instead of codes.
    #[cfg(feature = "implicit")]
    pub const fn or_implicit(mut self) -> Self {
        self.implicit = true;
        self
    }

    /// Where it is documented.
    pub const fn source(&self) -> &'static str {
        self.source
    }

    /// Says whether the request carries a PKCE challenge.
    pub(crate) fn has_pkce(&self) -> bool {
        self.parameters
            .iter()
            .any(|parameter| parameter.value == "code_challenge")
    }
}

/// One parameter: which value it has, what it is called, where it stands.
///
/// Values go by the names of RFC 6749 (`client_id`, `username`, `refresh_token` and so on) or by those of
/// [`Principal::parameters`](crate::Principal::parameters).
///
/// # Examples
/// ```
/// use auth_core::Parameter;
/// let renamed = Parameter::body("email").from("username");
/// let beside_the_grant = Parameter::query("siteId").from("site_id").if_set();
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    pub(crate) value: &'static str,
    pub(crate) wire: &'static str,
    pub(crate) place: Place,
    pub(crate) optional: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Place {
    Body,
    Query,
}

impl Parameter {
    /// In the body, by the name that its value has in RFC 6749.
    pub const fn body(name: &'static str) -> Self {
        Self {
            value: name,
            wire: name,
            place: Place::Body,
            optional: false,
        }
    }

    /// In the query.
    pub const fn query(name: &'static str) -> Self {
        Self {
            value: name,
            wire: name,
            place: Place::Query,
            optional: false,
        }
    }

    /// Carries the value that is called `value` elsewhere.
    pub const fn from(mut self, value: &'static str) -> Self {
        self.value = value;
        self
    }

    /// Left out where no value is set; never sent empty.
    pub const fn if_set(mut self) -> Self {
        self.optional = true;
        self
    }
}

/// How the body of a token request is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum BodyFormat {
    /// `application/x-www-form-urlencoded`, the standard.
    Form,
    /// `application/json`, an object of texts.
    Json,
}

/// How the client proves itself at the token endpoint.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ClientProof {
    /// Only by what the row's parameters say.
    Parameters,
    /// `Authorization: Basic base64(client_id:client_secret)`, each half form-encoded first: RFC 6749 section 2.3.1.
    Basic,
    /// `Authorization: Bearer base64(client_id:client_secret)`: UTF-8, padded standard alphabet, not percent-encoded.
    BearerBase64,
}

impl ClientProof {
    /// Whether client id and secret travel as a pair in a header.
    pub(crate) fn is_pair(self) -> bool {
        self != Self::Parameters
    }
}

/// Where the access token travels on API calls.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Placement {
    /// `Authorization: Bearer T`, the standard.
    AuthorizationBearer,
    /// `Authorization: T`.
    AuthorizationRaw,
    /// A header of its own, by its lower-case name, holding the bare token.
    Header(&'static str),
}

impl Placement {
    pub(crate) fn header_name(self) -> http::HeaderName {
        match self {
            Self::AuthorizationBearer | Self::AuthorizationRaw => http::header::AUTHORIZATION,
            Self::Header(name) => http::HeaderName::from_static(name),
        }
    }
}

/// What is known about a dialect's refresh tokens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Refresh {
    /// They can be exchanged.
    Supported,
    /// They are issued, but how to use them is not documented: tried once; any 4xx leads to the original grant.
    Undocumented,
    /// There are none; one that comes all the same is not used.
    None,
}
