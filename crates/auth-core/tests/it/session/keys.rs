//! Secrets that someone is asked for, and keys that travel with every call.

use std::error::Error as StdError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use auth_core::{
    ErrorKind, Grant, Method, Principal, Secret, SecretProvider, SecretSource, Settings,
};
use wiremock::ResponseTemplate;

use crate::clocks::{HastyClock, eventually};
use crate::dialects::FORM;
use crate::leak;
use crate::stage::{Vendor, client, granted, header, machine, member, refused, renew};

/// Gives what `say` says at the n-th time.
struct Vault<F> {
    say: F,
    asked: AtomicUsize,
}

impl<F> Vault<F> {
    fn new(say: F) -> Arc<Self> {
        Arc::new(Self {
            say,
            asked: AtomicUsize::new(0),
        })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl<F: Fn(usize) -> Option<String> + Send + Sync> SecretProvider for Vault<F> {
    async fn secret(&self) -> Result<Secret, Box<dyn StdError + Send + Sync>> {
        let n = self.asked.fetch_add(1, Ordering::SeqCst);
        (self.say)(n)
            .map(Secret::new)
            .ok_or_else(|| "the vault is sealed".into())
    }
}

fn with_secret(source: SecretSource) -> Principal {
    let mut principal = machine();
    principal.client_secret = Some(source);
    principal
}

fn key(source: SecretSource) -> Principal {
    Principal::new(Grant::Basic {
        username: "agent@example.com".to_owned(),
        key: source,
    })
}

#[tokio::test]
async fn a_provider_is_asked_once_for_each_sign_in_and_not_before() {
    let vendor = Vendor::new(|n, _| match n {
        0 | 1 => refused(503, "busy"),
        _ => granted(n),
    })
    .await;
    let vault = Vault::new(|n| Some(format!("secret-{n}")));
    let settings = Settings::new().clock(HastyClock::default());
    let source = SecretSource::provider(Arc::<Vault<_>>::clone(&vault));
    let client = client(FORM, &vendor.url(), with_secret(source), &settings);
    assert_eq!(vault.asked(), 0);
    for _ in 0..5 {
        header(&client).await.expect("a token");
    }
    assert_eq!(vault.asked(), 1, "three tries are one sign-in");
    renew(&client).await.expect("a newer token");
    assert_eq!(vault.asked(), 2);
    let sent: Vec<_> = vendor
        .requests()
        .await
        .iter()
        .map(|request| member(&request.body, "client_secret").unwrap_or_default())
        .collect();
    assert_eq!(sent, ["secret-0", "secret-0", "secret-0", "secret-1"]);
}

#[tokio::test]
async fn a_provider_that_panics_is_not_asked_by_each_caller() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let sealed = Arc::new(AtomicBool::new(true));
    let vault = Vault::new({
        let sealed = Arc::clone(&sealed);
        move |n| {
            let is_sealed = sealed.load(Ordering::SeqCst);
            assert!(!is_sealed, "this panic is part of the test");
            Some(format!("secret-{n}"))
        }
    });
    let source = SecretSource::provider(Arc::<Vault<_>>::clone(&vault));
    for principal in [with_secret(source.clone()), key(source)] {
        sealed.store(true, Ordering::SeqCst);
        let clock = HastyClock::default();
        let settings = Settings::new().clock(clock.clone());
        let client = client(FORM, &vendor.url(), principal, &settings);
        let before = vault.asked();
        for _ in 0..100 {
            let error = header(&client).await.expect_err("no secret");
            assert_eq!(error.kind(), ErrorKind::Cancelled);
            assert!(error.is_retryable());
        }
        assert_eq!(vault.asked(), before + 1, "no time has passed");
        for _ in 0..100 {
            clock.advance(Duration::from_secs(1));
            header(&client).await.expect_err("no secret");
        }
        let asked = vault.asked() - before;
        assert!((20..=60).contains(&asked), "asked {asked} times");
        sealed.store(false, Ordering::SeqCst);
        clock.advance(Duration::from_secs(5));
        header(&client).await.expect("a token");
        header(&client).await.expect("a token");
        assert_eq!(vault.asked() - before, asked + 1);
    }
}

#[tokio::test]
async fn a_provider_whose_secret_is_refused_is_asked_for_another_every_five_seconds() {
    let vault = Vault::new(|n| Some(format!("secret-{n}")));
    let source = SecretSource::provider(Arc::<Vault<_>>::clone(&vault));
    let requests = super::refusals::requests_in_ten_minutes(with_secret(source)).await;
    assert_eq!(vault.asked(), requests);
    assert!((120..=150).contains(&requests), "{requests} token requests");
}

/// Never answers.
struct Silence;

#[async_trait]
impl SecretProvider for Silence {
    async fn secret(&self) -> Result<Secret, Box<dyn StdError + Send + Sync>> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_provider_that_never_answers_does_not_hang_the_session() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let source = SecretSource::provider(Arc::new(Silence));
    let settings = Settings::new().token_timeout(Duration::from_millis(20));
    for principal in [with_secret(source.clone()), key(source)] {
        let error = header(&client(FORM, &vendor.url(), principal, &settings)).await;
        let error = error.expect_err("no secret");
        assert_eq!(error.kind(), ErrorKind::Store);
        assert!(leak::told(&error).contains("in time"), "{error:?}");
    }
    assert_eq!(vendor.tokens(), 0);
}

#[tokio::test]
async fn a_provider_that_fails_is_a_store_error_that_names_the_secret() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let source = SecretSource::provider(Vault::new(|_| None));
    let sealed = client(
        FORM,
        &vendor.url(),
        with_secret(source.clone()),
        &Settings::new(),
    );
    let error = header(&sealed).await.expect_err("no secret");
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(error.to_string().contains("`client_secret`"), "{error}");
    assert!(leak::told(&error).contains("the vault is sealed"));
    assert_eq!(vendor.tokens(), 0);

