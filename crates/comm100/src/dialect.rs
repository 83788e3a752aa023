//! Says how each generation of Comm100's sign-in departs from the RFCs, one constant a generation.
//!
//! Seed 000 is the v4 page "Authentication" (2025-03-21), 001 the v2 introduction, 002 the partner "OAuth API" page
//! (2023-02-28). A star marks what no seed documents.

use auth_core::{
    Answers, AuthorizeRow, BodyFormat, Dialect, GrantType, KeyKind, KeyRow, LimitRule, Parameter,
    Refresh, TokenRow,
};

const fn body(name: &'static str) -> Parameter {
    Parameter::body(name)
}

/// 403 stands for a missing permission and for a used-up limit; only code or message tell them apart (seed 001). The
/// daily limit is also told as 500 with code 500010 *.
const ANSWERS: Answers = Answers::new()
    .limits(&[
        LimitRule::word(403, "limit"),
        LimitRule::code(500, "500010"),
    ])
    .unauthorized_hint(
        "check that token or key belong to this platform and are still valid in the control panel",
    );

const REFUSED: &str = "check client id, secret and redirect URI in the control panel, and that the \
                       platform's host is the one of your control panel";

/// v4 on `dashNN.comm100.io`.
///
/// # Examples
/// ```
/// assert_eq!(comm100::DASH_V4.name(), "DASH_V4"); // as in the key of a token store
/// ```
pub const DASH_V4: Dialect = Dialect::new("DASH_V4", DASH_ROWS)
    .authorize(DASH_AUTHORIZE)
    .keys(&[KeyRow::new(
        KeyKind::Basic,
        &[Parameter::query("siteId").from("site_id")],
        "seed 000, API Key Authentication",
    )])
    .answers(ANSWERS)
    .refused_hint(REFUSED);

const DASH_AUTHORIZE: AuthorizeRow = AuthorizeRow::new(
    "/oauth/authorize",
    &[
        body("client_id"),
        body("response_type"),
        body("redirect_uri"),
        body("code_challenge"),
        body("code_challenge_method"),
        body("siteId").from("site_id"),
        body("state"),
        body("scope").if_set(),
    ],
    "seed 000, Authorization Code Grant; `state` is ours, `scope` *",
);

/// Seed 000's only source for the exchange is a sample with a JSON body, `-D` and the type `x-www-form-urlencoded`: it
/// is read as a slip, and a form is sent.
const DASH_EXCHANGE: TokenRow = TokenRow::new(
    GrantType::AuthorizationCode,
    "/oauth/token",
    &[
        body("grant_type"),
        body("client_id"),
        body("code_verifier"),
        body("code"),
        body("redirect_uri"),
        body("client_secret")
            .from("exchange_client_secret")
            .if_set(),
        Parameter::query("siteId").from("token_site_id").if_set(),
    ],
)
.or_format(BodyFormat::Json)
.source("seed 000, Authorization Code Grant; a secret and `siteId` * only on request");

#[cfg(feature = "password-grant")]
const DASH_PASSWORD: TokenRow = TokenRow::new(
    GrantType::Password,
    "/oauth/token",
    &[
        body("grant_type"),
        body("email").from("username"),
        body("password"),
        body("client_id"),
        Parameter::query("siteId").from("token_site_id").if_set(),
    ],
)
.source("seed 000, Password Grant (deprecated); `siteId` * only on request");

const DASH_REFRESH: TokenRow = TokenRow::new(
    GrantType::RefreshToken,
    "/oauth/token",
    &[
        body("grant_type"),
        body("client_id"),
        body("refresh_token"),
        body("client_secret").if_set(),
        Parameter::query("siteId").from("token_site_id").if_set(),
    ],
)
.source("seed 000, Refresh token; `siteId` * only on request");

const DASH_ROWS: &[TokenRow] = &[
    DASH_EXCHANGE,
    #[cfg(feature = "password-grant")]
    DASH_PASSWORD,
    DASH_REFRESH,
];

