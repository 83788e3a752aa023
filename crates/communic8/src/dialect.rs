//! Says how Communic8's sign-in departs from the RFCs.

use auth_core::{
    Answers, BodyFormat, ClientProof, Dialect, GrantType, KeyKind, KeyRow, Parameter, Refresh,
    TokenRow,
};

/// The public API, `int/v1`. Seed 003 is the page "Authentication".
///
/// The page names RFC 6749 section 4.4 as its model, yet the pair stands behind `Bearer` and the body is JSON: the
/// header table and the JavaScript sample say so, and win over the curl sample's bare `<token>`.
///
/// # Examples
/// ```
/// assert_eq!(communic8::COMMUNIC8.name(), "COMMUNIC8"); // as in the key of a token store
/// ```
pub const COMMUNIC8: Dialect = Dialect::new(
    "COMMUNIC8",
    &[TokenRow::new(
        GrantType::ClientCredentials,
        "/int/v1/oauth/token",
        &[Parameter::body("grant_type")],
    )
    .format(BodyFormat::Json)
    .client(ClientProof::BearerBase64)
    .source("seed 003, Request token")],
)
.keys(&[KeyRow::new(
    KeyKind::Token,
    &[],
    "seed 003, Bearer Token; the default",
)])
.refresh(Refresh::None)
.answers(Answers::new().soft_failure("success").unauthorized_hint(
    "an instance takes either static tokens or OAuth 2.0; ask Communic8 support which one is \
         switched on",
))
.refused_hint(
    "OAuth 2.0 is off until Communic8 support switches it on for an instance; the default is the \
     static token",
);