    let sealed = client(FORM, &vendor.url(), key(source), &Settings::new());
    let error = header(&sealed).await.expect_err("no key");
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(error.to_string().contains("`key`"), "{error}");
}

#[cfg(feature = "password-grant")]
#[tokio::test]
async fn a_password_is_asked_for_at_each_sign_in_and_not_at_a_refresh() {
    let vendor = Vendor::new(|n, _| match n {
        2 => refused(400, "invalid_grant"),
        _ => granted(n),
    })
    .await;
    let vault = Vault::new(|n| Some(format!("password-{n}")));
    let principal = crate::stage::application(Grant::Password {
        username: "agent@example.com".to_owned(),
        password: SecretSource::provider(Arc::<Vault<_>>::clone(&vault)),
    });
    let client = client(FORM, &vendor.url(), principal, &Settings::new());
    header(&client).await.expect("a token");
    renew(&client).await.expect("a refreshed token");
    assert_eq!(vault.asked(), 1);
    renew(&client).await.expect("a second sign-in");
    assert_eq!(vault.asked(), 2);
    let requests = vendor.requests().await;
    let last = requests.last().expect("four requests");
    assert_eq!(
        member(&last.body, "password").as_deref(),
        Some("password-1")
    );
    assert_eq!(
        member(&last.body, "username").as_deref(),
        Some("agent@example.com")
    );
}

/// A provider whose API takes one key only, `base64(agent@example.com:key-2)`.
async fn locked_vendor() -> Vendor {
    Vendor::with_api(
        |n, _| granted(n),
        |_, request| {
            let sent = request.headers.get("authorization");
            let good = sent.is_some_and(|sent| sent == "Basic YWdlbnRAZXhhbXBsZS5jb206a2V5LTI=");
            ResponseTemplate::new(if good { 200 } else { 401 }).set_body_string("{}")
        },
    )
    .await
}

