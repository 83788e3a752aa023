//! Callers that give up, at every poll of what they wait for.

use std::pin::pin;
use std::time::Duration;

use auth_core::{Clock as _, Method};
use futures_util::FutureExt as _;
use futures_util::future::join_all;

use crate::clocks::real;
use crate::stage::{header, resumed, shown};

use super::rotating::Scene;

/// Polls `work` so many times at most, and drops it then; says whether it came to its end.
async fn give_up_after<T>(polls: usize, work: impl Future<Output = T>) -> bool {
    let mut work = pin!(work);
    for poll in 0..polls {
        if work.as_mut().now_or_never().is_some() {
            return true;
        }
        // At first every bit of progress counts, later the network has to have its time.
        if poll < 10 {
            tokio::task::yield_now().await;
        } else {
            real().sleep(Duration::from_millis(1)).await;
        }
    }
    false
}

fn some_milliseconds(_: usize) -> Duration {
    Duration::from_millis(20)
}

#[tokio::test]
async fn a_caller_that_gives_up_at_any_poll_loses_nothing() {
    for polls in 0.. {
        let scene = Scene::new(-1, some_milliseconds).await;
        let client = scene.client(resumed());
        let is_done = give_up_after(polls, header(&client)).await;
        scene.is_whole(&client).await;
        if is_done {
            assert!(polls > 10, "only {polls} polls were needed");
            return;
        }
    }
}

#[tokio::test]
async fn a_hundred_callers_that_give_up_at_any_poll_lose_nothing() {
    for polls in 0.. {
        let scene = Scene::new(-1, some_milliseconds).await;
        let client = scene.client(resumed());
        let all = join_all((0..100).map(|_| header(&client)));
        let is_done = give_up_after(polls, all).await;
        scene.is_whole(&client).await;
        if is_done {
            return;
        }
    }
}

#[tokio::test]
async fn a_renewal_after_a_401_that_is_given_up_at_any_poll_loses_nothing() {
    for polls in 0.. {
        let scene = Scene::new(3600, some_milliseconds).await;
        let client = scene.client(resumed());
        let session = client.session();
        let old = session.authorization().await.expect("the stored token");
        assert_eq!(shown(old.value()), "Bearer access-old");
        let is_done = give_up_after(polls, session.renew(old.generation())).await;
        let renewed = session.renew(old.generation()).await;
        let renewed = renewed.expect("a newer token");
        assert_eq!(shown(renewed.value()), "Bearer access-0");
        scene.is_whole(&client).await;
        if is_done {
            return;
        }
    }
}

#[tokio::test]
async fn a_call_that_is_given_up_at_any_poll_loses_nothing() {
    for polls in 0.. {
        let scene = Scene::new(3600, some_milliseconds).await;
        let client = scene.client(resumed());
        let call = || client.request(Method::GET, "/things").send();
        let is_done = give_up_after(polls, call()).await;
        call().await.expect("a good answer after a renewal");
        scene.is_whole(&client).await;
        if is_done {
            return;
        }
    }
}
