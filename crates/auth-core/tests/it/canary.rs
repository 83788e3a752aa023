//! Plants secrets everywhere and looks for them in all that is shown: errors, `Debug`, and every trace line and log
//! record of this crate and of those that it uses.

mod diagnosis;
#[cfg(feature = "conformance")]
mod exports;
mod failures;
mod panics;
mod stores;

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use auth_core::{
    ApiClient, Error, Grant, MemoryStore, Method, ParameterValue, Principal, Secret,
    SecretProvider, SecretSource, Settings,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use canary::{Secrets, Shown};
use serde_json::json;
use wiremock::{Request, ResponseTemplate};

use crate::clocks::{HastyClock, eventually};
use crate::dialects::{FORM, GUESS, JSON};
use crate::raw::free_port;
use crate::stage::{Vendor, application, authorization, client, machine, person, profile, query};
use crate::{leak, stage};

const CLIENT: &str = "canary client/secret+é";
const PROVIDED: &str = "canary-provided?secret";
const PASSWORD: &str = "canary&pass=word";
const KEY: &str = "canary-key%basic";
const PROVIDED_KEY: &str = "canary-key~provided";
const STATIC: &str = "canary-static-token==";
const ACCESS: &str = "canary-access-token/1";
const REFRESH: &str = "canary-refresh-token/1";
const CODE: &str = "canary+code/1";
const SECRETS: &[&str] = &[
    CLIENT,
    PROVIDED,
    PASSWORD,
    KEY,
    PROVIDED_KEY,
    STATIC,
    ACCESS,
    REFRESH,
    CODE,
];

struct Vault(&'static str);

#[async_trait]
impl SecretProvider for Vault {
    async fn secret(&self) -> Result<Secret, Box<dyn StdError + Send + Sync>> {
        Ok(Secret::new(self.0))
    }
}

fn vault(secret: &'static str) -> SecretSource {
    SecretSource::provider(Arc::new(Vault(secret)))
}

/// All that was shown, and what must not be in it.
#[derive(Clone)]
struct Watch {
    shown: Shown,
    secrets: Secrets,
    bodies: bool,
}

impl Watch {
    fn new() -> Self {
        Self {
            shown: Shown::new(),
            secrets: Secrets::new(SECRETS),
            bodies: true,
        }
    }

    fn debug(&self, value: &(impl fmt::Debug + ?Sized)) {
        self.shown.debug(value);
    }

    /// Looks at no body that an error keeps: it is what the provider said, so of a token that the session never got to know
    /// it tells what was told. In `Debug`, `Display` and logs there is none all the same.
    fn without_bodies(mut self) -> Self {
        self.bodies = false;
        self
    }

    fn error(&self, error: &Error) {
        self.shown.note(&leak::told(error));
        if self.bodies {
            let body = error.body().unwrap_or_default();
            self.shown.note(&String::from_utf8_lossy(body));
        }
    }

    fn outcome<T: fmt::Debug>(&self, outcome: &Result<T, Error>) {
        match outcome {
            Ok(value) => self.debug(value),
            Err(error) => self.error(error),
        }
    }

    /// Which secret was told, and where.
    fn leak(&self) -> Option<String> {
        self.secrets.leak(&self.shown.text())
    }
}

fn issue() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({
        "access_token": ACCESS,
        "token_type": "bearer",
        "expires_in": 3600,
        "refresh_token": REFRESH,
    }))
}

