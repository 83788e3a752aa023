//! Says how WebCommander's sign-in departs from the RFCs.

use auth_core::{Answers, BodyFormat, Dialect, GrantType, Parameter, Placement, TokenRow};

const fn body(name: &'static str) -> Parameter {
    Parameter::body(name)
}

/// The API, `v4`. Seed 004 is the page "WebCommander API Authentication"; a star marks what no seed documents.
///
/// The page's prose puts the token into the `Authorization` header, both its examples into a header called
/// `access_token`: the examples win, and [`TokenHeader`](crate::TokenHeader) offers the other readings.
///
/// # Examples
/// ```
/// assert_eq!(webcommander::WEBCOMMANDER.name(), "WEBCOMMANDER"); // as in the key of a token store
/// ```
pub const WEBCOMMANDER: Dialect = Dialect::new(
    "WEBCOMMANDER",
    &[
        TokenRow::new(
            GrantType::ClientCredentials,
            "/api/v4/oauth2/token",
            &[
                body("grant_type"),
                body("auth_string"),
                body("redirect_uri"),
                body("client_id"),
                body("client_secret"),
            ],
        )
        .format(BodyFormat::Json)
        .source("seed 004, Obtaining an Access Token"),
        TokenRow::new(
            GrantType::RefreshToken,
            "/api/v4/oauth2/token",
            &[
                body("grant_type"),
                body("refresh_token"),
                body("redirect_uri"),
                body("client_id"),
                body("client_secret"),
            ],
        )
        .after(&[GrantType::ClientCredentials])
        .format(BodyFormat::Json)
        .source("* the vendor's own Python SDK"),
    ],
)
.placement(Placement::Header("access_token"))
.or_placement(&[Placement::AuthorizationBearer, Placement::AuthorizationRaw])
.missing_token_type()
.answers(Answers::new().soft_failure("isSuccess").unauthorized_hint(
    "some proxies drop headers with an underscore, and newer stores want \
     `TokenHeader::AuthorizationBearer`",
))
.refused_hint("check client id and secret, redirect URI, user name and password of the store");
