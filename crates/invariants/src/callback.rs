//! The request with which a provider sends a person back.
//!
//! The first line says how the sign-in was begun: `implicit`, and `loose` where a missing `state` is accepted. The rest is
//! the callback; `$STATE` in it stands for the state of this sign-in, and `$VERIFIER` for its secret.

use auth_core::{
    AuthorizationRequest, AuthorizeRow, BaseUrl, Dialect, ErrorKind, GrantType, Parameter,
    TokenRow, Url,
};
use canary::Secrets;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::Outcome;
use crate::scene::{self, HOST};

/// Where persons come back to.
const REDIRECT_URI: &str = "https://app.example/back?from=x y";
/// A code that begins so is a secret; chance writes none.
const CODE: &str = "canary-code";

const PAGE: AuthorizeRow = AuthorizeRow::new(
    "/oauth/authorize",
    &[
        Parameter::query("client_id"),
        Parameter::query("response_type"),
        Parameter::query("redirect_uri"),
        Parameter::query("code_challenge"),
        Parameter::query("code_challenge_method"),
        Parameter::query("state"),
    ],
    "made up",
)
.or_implicit();
const ROWS: &[TokenRow] = &[TokenRow::new(
    GrantType::AuthorizationCode,
    "/oauth/token",
    &[
        Parameter::body("grant_type"),
        Parameter::body("client_id"),
        Parameter::body("code"),
        Parameter::body("redirect_uri"),
        Parameter::body("code_verifier"),
    ],
)];
const DIALECT: Dialect = Dialect::new("PAGE", ROWS).authorize(PAGE);

/// Reads a callback.
///
/// # Panics
/// Where an invariant does not hold.
#[expect(
    clippy::expect_used,
    reason = "a check that can't begin a sign-in can't go on, and is a test itself"
)]
pub fn check(input: &[u8]) -> Outcome {
    let input = String::from_utf8_lossy(input);
    let (how, text) = input.split_once('\n').unwrap_or(("", &input));
    let is_implicit = how.contains("implicit");
    let is_loose = how.contains("loose") && !is_implicit;

    let base = BaseUrl::parse("base", HOST, &[]).expect("a good URL");
    let mut request =
        AuthorizationRequest::new(DIALECT, base, "app-1", REDIRECT_URI).expect("a good request");
    if is_implicit {
        request = request.implicit();
    }
    if is_loose {
        request = request.allow_missing_state();
    }
    let (page, pending) = request.start().expect("a sign-in");
    let state = page.query_pairs().find(|(name, _)| name == "state");
    let state = state.map(|(_, value)| value.into_owned()).expect("a state");
    let export: Value = serde_json::from_str(pending.export().expose()).expect("an export");
    // An implicit sign-in has none.
    let verifier = export["verifier"].as_str();
    let mut text = text.replace("$STATE", &state);
    if let Some(verifier) = verifier {
        text = text.replace("$VERIFIER", verifier);
    }

    let told = Told::read(&text, if is_implicit { '#' } else { '?' });
    let mut secrets = Secrets::new([state.as_str()].into_iter().chain(verifier));
    for code in told.all("code").filter(|code| code.starts_with(CODE)) {
        secrets.plant(code);
    }
    let refused = |error: &auth_core::Error| {
        scene::on(|scene| scene.accept_without(error, &secrets));
        let kinds = [
            ErrorKind::Blocked,
            ErrorKind::Decode,
            ErrorKind::Permission,
            ErrorKind::Provider,
        ];
        assert!(kinds.contains(&error.kind()), "{error:?}");
        Outcome::Refused
    };
    let shown = if is_implicit {
        match pending.check_implicit(&text) {
            Err(error) => return refused(&error),
            Ok(tokens) => {
                let token = tokens.access_token().expose();
                assert!(told.all("access_token").eq([token]), "another token");
                assert!(!token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()));
                format!("{tokens:?}")
            }
        }
    } else {
        match pending.check(&text) {
            Err(error) => return refused(&error),
            Ok(code) => {
                assert_eq!(told.all("code").count(), 1, "not one code: {text}");
                assert_ne!(told.all("code").next(), Some(""), "an empty code: {text}");
                format!("{code:?} {code:#?}")
            }
        }
    };
    assert!(told.is_at(REDIRECT_URI), "it came elsewhere: {text}");
    match told.all("state").count() {
        0 => assert!(is_loose, "no state: {text}"),
        _ => assert!(
            told.all("state").eq([state.as_str()]),
            "another state: {text}"
        ),
    }
    assert!(
        told.all("iss").all(|iss| iss == HOST),
        "another issuer: {text}"
    );
    assert_eq!(told.all("error").count(), 0, "a refusal passed: {text}");
    if !is_implicit {
        let is_own = |value: &str| matches!(value, "x y" | "x+y");
        assert!(
            told.all("from").all(is_own) && told.all("from").count() == 1,
            "{text}"
        );
    }
    assert_eq!(secrets.leak(&shown), None);
    Outcome::Accepted
}

/// A callback as another reader understands it.
struct Told {
    address: String,
    pairs: Vec<(String, String)>,
}

impl Told {
    fn read(text: &str, mark: char) -> Self {
        let text = text.trim();
        let (before, fragment) = text.split_once('#').unwrap_or((text, ""));
        let (address, query) = before.split_once('?').unwrap_or((before, ""));
        let behind = if mark == '?' { query } else { fragment };
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let pairs = behind.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        Self {
            address: address.to_owned(),
            pairs: pairs
                .map(|(name, value)| (decode(name), decode(value)))
                .collect(),
        }
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let found = self.pairs.iter().filter(move |(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Whether it came to `uri`, as far as it says where it came to.
    fn is_at(&self, uri: &str) -> bool {
        let Ok(own) = Url::parse(uri) else {
            return false;
        };
        let address = self.address.as_str();
        let is_path = address.is_empty() || address == own.path();
        is_path
            || Url::parse(address).is_ok_and(|found| {
                found.origin() == own.origin()
                    && found.path() == own.path()
                    && found.username().is_empty()
                    && found.password().is_none()
            })
    }
}
