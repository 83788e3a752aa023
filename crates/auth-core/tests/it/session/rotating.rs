//! A provider that takes each refresh token once, and one person's or machine's place in a store.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use auth_core::{ApiClient, ManualClock, Principal, RefreshMark, Settings};
use wiremock::{Request, ResponseTemplate};

use crate::dialects::FORM;
use crate::stage::{Vendor, client, granted, header, member, refused, renew};

use super::asked;
use super::moody::{Moody, named};

/// The refresh token that stands in the store at first.
pub(super) const OLD: &str = "refresh-old";

/// A provider that takes each refresh token once, and a store that holds the first of them.
pub(super) struct Scene {
    pub(super) vendor: Vendor,
    /// How many refresh tokens came that had been spent.
    reuses: Arc<AtomicUsize>,
    pub(super) store: Moody,
    pub(super) clock: ManualClock,
    settings: Settings,
    pub(super) told: Arc<Mutex<Vec<String>>>,
}

impl Scene {
    /// The access token in the store ends `left` seconds from now; the provider's n-th answer takes `delays(n)`.
    pub(super) async fn new(left: i64, delays: fn(usize) -> Duration) -> Self {
        let reuses = Arc::new(AtomicUsize::new(0));
        let answers = {
            let (reuses, latest) = (Arc::clone(&reuses), Mutex::new(OLD.to_owned()));
            move |n: usize, request: &Request| {
                let mut latest = latest.lock().expect("no test panics here");
                let sent = member(&request.body, "refresh_token");
                if sent.is_some_and(|sent| sent != *latest) {
                    reuses.fetch_add(1, Ordering::SeqCst);
                    return refused(400, "invalid_grant");
                }
                *latest = format!("refresh-{n}");
                granted(n).set_delay(delays(n))
            }
        };
        let api = |_: usize, request: &Request| {
            let sent = request.headers.get("authorization");
            let is_old = sent.is_some_and(|sent| sent == "Bearer access-old");
            ResponseTemplate::new(if is_old { 401 } else { 200 })
        };
        let clock = ManualClock::new();
        let store = Moody::with(named(&clock, "old", left), RefreshMark::Unspent);
        let told: Arc<Mutex<Vec<String>>> = Arc::default();
        let settings = Settings::new()
            .store(store.clone())
            .clock(clock.clone())
            .account("ann")
            .on_renewed({
                let told = Arc::clone(&told);
                move |tokens| {
                    let token = tokens.access_token().expose().to_owned();
                    told.lock().expect("no test panics here").push(token);
                }
            });
        Self {
            vendor: Vendor::with_api(answers, api).await,
            reuses,
            store,
            clock,
            settings,
            told,
        }
    }

    pub(super) fn client(&self, principal: Principal) -> ApiClient {
        client(FORM, &self.vendor.url(), principal, &self.settings)
    }

    pub(super) fn reuses(&self) -> usize {
        self.reuses.load(Ordering::SeqCst)
    }

    pub(super) async fn asked(&self) -> Vec<String> {
        asked(&self.vendor).await
    }

    /// Nothing was lost: one request was made, its outcome is in the store, and the next renewal goes on from there.
    pub(super) async fn is_whole(&self, client: &ApiClient) {
        assert_eq!(header(client).await.expect("a token"), "Bearer access-0");
        assert_eq!(self.asked().await, [OLD]);
        let saved = (RefreshMark::Unspent, "refresh-0".to_owned());
        assert_eq!(self.store.standing(), saved);
        let next = renew(client).await.expect("a newer token");
        assert_eq!(next, "Bearer access-1");
        assert_eq!(self.asked().await, [OLD, "refresh-0"]);
    }

    /// The next renewal sends the newest refresh token, and all that it leads to is saved.
    pub(super) async fn goes_on(&self, client: &ApiClient, place: &str) {
        let before = self.reuses();
        let newest = client.session().token_set().expect("tokens");
        let newest = newest.refresh_token().expect("a refresh token").clone();
        renew(client).await.expect("a newer token");
        let asked = self.asked().await;
        assert_eq!(asked.last().expect("a request"), newest.expose(), "{place}");
        assert_eq!(self.reuses(), before, "{place}");
        let saved = format!("refresh-{}", asked.len() - 1);
        assert_eq!(
            self.store.standing(),
            (RefreshMark::Unspent, saved),
            "{place}"
        );
    }
}
