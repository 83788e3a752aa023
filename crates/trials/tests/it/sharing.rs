//! Processes that share one account on one store: one of them renews, and all go on making calls.

use std::time::Duration;

use tempfile::TempDir;
use tokio::time::{Instant, sleep};
use vendor_sandbox::Sandbox;

use crate::account::{Account, Who};
use crate::place::Place;
use crate::redis_server::RedisServer;
use crate::worker::{Event, Worker};
use crate::{CORES, say};

/// How long tokens live.
const LIFETIME: Duration = Duration::from_secs(2);
/// How long the calls go on.
const SPAN: Duration = Duration::from_secs(20);
/// A token is renewed a tenth of its lifetime before its end, or somewhat earlier where the machine is slow: so many
/// requests are enough for the span. Each process that renews for itself would add as many again.
const MOST_REQUESTS: usize = 16;
/// No process is without a call that works for as long as this.
const LONGEST_GAP: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_on_one_directory_renew_as_one() {
    let _cores = CORES.read().await;
    let directory = TempDir::new().unwrap();
    let place = Place::files(directory.path().join("tokens"));
    share("two processes on one directory", &place, 2, 10).await;
    place.assert_whole();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_processes_on_one_redis_renew_as_one() {
    let _cores = CORES.read().await;
    let proof = "eight processes on one Redis server";
    let Some(server) = RedisServer::start(proof).await else {
        return;
    };
    share(proof, &server.place(), 8, 100).await;
}

/// Lets `processes` make calls for a person's account, and as many for an application's.
async fn share(proof: &str, place: &Place, processes: usize, pause_ms: u64) {
    let sandbox = Sandbox::builder().token_lifetime(LIFETIME);
    let sandbox = sandbox.start().await.unwrap();
    for_both(&sandbox, proof, place, processes, pause_ms).await;
    assert_eq!(
        sandbox.reuse_detected(),
        0,
        "a spent refresh token came back"
    );
    assert!(sandbox.refusals().is_empty(), "{:?}", sandbox.refusals());
}

async fn for_both(sandbox: &Sandbox, proof: &str, place: &Place, processes: usize, pause_ms: u64) {
    let accounts = [
        Account::new(sandbox, Who::Person, place).await,
        Account::new(sandbox, Who::Application, place).await,
    ];
    let pause = [("TRIAL_PAUSE_MS", pause_ms)];
    let start = |account| Vec::from_iter((0..processes).map(|_| Worker::start(account, &pause)));
    let mut crews = accounts.each_ref().map(start);
    for worker in crews.iter_mut().flatten() {
        worker.until_ok().await;
        worker.forget();
    }
    let before = accounts.each_ref().map(Account::token_requests);
    let begin = Instant::now();
    sleep(SPAN).await;
    let end = Instant::now();
    for ((account, crew), before) in accounts.iter().zip(crews).zip(before) {
        let requests = account.token_requests() - before;
        let (mut calls, mut longest) = (0, Duration::ZERO);
        for worker in crew {
            let mut last = begin;
            for (at, event) in worker.kill().await {
                assert!(event == Event::Ok || !event.is_outcome(), "{event:?}");
                if event == Event::Ok {
                    calls += 1;
                    longest = longest.max(at.saturating_duration_since(last));
                    last = at;
                }
            }
            longest = longest.max(end.saturating_duration_since(last));
        }
        let who = account.who;
        say(&format!(
            "{proof}, {who:?}: {calls} calls, {requests} token requests, longest gap {longest:?}"
        ));
        assert!(longest < LONGEST_GAP, "no call worked for {longest:?}");
        assert!(
            (8..=MOST_REQUESTS).contains(&requests),
            "{requests} token requests"
        );
        assert_eq!(account.check_refreshes().sent_twice, 0);
    }
}
