//! A wall clock that jumps, and a machine that was suspended.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use auth_core::{ApiClient, Clock, ManualClock, RefreshMark, Settings};
use wiremock::ResponseTemplate;

use crate::clocks::eventually;
use crate::dialects::FORM;
use crate::stage::{
    Vendor, client, client_with, granted, header, machine, refused, renew, resumed, seconds, shown,
};

use super::moody::{Moody, named};
use super::{asked, settle};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// A clock whose wall time can be set.
#[derive(Clone, Debug)]
pub(super) struct WallClock {
    time: ManualClock,
    /// Seconds.
    ahead: Arc<AtomicI64>,
    asked: Arc<AtomicUsize>,
}

impl From<ManualClock> for WallClock {
    fn from(time: ManualClock) -> Self {
        Self {
            time,
            ahead: Arc::default(),
            asked: Arc::default(),
        }
    }
}

impl WallClock {
    fn new() -> Self {
        ManualClock::new().into()
    }

    pub(super) fn time(&self) -> &ManualClock {
        &self.time
    }

    /// Sets the wall time forward by so many seconds, or back.
    pub(super) fn shift(&self, seconds: i64) {
        self.ahead.fetch_add(seconds, Ordering::SeqCst);
    }

    /// How often the wall time was asked for.
    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Clock for WallClock {
    fn now(&self) -> Instant {
        self.time.now()
    }

    fn utc(&self) -> SystemTime {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let ahead = self.ahead.load(Ordering::SeqCst);
        let shift = Duration::from_secs(ahead.unsigned_abs());
        if ahead < 0 {
            self.time.utc() - shift
        } else {
            self.time.utc() + shift
        }
    }

    async fn sleep(&self, duration: Duration) {
        self.time.sleep(duration).await;
    }
}

/// A client that has signed in.
async fn signed_in(vendor: &Vendor, clock: &WallClock) -> ApiClient {
    let settings = Settings::new().clock(clock.clone()).token_retries(0);
    let client = client(FORM, &vendor.url(), machine(), &settings);
    header(&client).await.expect("a token");
    client
}

/// The header that is at hand without waiting.
fn ready(client: &ApiClient) -> String {
    let ready = client.session().ready().expect("a valid token");
    shown(ready.value())
}

/// Uses the token once a second.
async fn use_for(client: &ApiClient, clock: &WallClock, for_seconds: u64) {
    for _ in 0..for_seconds {
        clock.time().advance(seconds(1));
        ready(client);
        settle().await;
    }
}

#[tokio::test]
async fn a_wall_clock_that_jumps_ahead_costs_one_renewal_that_nobody_waits_for() {
    // A day, or just enough that the token would have to be renewed by now.
    for jump in [DAY, HOUR - 200] {
        let vendor = Vendor::new(|n, _| granted(n)).await;
        let clock = WallClock::new();
        let client = signed_in(&vendor, &clock).await;
        use_for(&client, &clock, 60).await;
        assert_eq!(vendor.tokens(), 1);
        clock.shift(jump);
        for _ in 0..10 {
            clock.time().advance(seconds(1));
            assert!(ready(&client).starts_with("Bearer access-"));
        }
        eventually("the new token is in use", || {
            ready(&client) == "Bearer access-1"
        })
        .await;
        use_for(&client, &clock, 600).await;
        assert_eq!(vendor.tokens(), 2, "{jump}");
    }
}

#[tokio::test]
async fn tokens_that_were_brought_along_are_renewed_too_when_the_wall_clock_jumps() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let clock = WallClock::new();
    let settings = Settings::new().clock(clock.clone());
    let client = client_with(&vendor.url(), named(&clock, "old", HOUR), &settings);
    assert_eq!(ready(&client), "Bearer access-old");
    clock.shift(DAY);
    for _ in 0..10 {
        clock.time().advance(seconds(1));
        ready(&client);
    }
    eventually("the new token is in use", || {
        ready(&client) == "Bearer access-0"
    })
    .await;
    assert_eq!(asked(&vendor).await, ["refresh-old"]);
}

