//! The wire forms that the tests speak; none of them is a provider's.

use auth_core::{
    Answers, AuthorizeRow, BodyFormat, ClientProof, Dialect, GrantType, KeyKind, KeyRow, LimitRule,
    Parameter, Placement, Refresh, TokenRow,
};

/// Where every dialect here has its token endpoint.
pub(crate) const TOKEN_PATH: &str = "/oauth/token";

/// Keys of both kinds, with nothing beside them.
const KEYS: &[KeyRow] = &[
    KeyRow::new(KeyKind::Basic, &[], "made up"),
    KeyRow::new(KeyKind::Token, &[], "made up"),
];

const CODE: &[Parameter] = &[
    Parameter::body("grant_type"),
    Parameter::body("client_id"),
    Parameter::body("client_secret").if_set(),
    Parameter::body("code"),
    Parameter::body("redirect_uri"),
    Parameter::body("code_verifier").if_set(),
];

const CREDENTIALS: &[Parameter] = &[
    Parameter::body("grant_type"),
    Parameter::body("client_id"),
    Parameter::body("client_secret"),
];

const REFRESH: &[Parameter] = &[
    Parameter::body("grant_type"),
    Parameter::body("client_id"),
    Parameter::body("client_secret").if_set(),
    Parameter::body("refresh_token"),
];

/// The standard's own form, refresh tokens included.
pub(crate) const FORM: Dialect = Dialect::new("FORM", FORM_ROWS)
    .keys(KEYS)
    .authorize(or_implicit(AuthorizeRow::new(
        "/oauth/authorize",
        &[
            Parameter::query("client_id"),
            Parameter::query("response_type"),
            Parameter::query("redirect_uri"),
            Parameter::query("code_challenge"),
            Parameter::query("code_challenge_method"),
            Parameter::query("siteId").from("site_id").if_set(),
            Parameter::query("scope").if_set(),
            Parameter::query("state"),
        ],
        "",
    )));

const FORM_ROWS: &[TokenRow] = &[
    TokenRow::new(GrantType::AuthorizationCode, TOKEN_PATH, CODE),
    TokenRow::new(GrantType::ClientCredentials, TOKEN_PATH, CREDENTIALS),
    #[cfg(feature = "password-grant")]
    TokenRow::new(
        GrantType::Password,
        TOKEN_PATH,
        &[
            Parameter::body("grant_type"),
            Parameter::body("client_id"),
            Parameter::body("username"),
            Parameter::body("password"),
        ],
    ),
    TokenRow::new(GrantType::RefreshToken, TOKEN_PATH, REFRESH),
];

/// A JSON body, the client's pair behind `Bearer`, a header of its own for the token, failures under 200.
pub(crate) const JSON: Dialect = Dialect::new("JSON", JSON_ROWS)
    .keys(KEYS)
    .placement(Placement::Header("x-token"))
    .missing_token_type()
    .answers(
        Answers::new()
            .soft_failure("success")
            .limits(&[LimitRule::word(403, "quota")])
            .unauthorized_hint("look at the test"),
    )
    .refused_hint("is the dialect switched on?");

const JSON_ROWS: &[TokenRow] = &[
    TokenRow::new(
        GrantType::ClientCredentials,
        TOKEN_PATH,
        &[
            Parameter::body("grant_type"),
            Parameter::body("proof").from("pair"),
            Parameter::query("tenant"),
        ],
    )
    .format(BodyFormat::Json)
    .client(ClientProof::BearerBase64),
    TokenRow::new(
        GrantType::RefreshToken,
        TOKEN_PATH,
        &[
            Parameter::body("grant_type"),
            Parameter::body("renewal").from("refresh_token"),
            Parameter::query("tenant"),
        ],
    )
    .after(&[GrantType::ClientCredentials])
    .format(BodyFormat::Json)
    .client(ClientProof::BearerBase64),
];

/// Refresh tokens are issued, and nobody says what to do with them; no PKCE.
pub(crate) const GUESS: Dialect = Dialect::new("GUESS", GUESS_ROWS)
    .keys(KEYS)
    .refresh(Refresh::Undocumented)
    .placement(Placement::AuthorizationRaw)
    .authorize(GUESS_PAGE);

const GUESS_PAGE: AuthorizeRow = or_implicit(AuthorizeRow::new(
    "/sign-in",
    &[
        Parameter::query("app").from("client_id"),
        Parameter::query("response_type"),
        Parameter::query("redirect_uri"),
        Parameter::query("siteId").from("site_id"),
        Parameter::query("state"),
    ],
    "",
));

/// Both pages give tokens too, where the build knows how to ask for them.
const fn or_implicit(row: AuthorizeRow) -> AuthorizeRow {
    #[cfg(feature = "implicit")]
    let row = row.or_implicit();
    row
}

const GUESS_ROWS: &[TokenRow] = &[
    TokenRow::new(GrantType::AuthorizationCode, TOKEN_PATH, CODE),
    TokenRow::new(GrantType::ClientCredentials, TOKEN_PATH, CREDENTIALS),
    #[cfg(feature = "password-grant")]
    TokenRow::new(
        GrantType::Password,
        TOKEN_PATH,
        &[
            Parameter::body("grant_type"),
            Parameter::body("email").from("username"),
            Parameter::body("password"),
        ],
    ),
    TokenRow::new(GrantType::RefreshToken, TOKEN_PATH, REFRESH),
];

/// The standard's own form: the client by HTTP Basic, all else in the form.
pub(crate) const BASIC: Dialect = Dialect::new("BASIC", BASIC_ROWS);

const BASIC_ROWS: &[TokenRow] = &[
    TokenRow::new(
        GrantType::ClientCredentials,
        TOKEN_PATH,
        &[Parameter::body("grant_type")],
    )
    .client(ClientProof::Basic),
    TokenRow::new(
        GrantType::RefreshToken,
        TOKEN_PATH,
        &[
            Parameter::body("grant_type"),
            Parameter::body("refresh_token"),
        ],
    )
    .after(&[GrantType::ClientCredentials])
    .client(ClientProof::Basic),
];

/// A provider that is asked with a token that needs no exchange, and wants a site with it.
pub(crate) const KEYED: Dialect = Dialect::new("KEYED", &[])
    .placement(Placement::Header("x-token"))
    .keys(&[KeyRow::new(
        KeyKind::Token,
        &[Parameter::query("siteId").from("site_id")],
        "made up",
    )]);
