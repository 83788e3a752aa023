//! A Redis server that goes away for a while: calls go on with the tokens in memory, and all heals by itself.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use vendor_sandbox::Sandbox;

use crate::account::{Account, Who};
use crate::redis_server::RedisServer;
use crate::worker::{Event, Worker};
use crate::{CORES, say};

/// How long the server is away.
const OUTAGE: Duration = Duration::from_secs(5);
/// Some tokens outlive it by far; the others are renewed and end within it.
const LONG: Duration = Duration::from_secs(3600);
const SHORT: Duration = Duration::from_millis(4500);
/// So long takes a token request: twice this before the end of a token, its renewal is due.
const LATENCY: Duration = Duration::from_millis(750);
/// Short tokens live for so much of the outage at least, and their renewal has failed before.
const SURELY_VALID: Duration = Duration::from_secs(3);
/// After so long all calls work again: renewals pause for up to five seconds after a failure, and the store takes its
/// time to connect.
const HEALING: Duration = Duration::from_secs(10);
const LIMITS: [(&str, u64); 2] = [
    ("TRIAL_TOKEN_TIMEOUT_MS", 2000),
    ("TRIAL_STORE_TIMEOUT_MS", 500),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_go_on_while_redis_is_gone_and_heal_when_it_is_back() {
    let _cores = CORES.read().await;
    let proof = "Redis gone for 5 s";
    let Some(mut server) = RedisServer::start(proof).await else {
        return;
    };
    let lasting = Sandbox::builder().token_lifetime(LONG);
    let lasting = lasting.start().await.unwrap();
    let lasting = Account::new(&lasting, Who::Person, &server.place()).await;
    let mut steady = Worker::start(&lasting, &LIMITS);
    steady.until_ok().await;

    let sandbox = Sandbox::builder().token_lifetime(SHORT);
    let sandbox = sandbox.start().await.unwrap();
    let accounts = [
        Account::new(&sandbox, Who::Person, &server.place()).await,
        Account::new(&sandbox, Who::Application, &server.place()).await,
    ];
    let mut workers = accounts
        .each_ref()
        .map(|account| Worker::start(account, &LIMITS));
    for worker in &mut workers {
        worker.until_ok().await;
    }
    // From here on all renewals of both accounts come at the same times.
    sandbox.set_token_latency(LATENCY);
    let before = accounts.each_ref().map(Account::token_requests);
    for account in &accounts {
        sandbox.revoke_access_tokens(account.host());
    }
    for (account, before) in accounts.iter().zip(before) {
        account.until_token_request(before).await;
    }
    sleep(LATENCY + Duration::from_millis(200)).await; // the tokens are saved
    for worker in &mut workers {
        worker.forget();
    }
    server.stop().await;
    let gone = Instant::now();
    sleep(OUTAGE).await;
    server.restart().await;
    let back = Instant::now();
    for worker in &mut workers {
        worker.history();
        let healed = timeout(HEALING, worker.until_ok()).await;
        healed.expect("no call works although the server is back");
    }
    sleep(HEALING).await;
    let end = Instant::now();

    for (at, event) in steady.kill().await {
        assert!(
            event == Event::Ok || !event.is_outcome(),
            "{event:?} after {:?}",
            at - gone
        );
    }
    for (account, worker) in accounts.iter().zip(workers) {
        let history = worker.kill().await;
        let after = |at: &Instant| at.saturating_duration_since(gone);
        let knew = history.iter().find_map(|(at, event)| match event {
            Event::Health(health) if health.starts_with("backing-off") => Some(after(at)),
            _ => None,
        });
        let (mut calls, mut failures) = (0, Vec::new());
        for (at, event) in history.iter().filter(|(_, event)| event.is_outcome()) {
            match event {
                Event::Ok => calls += usize::from((gone..back).contains(at)),
                event if event.is_store_refusal() => failures.push(after(at)),
                other => panic!("{:?}: {other:?} after {:?}", account.who, after(at)),
            }
        }
        let (first, last) = (failures.first().copied(), failures.last().copied());
        say(&format!(
            "{proof}, tokens of {SHORT:?}, {:?}: {calls} calls worked; a renewal failed after {knew:?}, {} calls \
             between {first:?} and {last:?}",
            account.who,
            failures.len()
        ));
        assert!(
            knew.is_some_and(|knew| knew < SURELY_VALID),
            "no renewal was due"
        );
        assert!(
            first.is_none_or(|first| first > SURELY_VALID),
            "failed with a valid token"
        );
        assert!(last.is_none_or(|last| last < OUTAGE + HEALING) && end > back + HEALING);
        assert_eq!(account.check_refreshes().sent_twice, 0);
    }
    assert_eq!(sandbox.reuse_detected(), 0);
}