/// Sends everything back that came: as it is, in Base64, percent-encoded, in hex; in message, code, request id and more.
fn echo(status: u16, request: &Request) -> ResponseTemplate {
    let mut all = String::from_utf8_lossy(&request.body).into_owned();
    for (name, value) in &request.headers {
        all.push_str(&format!("; {name}: {}", value.to_str().unwrap_or_default()));
    }
    let decoded = percent_encoding::percent_decode_str(&all.replace('+', " "))
        .decode_utf8_lossy()
        .into_owned();
    let base64 = STANDARD.encode(&all);
    let pair = all
        .rsplit_once("Basic ")
        .or_else(|| all.rsplit_once("Bearer "))
        .and_then(|(_, rest)| STANDARD.decode(rest.split(';').next()?).ok())
        .map(|pair| String::from_utf8_lossy(&pair).into_owned());
    let percent =
        percent_encoding::utf8_percent_encode(&decoded, percent_encoding::NON_ALPHANUMERIC);
    let id = all.chars().filter(|c| !c.is_control()).collect::<String>();
    let hex: String = decoded.bytes().map(|byte| format!("{byte:02x}")).collect();
    ResponseTemplate::new(status)
        .insert_header("x-correlation-id", hex.to_uppercase().as_str())
        .insert_header(
            "x-request-id",
            id.replace(|c: char| !c.is_ascii(), "?").as_str(),
        )
        .set_body_json(json!({
            "error": format!("{pair:?}"),
            "code": all,
            "error_description": format!("{pair:?} {}", &all[..all.len().min(400)]),
            "message": decoded,
            "plain": decoded,
            "base64": base64,
            "percent": percent.to_string(),
            "hex": hex,
        }))
}

/// A provider that issues one token, or none, and then only repeats what it hears.
async fn echoing(issued: usize, status: u16) -> Vendor {
    Vendor::with_api(
        move |n, request| match n < issued {
            true => issue(),
            false => echo(status, request),
        },
        move |_, request| echo(status, request),
    )
    .await
}

fn principals(url: &str) -> Vec<(auth_core::Dialect, Principal)> {
    let with = |grant: Grant, secret: SecretSource| {
        let mut principal = application(grant);
        principal.client_secret = Some(secret);
        principal
    };
    let mut pair = with(Grant::ClientCredentials, CLIENT.into());
    pair.parameters = vec![
        (
            "pair",
            ParameterValue::Base64Pair("ann".to_owned(), PASSWORD.into()),
        ),
        ("tenant", ParameterValue::Text("t 1".to_owned())),
    ];
    let basic = |key: SecretSource| {
        Principal::new(Grant::Basic {
            username: "ann".to_owned(),
            key,
        })
    };
    let mut person = person(FORM, url, CODE);
    person.client_secret = Some(CLIENT.into());
    vec![
        (FORM, with(Grant::ClientCredentials, CLIENT.into())),
        (GUESS, with(Grant::ClientCredentials, vault(PROVIDED))),
        (JSON, pair),
        (FORM, person),
        (FORM, basic(KEY.into())),
        (FORM, basic(vault(PROVIDED_KEY))),
        (FORM, Principal::new(Grant::StaticToken(STATIC.into()))),
        (JSON, Principal::new(Grant::StaticToken(vault(STATIC)))),
        #[cfg(feature = "password-grant")]
        (
            FORM,
            application(Grant::Password {
                username: "ann".to_owned(),
                password: PASSWORD.into(),
            }),
        ),
        #[cfg(feature = "password-grant")]
        (
            GUESS,
            application(Grant::Password {
                username: "ann".to_owned(),
                password: vault(PASSWORD),
            }),
        ),
    ]
}

/// Signs in, calls, renews and calls again, and shows whatever can be shown on the way.
async fn live(shown: &Watch, client: &ApiClient) {
    let session = client.session();
    let seen = match session.authorization().await {
        Ok(authorization) => {
            shown.debug(&authorization);
            shown.debug(authorization.value());
            Some(authorization.generation())
        }
        Err(error) => {
            shown.error(&error);
            None
        }
    };
    shown.debug(&session.token_set());
    for replay in [false, true] {
        let call = client.request(Method::POST, "/things").with_replay(replay);
        shown.debug(&call);
        match call.send().await {
            Ok(response) => shown.debug(&response),
            Err(error) => shown.error(&error),
        }
    }
    if let Some(seen) = seen
        && let Err(error) = session.renew(seen).await
    {
        shown.error(&error);
    }
    shown.debug(client);
    shown.debug(session);
    let diagnosis = client.diagnose().await;
    shown.shown.note(&diagnosis.to_string());
    shown.debug(&diagnosis);
}

