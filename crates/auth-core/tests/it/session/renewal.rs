//! Renewal ahead of time, in the background.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use auth_core::{ErrorKind, ManualClock, Settings};

use crate::clocks::eventually;
use crate::dialects::FORM;
use crate::stage::{Vendor, client, granted, header, machine, refused, renew, seconds, shown};

#[tokio::test]
async fn a_renewal_that_is_due_costs_one_background_request_and_nobody_waits() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let clock = ManualClock::new();
    let settings = Settings::new().clock(clock.clone());
    let client = client(FORM, &vendor.url(), machine(), &settings);
    header(&client).await.expect("a token");
    clock.advance(seconds(3290));
    let ready = client.session().ready().expect("a valid token");
    assert_eq!(shown(ready.value()), "Bearer access-0");
    assert_eq!(vendor.tokens(), 1, "five minutes are left: not due yet");

    clock.advance(seconds(100));
    for _ in 0..100 {
        let ready = client.session().ready().expect("a valid token");
        assert_eq!(shown(ready.value()), "Bearer access-0");
    }
    eventually("the new token is in use", || {
        let ready = client.session().ready().expect("a valid token");
        shown(ready.value()) == "Bearer access-1"
    })
    .await;
    assert_eq!(vendor.tokens(), 2);
}

#[tokio::test]
async fn a_failed_background_renewal_keeps_the_token_and_backs_off_for_as_long_as_asked() {
    let vendor = Vendor::new(|n, _| match n {
        1 => refused(503, "busy"),
        2 => refused(503, "busy").insert_header("retry-after", "30"),
        _ => granted(n),
    })
    .await;
    let clock = ManualClock::new();
    let settings = Settings::new().clock(clock.clone()).token_retries(0);
    let client = client(FORM, &vendor.url(), machine(), &settings);
    header(&client).await.expect("a token");
    clock.advance(seconds(3400));
    let look = || {
        let ready = client.session().ready().expect("the token is still good");
        shown(ready.value())
    };
    for (failures, pause) in [(1, Duration::from_millis(500)), (2, seconds(30))] {
        eventually("a renewal was tried", || {
            look();
            vendor.tokens() == 1 + failures
        })
        .await;
        let mut turns = 0;
        eventually("time enough passed for a hasty second try", || {
            look();
            turns += 1;
            turns == 50
        })
        .await;
        assert_eq!(vendor.tokens(), 1 + failures, "no time has passed");
        let mut waited = Duration::ZERO;
        eventually("the next renewal was tried", || {
            clock.advance(Duration::from_millis(100));
            waited += Duration::from_millis(100);
            look();
            vendor.tokens() == 2 + failures
        })
        .await;
        assert!(waited >= pause, "it waited {waited:?} of {pause:?}");
    }
    eventually("the new token is in use", || look() == "Bearer access-3").await;
}

#[tokio::test]
async fn an_expired_token_is_not_given_out() {
    let vendor = Vendor::new(|n, _| match n {
        0 => granted(n),
        _ => refused(500, "down"),
    })
    .await;
    let clock = ManualClock::new();
    let settings = Settings::new().clock(clock.clone());
    let client = client(FORM, &vendor.url(), machine(), &settings);
    header(&client).await.expect("a token");
    clock.advance(seconds(3600));
    assert!(client.session().ready().is_none());
    let error = header(&client).await.expect_err("nothing valid is left");
    assert_eq!(error.kind(), ErrorKind::Provider);
}

#[tokio::test]
async fn the_callback_is_told_once_of_each_renewal() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let settings = Settings::new().on_renewed({
        let told = Arc::clone(&told);
        move |tokens| {
            let token = tokens.access_token().expose().to_owned();
            told.lock().expect("no test panics here").push(token);
        }
    });
    let client = client(FORM, &vendor.url(), machine(), &settings);
    for _ in 0..10 {
        header(&client).await.expect("a token");
    }
    renew(&client).await.expect("a newer token");
    header(&client).await.expect("a token");
    let told = told.lock().expect("no test panics here").clone();
    assert_eq!(told, ["access-0", "access-1"]);
}

#[tokio::test]
async fn a_callback_that_panics_does_no_harm() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let asked = Arc::new(AtomicUsize::new(0));
    let settings = Settings::new().on_renewed({
        let asked = Arc::clone(&asked);
        move |_| {
            asked.fetch_add(1, Ordering::SeqCst);
            panic!("this panic is part of the test");
        }
    });
    let client = client(FORM, &vendor.url(), machine(), &settings);
    assert_eq!(header(&client).await.expect("a token"), "Bearer access-0");
    assert_eq!(renew(&client).await.expect("a token"), "Bearer access-1");
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    assert_eq!(vendor.tokens(), 2);
}

/// Counts the lines that are written to it.
#[derive(Clone, Default)]
struct Lines(Arc<AtomicUsize>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let lines = bytes.split(|byte| *byte == b'\n').count() - 1;
        self.0.fetch_add(lines, Ordering::SeqCst);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// How many lines are told on this thread, from INFO on, while `work` is done.
pub(super) async fn lines_of(work: impl Future<Output = ()>) -> usize {
    let lines = Lines::default();
    let listener = tracing_subscriber::fmt().with_writer({
        let lines = lines.clone();
        move || lines.clone()
    });
    let listening = tracing::subscriber::set_default(listener.finish());
    work.await;
    drop(listening);
    lines.0.load(Ordering::SeqCst)
}

#[test]
fn a_renewal_that_no_runtime_can_carry_is_tried_and_told_once_a_second() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let vendor = runtime.block_on(Vendor::new(|n, _| granted(n)));
    let clock = ManualClock::new();
    let settings = Settings::new().clock(clock.clone());
    let client = client(FORM, &vendor.url(), machine(), &settings);
    runtime.block_on(header(&client)).expect("a token");
    clock.advance(seconds(3400));
    let lines = Lines::default();
    let listener = tracing_subscriber::fmt().with_writer({
        let lines = lines.clone();
        move || lines.clone()
    });
    tracing::subscriber::with_default(listener.finish(), || {
        for second in 0..3 {
            for _ in 0..1000 {
                let ready = client.session().ready().expect("a valid token");
                assert_eq!(shown(ready.value()), "Bearer access-0");
            }
            assert_eq!(lines.0.load(Ordering::SeqCst), second + 1);
            clock.advance(seconds(1));
        }
    });
    assert_eq!(vendor.tokens(), 1);
    // Where there is a runtime again, the renewal is made up for.
    runtime.block_on(eventually("the new token is in use", || {
        let ready = client.session().ready().expect("a valid token");
        shown(ready.value()) == "Bearer access-1"
    }));
}