#[tokio::test]
async fn a_suspended_machine_renews_at_its_next_look() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let clock = WallClock::new();
    let client = signed_in(&vendor, &clock).await;
    // Each night the monotonic clock stands still, and the day's calls find a dead token.
    for night in 1..4 {
        clock.shift(8 * HOUR);
        clock.time().advance(seconds(10));
        let old = format!("Bearer access-{}", night - 1);
        assert_eq!(ready(&client), old, "nobody waits");
        let new = format!("Bearer access-{night}");
        eventually("the new token is in use", || ready(&client) == new).await;
    }
    assert_eq!(vendor.tokens(), 4);
}

#[tokio::test]
async fn a_short_nap_is_none_of_our_business() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let clock = WallClock::new();
    let client = signed_in(&vendor, &clock).await;
    clock.shift(HOUR / 2);
    use_for(&client, &clock, 60).await;
    assert_eq!(vendor.tokens(), 1);
}

#[tokio::test]
async fn a_wall_clock_that_jumps_back_changes_nothing() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let clock = WallClock::new();
    let client = signed_in(&vendor, &clock).await;
    clock.shift(-DAY);
    for _ in 0..300 {
        clock.time().advance(seconds(10));
        assert_eq!(ready(&client), "Bearer access-0");
    }
    settle().await;
    assert_eq!(vendor.tokens(), 1);
    // The end by the monotonic clock is the end.
    clock.time().advance(seconds(600));
    assert!(client.session().ready().is_none());
    assert_eq!(header(&client).await.expect("a token"), "Bearer access-1");
    use_for(&client, &clock, 600).await;
    assert_eq!(vendor.tokens(), 2);
}

#[tokio::test]
async fn stored_tokens_that_seem_to_have_ended_are_renewed_and_others_are_used() {
    for (shift, left, served, requests) in [
        (DAY, HOUR, "Bearer access-0", 1),
        (-DAY, HOUR, "Bearer access-old", 0),
        // Long over, which this machine can't know.
        (-DAY, -HOUR, "Bearer access-old", 0),
    ] {
        let vendor = Vendor::new(|n, _| granted(n)).await;
        let clock = WallClock::new();
        let store = Moody::with(named(clock.time(), "old", left), RefreshMark::Unspent);
        clock.shift(shift);
        let settings = Settings::new()
            .clock(clock.clone())
            .store(store)
            .account("ann");
        let client = client(FORM, &vendor.url(), resumed(), &settings);
        assert_eq!(header(&client).await.expect("a token"), served);
        assert_eq!(vendor.tokens(), requests, "{shift} {left}");
        use_for(&client, &clock, 60).await;
        assert_eq!(vendor.tokens(), requests, "{shift} {left}");
        // A 401 heals it.
        let healed = format!("Bearer access-{requests}");
        assert_eq!(renew(&client).await.expect("a token"), healed);
    }
}

#[tokio::test]
async fn the_wall_clock_is_asked_once_in_ten_seconds_of_use() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let clock = WallClock::new();
    let client = signed_in(&vendor, &clock).await;
    let before = clock.asked();
    for ten_seconds in 1..=30 {
        clock.time().advance(seconds(10));
        for _ in 0..100 {
            assert_eq!(ready(&client), "Bearer access-0");
        }
        assert!(clock.asked() - before <= ten_seconds, "{}", clock.asked());
    }
    assert_eq!(clock.asked() - before, 30, "it is looked at");
    settle().await;
    assert_eq!(vendor.tokens(), 1);
}

#[tokio::test]
async fn a_jump_is_noticed_and_told_once_however_long_the_renewal_takes_or_fails() {
    let vendor = Vendor::new(|n, _| match n {
        0 => granted(n),
        1 => ResponseTemplate::new(503).set_delay(Duration::from_millis(50)),
        _ => refused(503, "busy"),
    })
    .await;
    let clock = WallClock::new();
    let client = signed_in(&vendor, &clock).await;
    clock.shift(DAY);
    clock.time().advance(seconds(10));
    let before = clock.asked();
    let told = super::renewal::lines_of(async {
        for _ in 0..1000 {
            assert_eq!(ready(&client), "Bearer access-0");
        }
        eventually("the renewal failed", || {
            client.session().health().error.is_some()
        })
        .await;
        for _ in 0..1000 {
            assert_eq!(ready(&client), "Bearer access-0");
        }
    })
    .await;
    assert!(told <= 5, "{told} lines");
    let asked = clock.asked() - before;
    assert!(asked <= 20, "the wall clock was asked {asked} times");
    assert_eq!(vendor.tokens(), 2);
}