#[tokio::test]
async fn no_secret_is_shown_by_any_grant_whatever_the_provider_repeats() {
    let shown = Watch::new();
    let guard = shown.shown.listen();
    for status in [200, 400, 401, 503] {
        for issued in [0, 1, 9] {
            let vendor = echoing(issued, status).await;
            for (dialect, principal) in principals(&vendor.url()) {
                let settings = Settings::new()
                    .clock(HastyClock::default())
                    .store(MemoryStore::new())
                    .account("ann");
                shown.debug(&settings);
                shown.debug(&principal);
                shown.debug(&principal.grant);
                shown.debug(&principal.parameters);
                shown.debug(&profile(dialect, &vendor.url(), principal.clone()));
                live(
                    &shown,
                    &client(dialect, &vendor.url(), principal, &settings),
                )
                .await;
            }
        }
    }
    drop(guard);
    assert_eq!(shown.leak(), None);
}

#[tokio::test]
async fn no_secret_is_shown_when_connections_fail() {
    let shown = Watch::new();
    let guard = shown.shown.listen();
    let nobody = format!("http://127.0.0.1:{}", free_port().await);
    let silent = crate::raw::RawServer::start(|n| match n % 3 {
        0 => crate::raw::Act::Close,
        1 => crate::raw::Act::Drip("HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n"),
        _ => crate::raw::Act::Reset,
    })
    .await;
    for url in [
        &nobody,
        &silent.url(),
        &silent.url().replace("http:", "https:"),
    ] {
        for (dialect, principal) in principals(url) {
            let short = Duration::from_millis(50);
            let settings = Settings::new()
                .clock(HastyClock::default())
                .token_timeout(short)
                .call_timeout(short);
            live(&shown, &client(dialect, url, principal, &settings)).await;
        }
    }
    drop(guard);
    let text = shown.shown.text();
    assert!(
        text.contains("auth_core"),
        "this crate's own lines are heard"
    );
    assert!(
        text.contains("starting new connection"),
        "the log records of the crates that it uses are heard"
    );
    assert_eq!(shown.leak(), None);
}

#[tokio::test]
async fn no_token_is_shown_that_was_replaced_while_its_call_was_under_way() {
    let shown = Watch::new();
    let vendor = Vendor::with_api(
        |n, _| match n {
            0 => issue(),
            _ => stage::granted(n),
        },
        |_, request| echo(401, request).set_delay(Duration::from_millis(100)),
    )
    .await;
    let client = client(FORM, &vendor.url(), machine(), &Settings::new());
    let session = client.session();
    let old = session.authorization().await.expect("a token").generation();
    let call = tokio::spawn({
        let client = client.clone();
        async move {
            let call = client.request(Method::GET, "/things").with_replay(false);
            call.send().await
        }
    });
    eventually("the call is under way", || vendor.calls() == 1).await;
    session.renew(old).await.expect("a newer token");
    let error = call.await.expect("no panic").expect_err("a refusal");
    shown.error(&error);
    assert_eq!(shown.leak(), None);
}

#[tokio::test]
async fn no_secret_of_a_sign_in_page_is_shown() {
    let mut shown = Watch::new();
    let guard = shown.shown.listen();
    let url = "https://panel.example";
    let request = authorization(FORM, url);
    let (page, pending) = request.start().expect("a sign-in");
    let exported = pending.export();
    let members: serde_json::Value =
        serde_json::from_str(exported.expose()).expect("an export is JSON");
    for name in ["state", "verifier"] {
        shown.secrets.plant(members[name].as_str().expect(name));
    }
    shown.debug(&request);
    shown.debug(&pending);
    shown.debug(&exported);
    let state = query(&page, "state");
    for callback in [
        format!("/back?from=x%20y&code={CODE}&state={state}x"),
        format!("/back?from=x%20y&code={CODE}&code={CODE}&state={state}"),
        format!("/elsewhere?code={CODE}&state={state}"),
        format!("/back?from=x%20y&code={CODE}&state={state}&iss=https://{CODE}"),
    ] {
        let error = pending.clone().check(&callback).expect_err(&callback);
        shown.error(&error);
    }
    let code = pending.check(&format!("/back?from=x%20y&code={CODE}&state={state}"));
    shown.debug(&code.expect("a good callback"));
    drop(guard);
    assert_eq!(shown.leak(), None);
}

