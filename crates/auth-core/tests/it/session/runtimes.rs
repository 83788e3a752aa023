//! Runtimes that end, or stand still, at every stage of a renewal; processes that crash there.

use std::pin::pin;
use std::sync::atomic::Ordering;
use std::time::Duration;

use auth_core::{ApiClient, Clock as _, Error, ErrorKind, Grant, Principal};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::runtime::{Builder, Runtime};

use crate::clocks::{eventually, real};
use crate::stage::{header, machine, resumed, seconds, shown};

use super::moody::Moody;
use super::rotating::{OLD, Scene};
use super::settle;

const FIRST: &str = "client_credentials";
/// The stage at which the provider has the request; those before and after it are steps of the store.
const ASKED: usize = 6;
/// How many stages a renewal has: lock, load and mark, each with its end, then the request, then save and unlock.
const STAGES: usize = 11;

/// Has the store stop whoever comes to `stage`.
fn stop_at(store: &Moody, stage: usize) {
    match stage {
        ..ASKED => store.stop_at(stage),
        ASKED => {}
        _ => store.stop_at(stage - 1),
    }
}

/// Waits until someone has come to `stage`.
async fn comes_to(scene: &Scene, stage: usize) {
    eventually("the stage is reached", || match stage {
        ASKED => scene.vendor.tokens() == 1,
        _ => scene.store.is_stopped(),
    })
    .await;
}

fn is_machine(principal: &Principal) -> bool {
    matches!(principal.grant, Grant::ClientCredentials)
}

fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime")
}

/// The first answer never comes in time.
fn late_at_first(n: usize) -> Duration {
    if n == 0 { seconds(20) } else { Duration::ZERO }
}

fn at_once(_: usize) -> Duration {
    Duration::ZERO
}

#[test]
fn a_runtime_that_ends_at_any_stage_costs_one_more_use_of_the_refresh_token_at_most() {
    let lasting = runtime();
    for stage in 0..STAGES {
        for principal in [machine(), resumed()] {
            // Where the process ends with the runtime, a new session finds nothing but the store.
            for is_restarted in [false, true] {
                let delays = if stage == ASKED {
                    late_at_first
                } else {
                    at_once
                };
                let scene = lasting.block_on(Scene::new(-1, delays));
                let mut client = scene.client(principal.clone());
                stop_at(&scene.store, stage);
                let doomed = runtime();
                doomed.block_on(async {
                    assert!(header(&client).now_or_never().is_none());
                    comes_to(&scene, stage).await;
                });
                drop(doomed);
                if is_restarted {
                    client = scene.client(principal.clone());
                }
                let served = lasting.block_on(header(&client));
                let asked = lasting.block_on(scene.asked());
                let is_machine = is_machine(&principal);
                // What was answered and not saved is lost with the process.
                let is_lost = stage == ASKED || stage == ASKED + 1 && is_restarted;
                let place = format!("stage {stage}, restarted: {is_restarted}");
                match served {
                    Ok(token) if is_lost => {
                        assert_eq!((token.as_str(), is_machine), ("Bearer access-2", true));
                        assert_eq!(asked, [OLD, OLD, FIRST], "{place}");
                    }
                    Ok(token) => {
                        assert_eq!(token, "Bearer access-0", "{place}");
                        assert_eq!(asked, [OLD], "{place}");
                    }
                    Err(error) => {
                        assert!(is_lost && !is_machine, "{place}: {error}");
                        assert_eq!(error.kind(), ErrorKind::Reauthorize, "{place}");
                        assert_eq!(asked, [OLD, OLD], "{place}");
                        continue;
                    }
                }
                assert_eq!(scene.reuses(), usize::from(is_lost), "{place}");
                lasting.block_on(scene.goes_on(&client, &place));
            }
        }
    }
}

#[test]
fn processes_that_crash_one_after_the_other_send_a_refresh_token_twice_at_most() {
    let lasting = runtime();
    for stage in [ASKED - 1, ASKED, ASKED + 1, ASKED + 2] {
        // Before and after the mark is written, and the same of the new tokens.
        for step in 4..8 {
            for principal in [machine(), resumed()] {
                let delays = if stage == ASKED {
                    late_at_first
                } else {
                    at_once
                };
                let scene = lasting.block_on(Scene::new(-1, delays));
                stop_at(&scene.store, stage);
                let doomed = runtime();
                doomed.block_on(async {
                    let first = scene.client(principal.clone());
                    assert!(header(&first).now_or_never().is_none());
                    comes_to(&scene, stage).await;
                });
                drop(doomed);
                // The second may find less to do than there are steps to be stopped at.
                scene.store.stop_at(step);
                let doomed = runtime();
                doomed.block_on(async {
                    let second = scene.client(principal.clone());
                    let mut served = pin!(header(&second));
                    eventually("the second is served or stopped", || {
                        served.as_mut().now_or_never().is_some() || scene.store.is_stopped()
                    })
                    .await;
                });
                drop(doomed);
                scene.store.go_on();
                let third = scene.client(principal.clone());
                let place = format!("stage {stage}, then step {step}");
                match lasting.block_on(header(&third)) {
                    Ok(_) => lasting.block_on(scene.goes_on(&third, &place)),
                    Err(error) => {
                        assert!(!is_machine(&principal), "{place}: {error}");
                        assert_eq!(error.kind(), ErrorKind::Reauthorize, "{place}");
                    }
                }
                let asked = lasting.block_on(scene.asked());
                for token in &asked {
                    let times = asked.iter().filter(|other| *other == token).count();
                    assert!(token == FIRST || times <= 2, "{place}: {asked:?}");
                }
                assert!(scene.reuses() <= 1, "{place}: {asked:?}");
            }
        }
    }
}

