//! Processes killed at random instants of their renewals: the next one signs in, or says that a person must.

use std::time::Duration;

use comm100::RefreshMark;
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use vendor_sandbox::Sandbox;

use crate::account::{Account, Who};
use crate::place::Place;
use crate::redis_server::RedisServer;
use crate::worker::{Event, Worker};
use crate::{CORES, say};

/// So many accounts at once, half of them persons'.
const LANES: usize = 8;
/// So many kills for each; together 200.
const ROUNDS: usize = 25;
/// Tokens of the processes to be killed live so short that they are renewing most of the time.
const SHORT: Duration = Duration::from_millis(40);
/// Tokens of those that come after them are as good as endless.
const LONG: Duration = Duration::from_secs(3600);
/// A token answer takes as long, so that kills hit the wait for it too.
const LATENCY: Duration = Duration::from_millis(5);
/// The next process knows within this time how it goes on.
const BOUND: Duration = Duration::from_secs(15);
/// On Redis a lock whose holder was killed is free after its lease: twice the first of these and four times the second,
/// 1.4 seconds. The lock of a file is free at once.
const LIMITS_ON_REDIS: Limits = &[
    ("TRIAL_TOKEN_TIMEOUT_MS", 300),
    ("TRIAL_STORE_TIMEOUT_MS", 200),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_instant_files_stay_whole_and_the_next_process_goes_on() {
    let _cores = CORES.write().await;
    let directory = TempDir::new().unwrap();
    let place = Place::files(directory.path().join("tokens"));
    kill_all(&place, &[], "kill -9, file store").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_instant_records_on_redis_stay_whole_and_the_next_process_goes_on() {
    let _cores = CORES.write().await;
    let proof = "kill -9, Redis";
    let Some(server) = RedisServer::start(proof).await else {
        return;
    };
    kill_all(&server.place(), LIMITS_ON_REDIS, proof).await;
}

/// What became of one account, or of all.
#[derive(Debug, Default)]
struct Tally {
    kills: usize,
    /// Kills that left a renewal under way.
    in_renewal: usize,
    reauthorized: usize,
    refresh_tokens: usize,
    sent_twice: usize,
    slowest: Duration,
}

/// Settings of the workers.
type Limits = &'static [(&'static str, u64)];

async fn kill_all(place: &Place, limits: Limits, proof: &str) {
    let begin = Instant::now();
    let mut lanes = JoinSet::new();
    for number in 0..LANES {
        let who = [Who::Person, Who::Application][number % 2];
        let place = place.clone();
        lanes.spawn(async move { lane(who, &place, limits).await });
    }
    let mut sum = Tally::default();
    while let Some(ended) = lanes.join_next().await {
        let lane = ended.unwrap();
        sum.kills += lane.kills;
        sum.in_renewal += lane.in_renewal;
        sum.reauthorized += lane.reauthorized;
        sum.refresh_tokens += lane.refresh_tokens;
        sum.sent_twice += lane.sent_twice;
        sum.slowest = sum.slowest.max(lane.slowest);
    }
    say(&format!("{proof}: {sum:?} in {:?}", begin.elapsed()));
    assert!(sum.in_renewal >= LANES, "the kills missed the renewals");
}

/// One account, which a process is killed for in each round.
async fn lane(who: Who, place: &Place, limits: Limits) -> Tally {
    let sandbox = Sandbox::builder().token_latency(LATENCY);
    let sandbox = sandbox.start().await.unwrap();
    let account = Account::new(&sandbox, who, place).await;
    let mut tally = Tally::default();
    for round in 0..ROUNDS {
        sandbox.set_token_lifetime(SHORT);
        sandbox.revoke_access_tokens(account.host());
        // Now and then a second one is killed before any has mended what the first one left.
        for _ in 0..=usize::from(round % 4 == 3) {
            let mut worker = Worker::start(&account, limits);
            worker.until_ready().await;
            sleep(Duration::from_millis(60).mul_f64(fastrand::f64())).await;
            worker.kill().await;
            tally.kills += 1;
            let mark = account.stored().await.mark;
            tally.in_renewal += usize::from(mark == RefreshMark::UnderWay);
        }
        sandbox.set_token_lifetime(LONG);
        let begin = Instant::now();
        let mut worker = Worker::start(&account, limits);
        let outcome = timeout(BOUND, worker.outcome()).await;
        tally.slowest = tally.slowest.max(begin.elapsed());
        match outcome.expect("the next process does not get on") {
            Event::Ok => {}
            Event::Reauthorize if who == Who::Person => {
                tally.reauthorized += 1;
                account.sign_in().await;
            }
            other => panic!("{who:?}, round {round}: {other:?}"),
        }
        worker.kill().await;
        account.stored().await;
        place.assert_whole();
    }
    assert!(sandbox.refusals().is_empty(), "{:?}", sandbox.refusals());
    let refreshes = account.check_refreshes();
    tally.refresh_tokens = refreshes.tokens;
    tally.sent_twice = refreshes.sent_twice;
    tally
}
