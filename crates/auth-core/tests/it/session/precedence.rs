//! Which tokens count where a store, an import and a person's new approval each bring some.

use auth_core::{ApiClient, Error, ManualClock, MemoryStore, Settings, TokenSet};

use crate::dialects::FORM;
use crate::stage::{
    Vendor, client, granted, header, person, profile, renew, resumed, seconds, tokens,
};

const REFRESH: &str = "refresh_token";
const CODE: &str = "authorization_code";

/// A provider, and one person's place in a store that several clients share.
struct Scene {
    vendor: Vendor,
    clock: ManualClock,
    settings: Settings,
}

impl Scene {
    async fn new() -> Self {
        let clock = ManualClock::new();
        Self {
            vendor: Vendor::new(|n, _| granted(n)).await,
            settings: Settings::new()
                .clock(clock.clone())
                .store(MemoryStore::new())
                .account("ann"),
            clock,
        }
    }

    /// A client of someone who has just approved.
    fn approved(&self, code: &str) -> ApiClient {
        let url = self.vendor.url();
        client(FORM, &url, person(FORM, &url, code), &self.settings)
    }

    /// A client that goes on with `tokens`, or with what the store has.
    fn resumed(&self, tokens: Option<TokenSet>) -> ApiClient {
        let mut profile = profile(FORM, &self.vendor.url(), resumed());
        profile.tokens = tokens;
        ApiClient::new(profile, &self.settings).expect("a good client")
    }

    /// What the token requests were about.
    async fn exchanges(&self) -> Vec<(String, String)> {
        self.vendor.exchanges().await
    }
}

fn about(exchanges: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(grant, credential): &(&str, &str)| ((*grant).to_owned(), (*credential).to_owned());
    exchanges.iter().map(own).collect()
}

fn is(served: Result<String, Error>, token: &str) {
    assert_eq!(served.expect("a token"), format!("Bearer {token}"));
}

#[tokio::test]
async fn a_new_approval_replaces_what_the_store_has() {
    let scene = Scene::new().await;
    is(header(&scene.approved("code-1")).await, "access-0");
    let second = scene.approved("code-2");
    is(header(&second).await, "access-1");
    // It was saved over the old, so that others find it.
    let third = scene.resumed(None);
    is(header(&third).await, "access-1");
    scene.clock.advance(seconds(3600));
    is(header(&third).await, "access-2");
    // From now on the store's newer tokens count for the second too.
    is(header(&second).await, "access-2");
    let expected = about(&[(CODE, "code-1"), (CODE, "code-2"), (REFRESH, "refresh-1")]);
    assert_eq!(scene.exchanges().await, expected);
}

#[tokio::test]
async fn imported_tokens_that_end_later_than_the_stored_are_gone_on_with() {
    let scene = Scene::new().await;
    let first = scene.approved("code-1");
    is(header(&first).await, "access-0");
    scene.clock.advance(seconds(4000));
    // The stored ones ended 400 seconds ago, these one second ago.
    let later = tokens(&scene.clock, Some("refresh-later"), -1);
    let second = scene.resumed(Some(later));
    is(header(&second).await, "access-1");
    is(header(&first).await, "access-1");
    // Once it has seen the store, its numbers decide and no times.
    is(renew(&first).await, "access-2");
    is(renew(&second).await, "access-2");
    let expected = about(&[
        (CODE, "code-1"),
        (REFRESH, "refresh-later"),
        (REFRESH, "refresh-1"),
    ]);
    assert_eq!(scene.exchanges().await, expected);
}

#[tokio::test]
async fn stored_tokens_that_end_later_than_the_imported_are_gone_on_with() {
    let scene = Scene::new().await;
    is(header(&scene.approved("code-1")).await, "access-0");
    let sooner = tokens(&scene.clock, Some("refresh-sooner"), -1);
    is(header(&scene.resumed(Some(sooner))).await, "access-0");
    // Also where both have ended: then it is their refresh token that counts.
    scene.clock.advance(seconds(4000));
    let sooner = tokens(&scene.clock, Some("refresh-sooner"), -1000);
    is(header(&scene.resumed(Some(sooner))).await, "access-1");
    let expected = about(&[(CODE, "code-1"), (REFRESH, "refresh-0")]);
    assert_eq!(scene.exchanges().await, expected);
}

#[tokio::test]
async fn stored_tokens_that_were_taken_over_and_refused_are_not_taken_over_again() {
    let scene = Scene::new().await;
    is(header(&scene.approved("code-1")).await, "access-0");
    let sooner = tokens(&scene.clock, Some("refresh-sooner"), -1);
    let second = scene.resumed(Some(sooner));
    is(header(&second).await, "access-0");
    is(renew(&second).await, "access-1");
    let expected = about(&[(CODE, "code-1"), (REFRESH, "refresh-0")]);
    assert_eq!(scene.exchanges().await, expected);
}

#[tokio::test]
async fn a_code_beside_imported_tokens_waits_and_does_not_hide_the_store() {
    let scene = Scene::new().await;
    let url = scene.vendor.url();
    let mut profile = profile(FORM, &url, person(FORM, &url, "code-2"));
    profile.tokens = Some(tokens(&scene.clock, Some("refresh-old"), -1));
    let both = ApiClient::new(profile, &scene.settings).expect("a good client");
    is(header(&both).await, "access-0");
    let other = scene.resumed(None);
    is(header(&other).await, "access-0");
    is(renew(&other).await, "access-1");
    is(renew(&both).await, "access-1");
    let expected = about(&[(REFRESH, "refresh-old"), (REFRESH, "refresh-0")]);
    assert_eq!(scene.exchanges().await, expected);
}