/// The longest that a renewal can take with the default settings: twice the wait for the lock, and the lease; the wait for
/// turns, and twice after it for the lock once more.
const LONGEST: Duration = seconds(352 + 120 + 202);

/// The first answer comes when nobody listens.
fn answers_later(n: usize) -> Duration {
    Duration::from_millis(if n == 0 { 100 } else { 0 })
}

/// A renewal on a runtime that nobody drives any more, and one who waits for it elsewhere.
struct Stalled {
    scene: Scene,
    client: ApiClient,
    stalled: Runtime,
    waiting: BoxFuture<'static, Result<String, Error>>,
}

impl Stalled {
    fn new(lasting: &Runtime, principal: Principal, stage: usize) -> Self {
        let delays = if stage == ASKED {
            answers_later
        } else {
            at_once
        };
        let scene = lasting.block_on(Scene::new(-1, delays));
        scene.store.has_no_lease.store(true, Ordering::SeqCst);
        let client = scene.client(principal);
        stop_at(&scene.store, stage);
        let stalled = Builder::new_current_thread().enable_all().build();
        let stalled = stalled.expect("a runtime");
        stalled.block_on(async {
            assert!(header(&client).now_or_never().is_none());
            comes_to(&scene, stage).await;
        });
        let mut waiting = {
            let client = client.clone();
            async move { header(&client).await }.boxed()
        };
        assert!(waiting.as_mut().now_or_never().is_none());
        Self {
            scene,
            client,
            stalled,
            waiting,
        }
    }

    /// Drives the runtime again, until nothing more comes of it.
    fn drive_again(&self) {
        self.scene.store.go_on();
        self.stalled.block_on(async {
            real().sleep(Duration::from_millis(150)).await;
            settle().await;
        });
    }
}

#[test]
fn a_renewal_on_a_runtime_that_stands_still_is_given_up_after_its_longest_time() {
    let lasting = runtime();
    for stage in 0..STAGES {
        for principal in [machine(), resumed()] {
            let is_machine = is_machine(&principal);
            let place = format!("stage {stage}, machine: {is_machine}");
            let late = Stalled::new(&lasting, principal, stage);
            let Stalled {
                scene,
                client,
                mut waiting,
                stalled: _stalled,
            } = late;
            lasting.block_on(async {
                scene.clock.advance(LONGEST - seconds(1));
                assert!(header(&client).now_or_never().is_none());
                settle().await;
                assert!(waiting.as_mut().now_or_never().is_none(), "{place}");
                scene.clock.advance(seconds(1));
                let served = header(&client).await;
                let told = waiting.await.expect_err("it was given up");
                assert_eq!(told.kind(), ErrorKind::Cancelled, "{place}");
                assert!(told.is_retryable());
                match served {
                    Ok(token) if stage == ASKED => assert_eq!(token, "Bearer access-2"),
                    Ok(token) => assert_eq!(token, "Bearer access-0", "{place}"),
                    Err(error) => {
                        assert!(stage == ASKED && !is_machine, "{place}: {error}");
                        assert_eq!(error.kind(), ErrorKind::Reauthorize);
                    }
                }
            });
        }
    }
}

#[test]
fn a_renewal_that_was_given_up_changes_nothing_when_it_lands_at_last() {
    let lasting = runtime();
    for stage in 0..STAGES {
        let place = format!("stage {stage}");
        let mut late = Stalled::new(&lasting, machine(), stage);
        let (scene, client) = (&late.scene, &late.client);
        scene.clock.advance(LONGEST);
        let served = lasting.block_on(header(client)).expect("a token");
        let asked = lasting.block_on(scene.asked());
        let told = scene.told.lock().expect("no test panics here").clone();
        let saved = scene.store.standing();
        late.drive_again();
        let told_late = late.waiting.as_mut().now_or_never().expect("an end");
        let told_late = told_late.expect_err("it was given up");
        assert_eq!(told_late.kind(), ErrorKind::Cancelled, "{place}");
        let ready = client.session().ready().expect("a valid token");
        assert_eq!(shown(ready.value()), served, "{place}");
        assert_eq!(lasting.block_on(scene.asked()), asked, "{place}");
        let told_now = scene.told.lock().expect("no test panics here").clone();
        if stage <= ASKED {
            assert_eq!(told_now, told, "{place}");
            assert_eq!(scene.store.standing(), saved, "{place}");
        } else {
            // This is what the other one found.
            assert_eq!(told_now, ["access-0"], "{place}");
        }
        assert!(client.session().health().is_saved, "{place}");
        // Its connections would keep those waiting who find them in the pool.
        let Stalled {
            scene,
            client,
            stalled,
            ..
        } = late;
        drop(stalled);
        lasting.block_on(async {
            scene.goes_on(&client, &place).await;
            assert!(client.session().health().is_saved);
        });
    }
}

#[test]
fn tokens_that_come_in_too_late_are_used_where_nothing_better_is_left() {
    let lasting = runtime();
    let late = Stalled::new(&lasting, resumed(), ASKED);
    let (scene, client) = (&late.scene, &late.client);
    scene.clock.advance(LONGEST);
    let error = lasting.block_on(header(client)).expect_err("a spent token");
    assert_eq!(error.kind(), ErrorKind::Reauthorize);
    late.drive_again();
    scene.clock.advance(seconds(60));
    let served = lasting.block_on(header(client));
    assert_eq!(served.expect("the late token"), "Bearer access-0");
    assert_eq!(lasting.block_on(scene.asked()), [OLD, OLD]);
    let Stalled {
        scene,
        client,
        stalled,
        ..
    } = late;
    drop(stalled);
    lasting.block_on(scene.goes_on(&client, "late"));
}
