//! Streams: cancellation, failures in the middle, how far ahead they ask, and what they hold.

use std::future::Future as _;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use auth_core::{ApiClient, ErrorKind, Items, List, Method, Settings};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::{
    KEYSET, LINKED, NUMBERED, OFFSET, all, get, keyed, keyed_at, list, queries, records, server,
};
use crate::clocks::eventually;
use crate::dialects::FORM;
use crate::raw::{Act, RawServer, http};
use crate::stage::{Vendor, client, granted, machine};

/// Ten pages of twenty.
fn ten_pages(n: usize) -> Value {
    let page = n.min(10) * 20;
    records(page, (page + 20).min(200))
}

#[tokio::test]
async fn a_stream_gives_all_items_in_order() {
    let vendor = server(ten_pages).await;
    let client = keyed(&vendor);
    let stream = list(get(&client), &NUMBERED).stream();
    drop(client);
    let items: Vec<_> = stream.map(|item| item.expect("an item")).collect().await;
    assert_eq!(json!(items), records(0, 200));
    assert_eq!(vendor.calls(), 11);
}

#[tokio::test]
async fn nothing_is_sent_before_an_item_is_asked_for() {
    let vendor = server(ten_pages).await;
    let client = keyed(&vendor);
    drop(list(get(&client), &NUMBERED).stream());
    barrier(&client, &vendor).await;
    assert_eq!(vendor.calls(), 1);
}

/// Makes a call of its own: whatever was on its way to the server before is likely to be there afterwards.
async fn barrier(client: &ApiClient, vendor: &Vendor) {
    let before = vendor.calls();
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    let call = client.request(Method::HEAD, "/barrier").send().await;
    call.expect("an answer");
    assert!(vendor.calls() > before);
}

/// Reads ten pages and looks at each item how many lists were asked for.
async fn asked_at_each_item(prefetch: bool) -> Vec<usize> {
    let lists = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&lists);
    let api = move |_: usize, request: &wiremock::Request| {
        let page = match request.method {
            Method::GET => ten_pages(count.fetch_add(1, Ordering::SeqCst)),
            _ => json!({}),
        };
        ResponseTemplate::new(200).set_body_json(page)
    };
    let vendor = Vendor::with_api(|n, _| granted(n), api).await;
    let client = keyed(&vendor);
    let mut stream = list(get(&client), &NUMBERED)
        .with_prefetch(prefetch)
        .stream();
    let mut asked = Vec::new();
    while let Some(item) = stream.next().await {
        item.expect("an item");
        let ahead = asked.len() / 20 + 2;
        if prefetch {
            eventually("the next page is asked for", || {
                lists.load(Ordering::SeqCst) >= ahead
            })
            .await;
        }
        barrier(&client, &vendor).await;
        asked.push(lists.load(Ordering::SeqCst));
    }
    asked
}

#[tokio::test]
async fn at_most_one_page_is_asked_for_ahead() {
    let asked = asked_at_each_item(true).await;
    let at_most: Vec<_> = (0..200).map(|item| item / 20 + 2).collect();
    assert_eq!(asked, at_most);
}

#[tokio::test]
async fn without_prefetch_no_page_is_asked_for_that_nobody_waits_for() {
    let asked = asked_at_each_item(false).await;
    let needed: Vec<_> = (0..200).map(|item| item / 20 + 1).collect();
    assert_eq!(asked, needed);
}

/// Polls `try_next` once and drops its future.
fn glance(items: &mut Items<Value>, context: &mut Context<'_>) -> Poll<Option<Value>> {
    let next = pin!(items.try_next());
    next.poll(context).map(|item| item.expect("an item"))
}

#[tokio::test]
async fn a_dropped_future_loses_no_item_and_repeats_no_request() {
    for prefetch in [true, false] {
        let vendor = server(ten_pages).await;
        let client = keyed(&vendor);
        let mut stream = list(get(&client), &NUMBERED)
            .with_prefetch(prefetch)
            .stream();
        let mut got = Vec::new();
        let mut glances = 0;
        loop {
            glances += 1;
            match glance(&mut stream, &mut Context::from_waker(Waker::noop())) {
                Poll::Ready(Some(item)) => got.push(item),
                Poll::Ready(None) => break,
                Poll::Pending => tokio::task::yield_now().await,
            }
        }
        assert!(glances > 201, "no future was dropped while it waited");
        assert_eq!(json!(got), records(0, 200));
        assert_eq!(vendor.calls(), 11);
    }
}

#[tokio::test]
async fn a_page_that_nobody_waits_for_any_more_is_given_up() {
    let server = RawServer::start(|_| Act::Hang).await;
    let client = keyed_at(&server.url());
    let tasks = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    let mut stream = list(get(&client), &NUMBERED).stream();
    let mut context = Context::from_waker(Waker::noop());
    assert!(glance(&mut stream, &mut context).is_pending());
    eventually("the request arrived", || server.seen().len() == 1).await;
    let before = tasks();
    drop(stream);
    eventually("the task ended", || tasks() < before).await;
}