#[tokio::test]
async fn a_rotated_key_is_picked_up_after_a_401() {
    let vendor = locked_vendor().await;
    let vault = Vault::new(|n| Some(format!("key-{}", n + 1)));
    let source = SecretSource::provider(Arc::<Vault<_>>::clone(&vault));
    let client = client(FORM, &vendor.url(), key(source), &Settings::new());
    for _ in 0..3 {
        let call = client.request(Method::GET, "/things");
        call.send().await.expect("the new key is good");
    }
    assert_eq!((vendor.calls(), vault.asked()), (4, 2));
}

#[tokio::test]
async fn the_same_key_again_after_a_401_is_no_loop() {
    let vendor = locked_vendor().await;
    let vault = Vault::new(|_| Some("key-1".to_owned()));
    let source = SecretSource::provider(Arc::<Vault<_>>::clone(&vault));
    let asking = client(FORM, &vendor.url(), key(source), &Settings::new());
    let call = asking.request(Method::GET, "/things");
    let error = call.send().await.expect_err("a refused key");
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert_eq!((vendor.calls(), vault.asked()), (1, 2));

    let knowing = client(FORM, &vendor.url(), key("key-1".into()), &Settings::new());
    assert!(!knowing.session().can_renew());
    let call = knowing.request(Method::GET, "/things");
    let error = call.send().await.expect_err("a refused key");
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert_eq!(vendor.calls(), 2);
    assert_eq!(vendor.tokens(), 0);
}

#[tokio::test]
async fn a_static_token_travels_as_the_dialect_has_it_and_must_fit_in_a_header() {
    let principal = |token: &str| Principal::new(Grant::StaticToken(token.into()));
    let url = "http://127.0.0.1:9";
    let good = client(
        crate::dialects::JSON,
        url,
        principal("token-1"),
        &Settings::new(),
    );
    let authorization = good.session().authorization().await.expect("a token");
    assert_eq!(authorization.name(), "x-token");
    assert_eq!(crate::stage::shown(authorization.value()), "token-1");
    for token in ["", "to ken", "token\r\nx: y", "tökén"] {
        let bad = client(FORM, url, principal(token), &Settings::new());
        let error = header(&bad).await.expect_err(token);
        assert_eq!(error.kind(), ErrorKind::Config, "{token:?}");
        assert!(!format!("{error} {error:?}").contains("kén"), "{error:?}");
    }
}

#[tokio::test]
async fn a_call_that_is_refused_after_the_key_has_changed_tells_not_the_old_key() {
    const KEYS: [&str; 2] = ["canary-key-before", "canary-key-after"];
    let body = format!("{{\"message\":\"neither {} nor {}\"}}", KEYS[0], KEYS[1]);
    let vendor = Vendor::with_api(
        |n, _| granted(n),
        move |_, _| {
            let refusal = ResponseTemplate::new(401).set_body_string(body.clone());
            refusal.set_delay(Duration::from_millis(100))
        },
    )
    .await;
    let vault = Vault::new(|n: usize| Some(KEYS[n.min(1)].to_owned()));
    let source = SecretSource::provider(Arc::<Vault<_>>::clone(&vault));
    let client = client(FORM, &vendor.url(), key(source), &Settings::new());
    let session = client.session();
    let old = session.authorization().await.expect("a key").generation();
    let call = tokio::spawn({
        let client = client.clone();
        async move {
            let call = client.request(Method::GET, "/things").with_replay(false);
            call.send().await
        }
    });
    eventually("the call is under way", || vendor.calls() == 1).await;
    let new = session.renew(old).await.expect("another key").generation();
    assert!(new > old);
    let error = call.await.expect("no panic").expect_err("a refusal");
    assert_eq!(
        error.provider_message(),
        Some("neither [REDACTED] nor [REDACTED]")
    );
    leak::check("keys", &error, &KEYS, &[]);
}
