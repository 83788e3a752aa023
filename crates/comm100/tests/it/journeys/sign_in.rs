//! The first sign-in, by browser, credentials or key, and going on from an earlier one.

use std::sync::{Arc, Mutex};

use comm100::{ErrorKind, ManualClock, MemoryStore, PendingAuthorization, Settings, TokenSet};
use vendor_sandbox::{Endpoint, Sandbox};

use super::{HALF_A_DAY, call};
use crate::mock::on;
use crate::way::{Way, ok, with_key};

#[tokio::test]
async fn every_way_signs_in_at_the_first_call_and_not_before() {
    for &way in Way::ALL {
        let sandbox = Sandbox::start().await.unwrap();
        let client = way.signed_in(&sandbox).await.build().unwrap();
        assert_eq!(sandbox.token_requests(way.panel()), 0, "{way:?}");
        for _ in 0..2 {
            let answer = call(&client, way).await;
            assert_eq!(answer.unwrap().status(), 200, "{way:?}");
        }
        assert_eq!(
            sandbox.token_requests(way.panel()),
            way.sign_ins(),
            "{way:?}"
        );
        assert_eq!(sandbox.refusals(), [], "{way:?}");
    }
}

#[tokio::test]
async fn sign_in_asks_for_the_token_ahead_of_the_first_call() {
    for &way in Way::ALL {
        let sandbox = Sandbox::start().await.unwrap();
        let client = way.signed_in(&sandbox).await.build().unwrap();
        client.sign_in().await.unwrap();
        assert_eq!(
            sandbox.token_requests(way.panel()),
            way.sign_ins(),
            "{way:?}"
        );
        let calls = sandbox.requests().into_iter();
        let calls = calls.filter(|request| request.endpoint == Endpoint::Api);
        assert_eq!(calls.count(), 0, "{way:?}");
        assert!(client.token_set().is_some(), "{way:?}");
    }
}

#[tokio::test]
async fn api_key_is_accepted_by_both_generations_without_a_token_request() {
    let sandbox = Sandbox::start().await.unwrap();
    let dash = with_key(&sandbox).build().unwrap();
    call(&dash, Way::DashCode).await.unwrap();
    let hosted = Way::HostedCode.platform(&sandbox).api_key(
        vendor_sandbox::credentials::COMM100_EMAIL,
        vendor_sandbox::credentials::COMM100_API_KEY,
    );
    call(&hosted.build().unwrap(), Way::HostedCode)
        .await
        .unwrap();
    assert!(
        sandbox
            .requests()
            .iter()
            .all(|request| request.endpoint == Endpoint::Api)
    );
    assert_eq!(sandbox.refusals(), []);
}

#[tokio::test]
async fn pending_sign_in_survives_a_restart() {
    for way in [Way::DashCode, Way::HostedCode] {
        let sandbox = Sandbox::start().await.unwrap();
        let builder = way.platform(&sandbox);
        let request = builder.authorization_request().unwrap();
        let (url, pending) = request.start().unwrap();
        let kept = pending.export().expose().to_owned();
        drop(pending);
        let callback = sandbox.approve(url.as_str()).await.unwrap();
        let code = PendingAuthorization::import(&kept)
            .unwrap()
            .check(&callback);
        let client = builder.authorization_code(code.unwrap()).build().unwrap();
        call(&client, way).await.unwrap();
        assert_eq!(sandbox.refusals(), [], "{way:?}");
    }
}

#[tokio::test]
async fn person_who_declines_is_a_missing_permission() {
    for way in [Way::DashCode, Way::HostedCode] {
        let sandbox = Sandbox::start().await.unwrap();
        let request = way.platform(&sandbox).authorization_request().unwrap();
        let (url, pending) = request.start().unwrap();
        let callback = sandbox.deny(url.as_str()).await.unwrap();
        let error = pending.check(&callback).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Permission, "{way:?}");
        assert_eq!(error.provider_code(), Some("access_denied"));
    }
}