#[cfg(feature = "loopback")]
#[tokio::test]
async fn no_secret_of_a_loopback_sign_in_is_shown() {
    use auth_core::{LoopbackSignIn, PendingAuthorizations};

    let mut watch = Watch::new();
    let guard = watch.shown.listen();
    let all = PendingAuthorizations::new();
    let (page, user_agent) = all
        .begin(&authorization(FORM, "https://panel.example"), None)
        .expect("a sign-in");
    watch.secrets.plant(user_agent.expose());
    watch.secrets.plant(&query(&page, "state"));
    watch.debug(&all);
    watch.debug(&user_agent);
    let callback = format!(
        "/back?from=x%20y&code={CODE}&state={}",
        query(&page, "state")
    );
    watch.error(&all.finish(None, &callback).expect_err("no cookie"));

    let (urls, mut shown_urls) = tokio::sync::mpsc::unbounded_channel();
    let sign_in = LoopbackSignIn::new(move |url| urls.send(url.clone()).expect("it listens"));
    let sign_in = sign_in.no_browser();
    let settings = Settings::new();
    let make = |uri: &str| {
        auth_core::AuthorizationRequest::new(FORM, stage::base("https://panel.example"), "a", uri)
    };
    let wait = sign_in.run(&settings, None, make);
    let browser = async {
        let page = shown_urls.recv().await.expect("a URL");
        let uri = query(&page, "redirect_uri");
        let (host, path) = uri["http://".len()..].split_once('/').expect("a path");
        let state = query(&page, "state");
        for last in [format!("{state}x"), state.clone()] {
            let stream = tokio::net::TcpStream::connect(host).await.expect("open");
            let target = format!("/{path}?code={CODE}&state={last}");
            let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
            let (mut reader, mut writer) = stream.into_split();
            let sent = tokio::io::AsyncWriteExt::write_all(&mut writer, request.as_bytes());
            sent.await.expect("sent");
            let mut answer = String::new();
            let read = tokio::io::AsyncReadExt::read_to_string(&mut reader, &mut answer);
            read.await.expect("an answer");
            watch.shown.note(&answer);
        }
        state
    };
    let (code, state) = tokio::join!(wait, browser);
    watch.debug(&code.expect("a code"));
    watch.debug(&sign_in);
    watch.secrets.plant(&state);
    drop(guard);
    assert!(
        watch.shown.text().contains("is not the callback"),
        "{}",
        watch.shown.text()
    );
    assert_eq!(watch.leak(), None);
}

#[tokio::test]
async fn no_secret_of_a_token_set_is_shown() {
    let shown = Watch::new();
    let text = json!({ "version": 1, "access_token": ACCESS, "refresh_token": REFRESH });
    let tokens = auth_core::TokenSet::import(&text.to_string()).expect("a good export");
    shown.debug(&tokens);
    shown.debug(&tokens.export());
    shown.debug(&tokens.access_token());
    for (from, to) in [
        ("\"version\":1", "\"version\":2"),
        (ACCESS, "canary access-token/1"),
        ("\"version\"", "\"edition\""),
        ("}", ""),
    ] {
        let bad = text.to_string().replace(from, to);
        shown.error(&auth_core::TokenSet::import(&bad).expect_err(&bad));
    }
    assert_eq!(shown.leak(), None);
}

#[test]
fn a_secret_that_is_logged_in_any_disguise_is_found() {
    let hex = |secret: &str| -> String { secret.bytes().map(|b| format!("{b:02x}")).collect() };
    for secret in SECRETS {
        let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        for text in [
            format!("x{secret}y"),
            form.to_lowercase(),
            form,
            STANDARD.encode(secret),
            STANDARD.encode(format!("u:{secret}")),
            STANDARD.encode(format!("us:{secret}:")),
            hex(secret),
            hex(secret).to_uppercase(),
        ] {
            let watch = Watch::new();
            let guard = watch.shown.listen();
            tracing::trace!(text = text.as_str(), "a slip");
            drop(guard);
            assert!(watch.leak().is_some(), "{text}");
            let span = Watch::new();
            let guard = span.shown.listen();
            drop(tracing::trace_span!("a slip", text).entered());
            drop(guard);
            assert!(span.leak().is_some(), "{text}");
        }
    }
    assert_eq!(Watch::new().leak(), None);
}
