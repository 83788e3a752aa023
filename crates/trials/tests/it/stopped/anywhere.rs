//! Stops processes at random instants of their renewals, over and over.

use std::time::Duration;

use comm100::RefreshMark;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use vendor_sandbox::Sandbox;

use crate::account::{Account, Who};
use crate::place::Place;
use crate::say;
use crate::worker::{Event, Worker};

use super::{BOUND, LIMITS, LONG, get_on, is_same};

/// So many accounts at once, half of them persons'.
const LANES: usize = 8;
/// So many stops for each.
const ROUNDS: usize = 8;
/// Tokens of the processes to be stopped live so short that they are renewing most of the time.
const SHORT: Duration = Duration::from_millis(40);

/// What became of one account, or of all.
#[derive(Debug, Default)]
struct Tally {
    stops: usize,
    /// Stops that left a renewal under way.
    in_renewal: usize,
    reauthorized: usize,
    /// Requests that went out after the lease, when the next process had used their token already.
    sent_late: usize,
    /// Calls of a process that woke with tokens which were revoked meanwhile.
    unauthorized: usize,
    slowest: Duration,
}

pub(super) async fn stop_all(place: &Place, proof: &str) {
    let begin = Instant::now();
    let mut lanes = JoinSet::new();
    for number in 0..LANES {
        let who = [Who::Person, Who::Application][number % 2];
        let place = place.clone();
        lanes.spawn(async move { lane(who, &place).await });
    }
    let mut sum = Tally::default();
    while let Some(ended) = lanes.join_next().await {
        let lane = ended.unwrap();
        sum.stops += lane.stops;
        sum.in_renewal += lane.in_renewal;
        sum.reauthorized += lane.reauthorized;
        sum.sent_late += lane.sent_late;
        sum.unauthorized += lane.unauthorized;
        sum.slowest = sum.slowest.max(lane.slowest);
    }
    say(&format!("{proof}: {sum:?} in {:?}", begin.elapsed()));
    assert!(sum.in_renewal > 0, "the stops missed the renewals");
}

/// One account, which a process is stopped for in each round.
async fn lane(who: Who, place: &Place) -> Tally {
    let sandbox = Sandbox::builder().token_latency(Duration::from_millis(5));
    let sandbox = sandbox.start().await.unwrap();
    let account = Account::new(&sandbox, who, place).await;
    let mut tally = Tally::default();
    for _ in 0..ROUNDS {
        round(&account, &mut tally).await;
    }
    assert!(sandbox.refusals().is_empty(), "{:?}", sandbox.refusals());
    account.check_refreshes_of_stopped();
    tally
}

async fn round(account: &Account, tally: &mut Tally) {
    let sandbox = &account.sandbox;
    sandbox.set_token_lifetime(SHORT);
    sandbox.revoke_access_tokens(account.host());
    let mut first = Worker::start(account, &LIMITS);
    first.until_ready().await;
    sleep(Duration::from_millis(60).mul_f64(fastrand::f64())).await;
    first.stop().await;
    first.forget();
    tally.stops += 1;
    let mark = account.stored().await.mark;
    tally.in_renewal += usize::from(mark == RefreshMark::UnderWay);

    sandbox.set_token_lifetime(LONG);
    // Whatever the first one has saved, the second renews.
    sandbox.revoke_access_tokens(account.host());
    let begin = Instant::now();
    let mut second = Worker::start(account, &LIMITS);
    let outcome = timeout(BOUND, second.outcome()).await;
    tally.slowest = tally.slowest.max(begin.elapsed());
    match outcome.expect("the next process does not get on") {
        Event::Ok => {}
        Event::Reauthorize if account.who == Who::Person => {
            tally.reauthorized += 1;
            account.sign_in().await;
        }
        other => panic!("{:?}: {other:?}", account.who),
    }
    second.kill().await;
    let saved = account.stored().await;

    let reused = sandbox.reuse_detected();
    first.wake().await;
    loop {
        match timeout(BOUND, first.outcome()).await.expect("no outcome") {
            Event::Ok => break,
            Event::Reauthorize
                if account.who == Who::Person && sandbox.reuse_detected() > reused =>
            {
                account.sign_in().await;
                get_on(&mut first).await;
                break;
            }
            // Its first call can meet tokens of its own that were revoked while it slept.
            Event::Failed { kind, .. } if kind == "Unauthorized" => tally.unauthorized += 1,
            Event::Failed { retryable, .. } if retryable => {}
            other => panic!("{:?}: {other:?} when it woke", account.who),
        }
        assert!(begin.elapsed() < BOUND * 2, "it does not get on");
    }
    first.kill().await;
    if sandbox.reuse_detected() > reused {
        // It was stopped between its last look at the time and the request, which went out when it woke. The vendor
        // has then revoked what the second one got, so that what stands in the store was renewed once more.
        tally.sent_late += 1;
        return;
    }
    let stored = account.stored().await;
    assert!(
        is_same(&saved, &stored),
        "{:?}: {saved:?} became {stored:?}",
        account.who
    );
}