#[tokio::test]
async fn callback_without_state_is_taken_only_on_request_and_only_with_pkce() {
    let sandbox = Sandbox::builder().echo_state(false).start().await.unwrap();
    for way in [Way::DashCode, Way::HostedCode] {
        let request = way.platform(&sandbox).authorization_request().unwrap();
        let (url, pending) = request.start().unwrap();
        let callback = sandbox.approve(url.as_str()).await.unwrap();
        let error = pending.check(&callback).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Blocked, "{way:?}");
    }
    let builder = Way::DashCode.platform(&sandbox).allow_missing_state();
    let (url, pending) = builder.authorization_request().unwrap().start().unwrap();
    let callback = sandbox.approve(url.as_str()).await.unwrap();
    let code = pending.check(&callback).unwrap();
    let client = builder.authorization_code(code).build().unwrap();
    call(&client, Way::DashCode).await.unwrap();

    let builder = Way::HostedCode.platform(&sandbox).allow_missing_state();
    let error = builder.authorization_request().unwrap().start();
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Config);
}

#[tokio::test]
async fn exported_tokens_go_on_without_a_request_and_are_renewed_later() {
    for &way in Way::ALL {
        let sandbox = Sandbox::start().await.unwrap();
        let clock = ManualClock::new();
        let first = way.signed_in(&sandbox).await.settings(on(&clock));
        let first = first.build().unwrap();
        first.sign_in().await.unwrap();
        let kept = first.token_set().unwrap().export().expose().to_owned();
        drop(first);

        // A code and an implicit sign-in cannot be done again, so the tokens stand alone.
        let tokens = TokenSet::import(&kept).unwrap();
        let again = match way {
            Way::DashCode | Way::HostedCode => way.platform(&sandbox).tokens(tokens),
            #[cfg(feature = "implicit")]
            Way::HostedImplicit => way.platform(&sandbox).implicit_tokens(tokens),
            _ => way.signed_in(&sandbox).await.tokens(tokens),
        };
        let again = again.settings(on(&clock)).build().unwrap();
        sandbox.clear();
        call(&again, way).await.unwrap();
        assert_eq!(sandbox.token_requests(way.panel()), 0, "{way:?}");

        clock.advance(HALF_A_DAY);
        call(&again, way).await.unwrap();
        assert_eq!(sandbox.token_requests(way.panel()), 1, "{way:?}");
        assert_eq!(sandbox.refusals(), [], "{way:?}");
    }
}

#[tokio::test]
async fn every_new_token_set_is_told() {
    for &way in Way::ALL {
        let sandbox = Sandbox::start().await.unwrap();
        let clock = ManualClock::new();
        let told = Arc::new(Mutex::new(Vec::new()));
        let settings = on(&clock).on_renewed({
            let told = Arc::clone(&told);
            move |tokens| ok(told.lock()).push(tokens.access_token().expose().to_owned())
        });
        let client = way.signed_in(&sandbox).await.settings(settings);
        let client = client.build().unwrap();
        call(&client, way).await.unwrap();
        clock.advance(HALF_A_DAY);
        call(&client, way).await.unwrap();
        let told = told.lock().unwrap();
        assert_eq!(told.len(), way.sign_ins() + 1, "{way:?}");
        let in_use = client.token_set().unwrap();
        assert_eq!(told.last().unwrap(), in_use.access_token().expose());
    }
}

#[tokio::test]
async fn clients_that_share_a_store_share_one_sign_in() {
    let way = Way::HostedClientCredentials;
    let sandbox = Sandbox::start().await.unwrap();
    let store = MemoryStore::new();
    for _ in 0..3 {
        let client = way.signed_in(&sandbox).await;
        let client = client.settings(Settings::new().store(store.clone()));
        call(&client.build().unwrap(), way).await.unwrap();
    }
    assert_eq!(sandbox.token_requests(way.panel()), 1);
}