#[tokio::test]
async fn an_error_comes_once_after_all_items_before_it() {
    for prefetch in [true, false] {
        let api = |n: usize, _: &wiremock::Request| match n {
            0 | 1 => ResponseTemplate::new(200).set_body_json(records(n * 2, n * 2 + 2)),
            _ => ResponseTemplate::new(400).set_body_json(json!({ "message": "no such page" })),
        };
        let vendor = Vendor::with_api(|n, _| granted(n), api).await;
        let client = keyed(&vendor);
        let stream = list(get(&client), &NUMBERED)
            .with_prefetch(prefetch)
            .stream();
        let (got, error) = all(stream).await;
        assert_eq!(json!(got), records(0, 4));
        let error = error.expect("the third page fails");
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert_eq!(error.provider_message(), Some("no such page"));
        assert_eq!(vendor.calls(), 3);
    }
}

#[tokio::test]
async fn an_item_that_does_not_fit_ends_the_stream_after_those_before_it() {
    let vendor =
        server(|n| json!({ "orders": [n, "x", n], "pagination": { "has_next": true } })).await;
    let client = keyed(&vendor);
    let numbers = List::new(get(&client), &OFFSET, |item, place| {
        item.as_u64()
            .ok_or_else(|| place.misfit("", "expected a number"))
    });
    let (got, error) = all(numbers.stream()).await;
    assert_eq!(got, [0]);
    let error = error.expect("a text is no number");
    assert!(
        error
            .to_string()
            .contains("`$.orders[1]`: expected a number"),
        "{error}"
    );
}

#[tokio::test]
async fn each_page_is_a_call_with_retries_and_renewal() {
    let api = |n: usize, _: &wiremock::Request| match n {
        1 => ResponseTemplate::new(401),
        3 => ResponseTemplate::new(503).insert_header("retry-after", "0"),
        _ => ResponseTemplate::new(200).set_body_json(match n {
            0 => json!({ "list": records(0, 1), "nextPage": "?pageIndex=2" }),
            2 => json!({ "list": records(1, 2), "nextPage": "?pageIndex=3" }),
            _ => json!({ "list": records(2, 3), "nextPage": null }),
        }),
    };
    let vendor = Vendor::with_api(|n, _| granted(n), api).await;
    let client = client(FORM, &vendor.url(), machine(), &Settings::new());
    // A search is a read, too: what may pass is tried again though the method is POST.
    let call = client.request(Method::POST, "/things:search");
    let (got, error) = all(list(call, &LINKED).stream()).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(json!(got), records(0, 3));
    assert_eq!((vendor.calls(), vendor.tokens()), (5, 2));
}

#[tokio::test]
async fn a_page_that_failed_can_be_asked_for_once_more() {
    let api = |n: usize, _: &wiremock::Request| match n {
        0 => ResponseTemplate::new(200).set_body_json(json!({ "data": records(0, 3) })),
        1 => ResponseTemplate::new(400),
        _ => ResponseTemplate::new(200).set_body_json(json!({ "data": records(3, 4) })),
    };
    let vendor = Vendor::with_api(|n, _| granted(n), api).await;
    let client = keyed(&vendor);
    let page = list(get(&client), &KEYSET).send().await.expect("a page");
    page.next().await.expect_err("the second request fails");
    for _ in 0..2 {
        let next = page.next().await.expect("a page").expect("a page");
        assert_eq!(json!(next.items()), records(3, 4));
        assert!(next.next().await.expect("the end").is_none());
    }
    let after = "limit=3&previousLastId=i2&siteId=10";
    assert_eq!(queries(&vendor).await[1..], [after, after, after]);
}

#[test]
fn without_a_runtime_a_stream_says_so() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let vendor = runtime.block_on(server(ten_pages));
    let client = keyed(&vendor);
    let mut stream = list(get(&client), &NUMBERED).stream();
    let mut context = Context::from_waker(Waker::noop());
    let told = Pin::new(&mut stream).poll_next_unpin(&mut context);
    let Poll::Ready(Some(Err(error))) = told else {
        panic!("{told:?}");
    };
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(
        Pin::new(&mut stream)
            .poll_next_unpin(&mut context)
            .is_ready()
    );
}

#[tokio::test]
async fn a_runtime_that_went_away_is_an_error() {
    let raw = RawServer::start(|_| Act::Answer(http("200 OK", "", "[]"))).await;
    let client = keyed_at(&raw.url());
    let mut stream = list(get(&client), &NUMBERED).stream();
    let doomed = tokio::runtime::Builder::new_current_thread().build();
    let doomed = doomed.expect("a runtime");
    {
        let _inside = doomed.enter();
        assert!(glance(&mut stream, &mut Context::from_waker(Waker::noop())).is_pending());
    }
    doomed.shutdown_background();
    let (got, error) = all(stream).await;
    assert_eq!(
        (got.len(), error.map(|error| error.kind())),
        (0, Some(ErrorKind::Cancelled))
    );
}

#[test]
fn lists_can_be_moved_between_threads() {
    fn check<T: Send>() {}
    fn check_all<T: Send + Sync + Unpin + 'static>() {}
    check::<List<'static, Value>>();
    check_all::<Items<Value>>();
    check_all::<auth_core::Page<Value>>();
}
