//! Processes stopped in the middle of a renewal: the others go on, and the sleeper changes nothing when it wakes.

mod anywhere;
mod in_request;
mod in_save;

use std::time::Duration;

use comm100::StoredTokens;
use tempfile::TempDir;
use tokio::time::timeout;

use crate::CORES;
use crate::account::Who;
use crate::place::Place;
use crate::redis_server::RedisServer;
use crate::worker::Worker;

/// Tokens outlive each part of a proof.
const LONG: Duration = Duration::from_secs(3600);
/// The lock's lease is twice the first of these and four times the second.
const LIMITS: [(&str, u64); 2] = [
    ("TRIAL_TOKEN_TIMEOUT_MS", 400),
    ("TRIAL_STORE_TIMEOUT_MS", 200),
];
const LEASE: Duration = Duration::from_millis(1600);
/// A process makes calls within this time, whatever it has met; failures before it may make it pause.
const BOUND: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopped_with_the_lock_of_a_file_it_holds_up_the_others_for_a_lease() {
    let _cores = CORES.read().await;
    let directory = TempDir::new().unwrap();
    let place = Place::files(directory.path().join("tokens"));
    for who in [Who::Person, Who::Application] {
        in_request::stop(&place, who, "SIGSTOP in a request, file store").await;
    }
    place.assert_whole();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopped_with_the_lock_on_redis_it_holds_up_the_others_for_a_lease() {
    let _cores = CORES.read().await;
    let proof = "SIGSTOP in a request, Redis";
    let Some(server) = RedisServer::start(proof).await else {
        return;
    };
    for who in [Who::Person, Who::Application] {
        in_request::stop(&server.place(), who, proof).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_save_on_redis_is_fenced_off() {
    let _cores = CORES.read().await;
    let proof = "SIGSTOP in a save, Redis";
    let Some(server) = RedisServer::start(proof).await else {
        return;
    };
    for who in [Who::Person, Who::Application] {
        in_save::stop(&server, who, proof).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopped_at_any_instant_it_overwrites_no_file_when_it_wakes() {
    let _cores = CORES.write().await;
    let directory = TempDir::new().unwrap();
    let place = Place::files(directory.path().join("tokens"));
    anywhere::stop_all(&place, "SIGSTOP at random, file store").await;
    place.assert_whole();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopped_at_any_instant_it_overwrites_nothing_on_redis_when_it_wakes() {
    let _cores = CORES.write().await;
    let proof = "SIGSTOP at random, Redis";
    let Some(server) = RedisServer::start(proof).await else {
        return;
    };
    anywhere::stop_all(&server.place(), proof).await;
}

/// Waits until a call of `worker` works.
async fn get_on(worker: &mut Worker) {
    let got_on = timeout(BOUND, worker.until_ok()).await;
    got_on.expect("the process does not get on");
}

fn is_same(one: &StoredTokens, other: &StoredTokens) -> bool {
    one.export().expose() == other.export().expose()
}
