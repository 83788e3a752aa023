//! What a support ticket says where others tell secrets: a store in its errors, a provider in all that it answers.

use std::time::Duration;

use async_trait::async_trait;
use auth_core::{
    Check, Error, FindingState, Generation, MemoryStore, Method, Saved, Settings, StoreKey,
    StoreLock, StoredTokens, TokenStore,
};
use serde_json::json;
use wiremock::ResponseTemplate;

use super::{Watch, echoing, principals};
use crate::dialects::FORM;
use crate::stage::{Vendor, client, machine, refused};

/// A store that works, until it has tokens to tell.
#[derive(Clone, Debug)]
struct Gossip(MemoryStore);

#[async_trait]
impl TokenStore for Gossip {
    async fn lock(&self, key: &StoreKey, lease: Duration) -> Result<StoreLock, Error> {
        self.0.lock(key, lease).await
    }

    async fn load(&self, key: &StoreKey) -> Result<Option<StoredTokens>, Error> {
        match self.0.load(key).await? {
            None => Ok(None),
            Some(stored) => {
                let exported = stored.export();
                Err(Error::store(
                    "load",
                    format!("no record: {}", exported.expose()),
                ))
            }
        }
    }

    async fn save(
        &self,
        key: &StoreKey,
        expected: Option<Generation>,
        new: &StoredTokens,
    ) -> Result<Saved, Error> {
        self.0.save(key, expected, new).await
    }
}

#[tokio::test]
async fn a_diagnosis_tells_no_secret_though_store_and_provider_tell_them_all() {
    let watch = Watch::new();
    for status in [200, 401, 503] {
        let vendor = echoing(1, status).await;
        for (dialect, principal) in principals(&vendor.url()) {
            let settings = Settings::new()
                .store(Gossip(MemoryStore::new()))
                .account("ann")
                .call_retries(0)
                .token_retries(0);
            let client = client(dialect, &vendor.url(), principal, &settings);
            // Whatever comes of these is told by the diagnosis.
            let _ = client.sign_in().await;
            let _ = client
                .request(Method::GET, "/things")
                .with_replay(false)
                .send()
                .await;
            let diagnosis = client.diagnose().await;
            watch.shown.note(&diagnosis.to_string());
            watch.debug(&diagnosis);
            watch.debug(&client.session().health());
            for finding in diagnosis.findings() {
                watch.debug(finding);
                watch
                    .shown
                    .note(&format!("{finding} {:?}", finding.advice()));
            }
            let store = diagnosis.finding(Check::Store);
            if store.state() == FindingState::Broken {
                assert!(store.text().contains("[REDACTED]"), "{diagnosis}");
            }
        }
    }
    let text = watch.shown.text();
    for word in ["no record: ", "Unauthorized: ", "status 503", "[REDACTED]"] {
        assert!(
            text.contains(word),
            "`{word}` is not told: nothing was repeated"
        );
    }
    assert_eq!(watch.leak(), None);
}

#[tokio::test]
async fn a_store_that_tells_the_token_of_another_holder_tells_none_in_a_ticket() {
    let (access, refresh) = ("4c9d0a7be1f24c9d8e7f", "r-5f0e9c2b7d41a8");
    let issued = json!({ "access_token": access, "token_type": "bearer", "expires_in": 3600, "refresh_token": refresh });
    let vendor = Vendor::with_api(
        move |_, _| ResponseTemplate::new(200).set_body_json(&issued),
        |_, _| refused(401, "gone"),
    )
    .await;
    let store = MemoryStore::new();
    let settings = Settings::new().account("ann");
    let other = client(
        FORM,
        &vendor.url(),
        machine(),
        &settings.clone().store(store.clone()),
    );
    other.sign_in().await.expect("a token");
    let client = client(
        FORM,
        &vendor.url(),
        machine(),
        &settings.store(Gossip(store)),
    );
    let diagnosis = client.diagnose().await;
    let watch = Watch::new();
    watch.shown.note(&diagnosis.to_string());
    watch.debug(&diagnosis);
    let text = watch.shown.text();
    assert!(text.contains("no record: "), "{text}");
    assert!(!text.contains(access) && !text.contains(refresh), "{text}");
}

/// A token that no line has room for, of marks that each would tell half of it.
fn long_token(name: &str) -> String {
    (0..80)
        .map(|n| format!("{name}-canary-{n:02}."))
        .collect::<String>()
}

#[tokio::test]
async fn a_store_that_tells_a_token_longer_than_a_line_tells_no_half_of_it() {
    let (access, refresh) = (long_token("access"), long_token("refresh"));
    assert!(access.len() > 600);
    let issued = json!({ "access_token": access, "token_type": "bearer", "expires_in": 3600, "refresh_token": refresh });
    let vendor = Vendor::with_api(
        move |_, _| ResponseTemplate::new(200).set_body_json(&issued),
        |_, _| refused(401, "gone"),
    )
    .await;
    let settings = Settings::new().store(Gossip(MemoryStore::new()));
    let client = client(FORM, &vendor.url(), machine(), &settings);
    client.sign_in().await.expect("a token");
    let watch = Watch::new();
    // The renewal after a 401 meets the store's failure.
    let error = client.request(Method::GET, "/things").send().await;
    watch.outcome(&error.map(|_| ()));
    let diagnosis = client.diagnose().await;
    for check in [Check::Renewal, Check::Calls, Check::Store] {
        let text = diagnosis.finding(check).text();
        assert!(text.contains("[REDACTED]"), "{check}: {text}");
    }
    watch.shown.note(&diagnosis.to_string());
    watch.debug(&diagnosis);
    let health = client.session().health();
    watch.debug(&health);
    watch.error(&health.error.expect("a failure"));
    let text = watch.shown.text();
    assert!(!text.contains("-canary-"), "{text}");
}
