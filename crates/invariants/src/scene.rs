//! Sets the scene: clients that never connect, the secrets that they hold, and what every error must keep to.

use std::cell::RefCell;
use std::future::Future;
use std::time::Duration;

use auth_core::{
    Answers, ApiClient, BaseUrl, Dialect, Error, Grant, GrantType, KeyKind, KeyRow, LimitRule,
    Parameter, ParameterValue, Placement, Principal, Profile, Refresh, Settings, TokenRow,
    TokenSet,
};
use canary::{Secrets, told};
use tokio::runtime::{Builder, Runtime};

/// Where nobody is asked.
pub(crate) const HOST: &str = "https://api.example.com:8443";
/// The application's own secret.
pub(crate) const CLIENT_SECRET: &str = "canary-client/secret+1";
/// The access token of the earlier sign-in, which calls travel with.
pub(crate) const ACCESS: &str = "canary-access/token+1==";
/// The refresh token of the earlier sign-in, which renewals send.
pub(crate) const REFRESH: &str = "canary-refresh/token+1";
/// The password half of a pair.
pub(crate) const PASSWORD: &str = "canary&pass=word?1";
/// A secret that looks like the name of a member.
const PLAIN: &str = "canaryPlainSecret1";

/// The longest line that an error may be, in characters.
const LONGEST_LINE: usize = 1_600;

const ROW: &[TokenRow] = &[
    TokenRow::new(GrantType::ClientCredentials, "/oauth/token", PARAMETERS),
    TokenRow::new(GrantType::RefreshToken, "/oauth/token", RENEWAL),
];
const PARAMETERS: &[Parameter] = &[
    Parameter::body("grant_type"),
    Parameter::body("client_id"),
    Parameter::body("client_secret"),
    Parameter::body("auth_string").from("pair"),
];
const RENEWAL: &[Parameter] = &[
    Parameter::body("grant_type"),
    Parameter::body("client_id"),
    Parameter::body("client_secret"),
    Parameter::body("auth_string").from("pair"),
    Parameter::body("refresh_token"),
];
const KEYS: &[KeyRow] = &[KeyRow::new(
    KeyKind::Token,
    &[Parameter::query("siteId").from("site_id")],
    "made up",
)];

/// The standard's own form.
const STRICT: Dialect = Dialect::new("STRICT", ROW).keys(KEYS);
/// All that a dialect can allow.
const LENIENT: Dialect = Dialect::new("LENIENT", ROW)
    .keys(KEYS)
    .placement(Placement::Header("x-token"))
    .missing_token_type()
    .refresh(Refresh::Undocumented)
    .answers(
        Answers::new()
            .soft_failure("success")
            .limits(&[
                LimitRule::word(403, "quota"),
                LimitRule::code(500, "500010"),
            ])
            .unauthorized_hint("look at the scene"),
    )
    .refused_hint("is the dialect switched on?");

/// What stays the same from input to input.
pub(crate) struct Scene {
    runtime: Runtime,
    strict: ApiClient,
    lenient: ApiClient,
    keyed: ApiClient,
    secrets: Secrets,
}

thread_local! {
    static SCENE: RefCell<Option<Scene>> = const { RefCell::new(None) };
}

/// Runs `act` in the scene of this thread, which is set at the first call.
///
/// # Panics
/// If the scene can't be set, or `act` panics.
pub(crate) fn on<T>(act: impl FnOnce(&Scene) -> T) -> T {
    SCENE.with_borrow_mut(|scene| act(scene.get_or_insert_with(Scene::set)))
}

#[expect(
    clippy::expect_used,
    reason = "a check that has no scene can't go on, and is a test itself"
)]
impl Scene {
    fn set() -> Self {
        let runtime = Builder::new_current_thread().enable_time().build();
        Self {
            runtime: runtime.expect("a runtime"),
            strict: client(STRICT, application()),
            lenient: client(LENIENT, application()),
            keyed: client(STRICT, key()),
            secrets: Secrets::new([CLIENT_SECRET, ACCESS, REFRESH, PASSWORD, PLAIN]),
        }
    }

    /// The client whose provider keeps to the standard, or the one whose provider is forgiven everything.
    pub(crate) fn client(&self, is_lenient: bool) -> &ApiClient {
        match is_lenient {
            true => &self.lenient,
            false => &self.strict,
        }
    }

    /// The client with a static token, whose calls carry `siteId=10`.
    pub(crate) fn keyed(&self) -> &ApiClient {
        &self.keyed
    }

    /// Runs `work` to its end.
    pub(crate) fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Asserts what holds for every error: that it is one line of bounded length, keeps little of what came, and tells no
    /// secret of the session.
    pub(crate) fn accept(&self, error: &Error) {
        self.accept_without(error, &self.secrets);
    }

    /// The same with other secrets.
    pub(crate) fn accept_without(&self, error: &Error, secrets: &Secrets) {
        let line = error.to_string();
        assert!(is_one_line(&line), "more than a line: {line:?}");
        let length = line.chars().count();
        assert!(length <= LONGEST_LINE, "{length} characters: {line}");
        let facts = [
            error.provider_code(),
            error.provider_message(),
            error.request_id(),
        ];
        for fact in facts.into_iter().flatten() {
            assert!(is_one_line(fact), "more than a line: {fact:?}");
            assert!(fact.chars().count() <= 500, "long: {fact}");
        }
        let body = error.body().unwrap_or_default();
        assert!(body.len() <= 4096, "{} bytes are kept", body.len());
        let wait = error.retry_after().unwrap_or_default();
        assert!(wait <= Duration::from_secs(24 * 3600), "waits {wait:?}");
        let told = format!(
            "{}\n{facts:?}\n{}",
            told(error),
            String::from_utf8_lossy(body)
        );
        assert_eq!(secrets.leak_in_echo(&told), None);
    }
}

/// Whether a text stays on its line wherever it is shown, and does not pretend to be another.
pub(crate) fn is_one_line(text: &str) -> bool {
    let moves = |c: char| matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !text.chars().any(|c| c.is_control() || moves(c))
}

fn application() -> Principal {
    let mut principal = Principal::new(Grant::ClientCredentials);
    principal.client_id = Some("app-1".to_owned());
    principal.client_secret = Some(CLIENT_SECRET.into());
    let pair = ParameterValue::Base64Pair("ann".to_owned(), PASSWORD.into());
    principal.parameters = vec![
        ("pair", pair),
        ("plain", ParameterValue::Secret(PLAIN.into())),
    ];
    principal
}

fn key() -> Principal {
    let mut principal = Principal::new(Grant::StaticToken(ACCESS.into()));
    principal.parameters = vec![("site_id", ParameterValue::Text("10".to_owned()))];
    principal
}

#[expect(
    clippy::expect_used,
    reason = "a check that has no scene can't go on, and is a test itself"
)]
fn client(dialect: Dialect, principal: Principal) -> ApiClient {
    let base = BaseUrl::parse("base", HOST, &[]).expect("a good URL");
    let is_key = matches!(principal.grant, Grant::StaticToken(_));
    let mut profile = Profile::new(dialect, base.clone(), base, principal, "invariants/1");
    if !is_key {
        // Without an end, it is used until a 401.
        let text =
            format!(r#"{{"version":1,"access_token":"{ACCESS}","refresh_token":"{REFRESH}"}}"#);
        profile.tokens = Some(TokenSet::import(&text).expect("a good export"));
    }
    ApiClient::new(profile, &Settings::new()).expect("a good client")
}
