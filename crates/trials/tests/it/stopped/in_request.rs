//! Stops a process that waits for the answer to its refresh request.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use vendor_sandbox::Sandbox;

use crate::account::{Account, Who};
use crate::place::Place;
use crate::say;
use crate::worker::{Event, Worker};

use super::{LEASE, LIMITS, LONG, get_on, is_same};

/// Calls that wait no longer than this are told that the lock is taken.
const DEADLINE: (&str, u64) = ("TRIAL_CALL_DEADLINE_MS", 300);
/// After the lease, the next process needs a moment for its own renewal.
const MOMENT: Duration = Duration::from_secs(3);

/// Stops a process whose refresh request has arrived, and is not answered yet.
pub(super) async fn stop(place: &Place, who: Who, proof: &str) {
    let sandbox = Sandbox::builder().token_lifetime(LONG);
    let sandbox = sandbox.start().await.unwrap();
    let account = Account::new(&sandbox, who, place).await;
    let mut first = Worker::start(&account, &LIMITS);
    first.until_ok().await;

    sandbox.set_token_latency(Duration::from_millis(300));
    let before = account.token_requests();
    sandbox.revoke_access_tokens(account.host());
    account.until_token_request(before).await;
    first.stop().await;
    let stopped = Instant::now();
    sandbox.set_token_latency(Duration::ZERO);

    let [token, store] = LIMITS;
    let mut second = Worker::start(&account, &[token, store, DEADLINE]);
    let mut refused = 0;
    let got_on = loop {
        match second.outcome().await {
            event if event.is_store_refusal() => refused += 1,
            // The lock came free so late that this call's time ran out during the renewal.
            Event::Failed { kind, .. } if kind == "Timeout" => {}
            other => break other,
        }
        assert!(stopped.elapsed() < LEASE + MOMENT, "the lock is never free");
    };
    let blocked = stopped.elapsed();
    say(&format!(
        "{proof}, {who:?}: {refused} calls refused, then {got_on:?} after {blocked:?}; the lease is {LEASE:?}"
    ));
    assert!(refused > 0, "nothing was locked");
    match who {
        Who::Application => assert_eq!(got_on, Event::Ok),
        Who::Person => {
            assert_eq!(got_on, Event::Reauthorize);
            account.sign_in().await;
            second.until_ok().await;
        }
    }
    let saved = account.stored().await;
    first.forget();
    first.wake().await;
    get_on(&mut first).await;
    assert!(is_same(&saved, &account.stored().await), "overwritten");

    // Both are fit for the next renewal, and only one of them makes it.
    let before = account.token_requests();
    sandbox.revoke_access_tokens(account.host());
    sleep(Duration::from_millis(50)).await;
    for worker in [&mut first, &mut second] {
        worker.forget();
        worker.until_ok().await;
    }
    assert_eq!(account.token_requests() - before, 1);
    assert_eq!(sandbox.reuse_detected(), 1, "once more, and never again");
    account.check_refreshes();
}