/// v2 on `hosted.comm100.com`, `ent.comm100.com` and other control panels.
pub const HOSTED_V2: Dialect = Dialect::new(
    "HOSTED_V2",
    &[
        TokenRow::new(
            GrantType::AuthorizationCode,
            "/oauth/token",
            &[
                body("grant_type"),
                body("code"),
                body("redirect_uri"),
                body("client_id"),
                body("client_secret"),
            ],
        )
        .source("seed 001, Exchange for an access token"),
        #[cfg(feature = "password-grant")]
        TokenRow::new(
            GrantType::Password,
            "/oauth/token",
            &[
                body("grant_type"),
                body("email").from("username"),
                body("password"),
            ],
        )
        .source("seed 001, Password Grant Type"),
        TokenRow::new(
            GrantType::ClientCredentials,
            "/oauth/token",
            &[
                body("grant_type"),
                body("redirect_uri"),
                body("client_id"),
                body("client_secret"),
                body("siteId").from("site_id"),
            ],
        )
        .source("seed 001, Client Credentials Type; the sample's `code` is in no parameter list"),
        TokenRow::new(
            GrantType::RefreshToken,
            "/oauth/token",
            &[
                body("grant_type"),
                body("refresh_token"),
                body("client_id"),
                body("client_secret"),
            ],
        )
        .after(&[GrantType::AuthorizationCode, GrantType::ClientCredentials])
        .source("* issued, never explained; the client's proof is the first grant's"),
        #[cfg(feature = "password-grant")]
        TokenRow::new(
            GrantType::RefreshToken,
            "/oauth/token",
            &[body("grant_type"), body("refresh_token")],
        )
        .after(&[GrantType::Password])
        .source("* issued, never explained; the client's proof is the first grant's"),
        #[cfg(feature = "implicit")]
        TokenRow::new(
            GrantType::RefreshToken,
            "/oauth/token",
            &[body("grant_type"), body("refresh_token"), body("client_id")],
        )
        .after(&[GrantType::Implicit])
        .source("* issued, never explained; the client's proof is the first grant's"),
    ],
)
.authorize(HOSTED_AUTHORIZE)
.keys(&[KeyRow::new(
    KeyKind::Basic,
    &[],
    "seed 001, API_key Authentication",
)])
.refresh(Refresh::Undocumented)
.answers(ANSWERS)
.refused_hint(REFUSED);

const HOSTED_AUTHORIZE: AuthorizeRow = {
    let row = AuthorizeRow::new(
        "/oauth/authorize",
        &[
            body("client_id"),
            body("siteId").from("site_id"),
            body("redirect_uri"),
            body("response_type"),
            body("state"),
            body("scope").if_set(),
        ],
        "seed 001, Get an authorization code and Implicit Grant Flow; `state` is ours, `scope` *",
    );
    #[cfg(feature = "implicit")]
    let row = row.or_implicit();
    row
};

/// The v2 partner API, on the host of the v2 control panel.
#[cfg(feature = "partner")]
pub const PARTNER_V2: Dialect = Dialect::new(
    "PARTNER_V2",
    &[
        TokenRow::new(
            GrantType::Password,
            "/partner/oauth/token",
            &[
                body("grant_type"),
                body("email").from("username"),
                body("password"),
            ],
        )
        .source("seed 001, Partner API OAuth Authentication"),
        TokenRow::new(
            GrantType::RefreshToken,
            "/partner/oauth/token",
            &[body("grant_type"), body("refresh_token")],
        )
        .after(&[GrantType::Password])
        .source("* issued, never explained; the client's proof is the first grant's"),
    ],
)
.refresh(Refresh::Undocumented)
.answers(ANSWERS)
.refused_hint(REFUSED);

/// The v4 partner API, on `partner.comm100.io`.
#[cfg(feature = "partner")]
pub const PARTNER_V4: Dialect = Dialect::new(
    "PARTNER_V4",
    &[TokenRow::new(
        GrantType::Password,
        "/oauth/token",
        &[
            body("client_id"),
            body("grant_type"),
            body("email").from("username"),
            body("password"),
            Parameter::query("partnerId").from("partner_id"),
        ],
    )
    .source("seed 002, Request token by Password")],
)
.refresh(Refresh::None)
.answers(ANSWERS)
.refused_hint(REFUSED);
