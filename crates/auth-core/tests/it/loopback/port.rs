//! The port is open for the wait, and for nothing else.

use std::net::SocketAddr;
use std::time::Duration;

use auth_core::{AuthorizationRequest, ErrorKind, LoopbackSignIn, Settings};
use tokio::net::TcpListener;

use super::{PANEL, V4, V6, Waiting, connect, rest};
use crate::clocks::eventually;
use crate::dialects::FORM;
use crate::stage::{CLIENT_ID, base};

async fn is_open(port: u16) -> bool {
    connect(V4, port).await.is_ok() || connect(V6, port).await.is_ok()
}

#[tokio::test]
async fn the_redirect_uri_names_the_literal_and_a_port_that_is_new_each_time() {
    let (first, second) = (Waiting::start().await, Waiting::start().await);
    for waiting in [&first, &second] {
        let uri = format!("http://127.0.0.1:{}/callback", waiting.port);
        assert_eq!(waiting.redirect_uri(), uri);
    }
    assert_ne!(first.port, second.port);
    assert_ne!(first.state, second.state);
    // Each takes its own answer only.
    let target = format!("/callback?code=c-1&state={}", first.state);
    let answer = second.send(second.get(&target)).await;
    assert_eq!(answer, super::not_ours());
    first.still_waits("another sign-in").await;
    second.still_waits("another sign-in").await;
}

#[tokio::test]
async fn nobody_else_can_have_the_port_while_it_is_open() {
    let waiting = Waiting::start().await;
    for host in [V4, V6] {
        let other = TcpListener::bind(SocketAddr::new(host, waiting.port)).await;
        assert!(other.is_err(), "{host}");
    }
    waiting.still_waits("another listener").await;
}

#[tokio::test]
async fn the_port_is_closed_after_the_answer() {
    let waiting = Waiting::start().await;
    let port = waiting.port;
    let mut idle = waiting.connect().await;
    waiting.send(waiting.get("/favicon.ico")).await;
    assert!(is_open(port).await);
    waiting.approve().await;
    waiting.end().await.expect("a code");
    assert!(!is_open(port).await);
    assert_eq!(rest(&mut idle).await, "");
}

#[tokio::test]
async fn the_port_is_closed_when_time_is_up() {
    let minute = Duration::from_secs(60);
    for (own, limit) in [
        (None, Duration::from_secs(300)),
        (Some(minute), minute),
        (Some(minute * 30), minute * 30),
    ] {
        let set = |sign_in: LoopbackSignIn| match own {
            None => sign_in,
            Some(limit) => sign_in.timeout(limit),
        };
        let waiting = Waiting::start_with(None, set, |request| request).await;
        let port = waiting.port;
        waiting.send(waiting.get("/favicon.ico")).await;
        waiting.clock.advance(limit - Duration::from_secs(1));
        waiting.send(waiting.get("/favicon.ico")).await;
        assert!(!waiting.task.is_finished());
        waiting.clock.advance(Duration::from_secs(1));
        let error = waiting.end().await.expect_err("nobody came");
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert!(!is_open(port).await);
    }
}

#[tokio::test]
async fn the_port_is_closed_when_the_caller_gives_up() {
    let waiting = Waiting::start().await;
    let port = waiting.port;
    let mut idle = waiting.connect().await;
    waiting.send(waiting.get("/favicon.ico")).await;
    waiting.task.abort();
    eventually("the task is gone", || waiting.task.is_finished()).await;
    assert!(!is_open(port).await);
    assert_eq!(
        rest(&mut idle).await,
        "",
        "an open connection is closed too"
    );
}

#[tokio::test]
async fn a_future_that_is_dropped_closes_the_port_at_once() {
    let (shown, mut urls) = tokio::sync::mpsc::unbounded_channel();
    let sign_in = LoopbackSignIn::new(move |url| shown.send(url.clone()).expect("listens"));
    let sign_in = sign_in.no_browser();
    let settings = Settings::new();
    let make = |uri: &str| AuthorizationRequest::new(FORM, base(PANEL), CLIENT_ID, uri);
    let mut wait = Box::pin(sign_in.run(&settings, None, make));
    let url = tokio::select! {
        _ = &mut wait => panic!("nobody came"),
        url = urls.recv() => url.expect("a URL"),
    };
    let uri = url::Url::parse(&crate::stage::query(&url, "redirect_uri")).expect("a URI");
    let port = uri.port().expect("a port");
    assert!(is_open(port).await);
    drop(wait);
    assert!(!is_open(port).await);
}

#[tokio::test]
async fn a_registered_path_query_and_port_are_kept() {
    let port = crate::raw::free_port().await;
    let registered: &'static str = format!("http://127.0.0.1:{port}/a/b?c=d").leak();
    let waiting = Waiting::start_with(Some(registered), |it| it, |request| request).await;
    assert_eq!(waiting.redirect_uri(), registered);
    let error = LoopbackSignIn::new(|_| panic!("no URL to show"))
        .run(&Settings::new(), Some(registered), |uri| {
            AuthorizationRequest::new(FORM, base(PANEL), CLIENT_ID, uri)
        })
        .await;
    let error = error.expect_err("the port is taken");
    assert_eq!(error.kind(), ErrorKind::Connect);
    let lacking = format!("/a/b?code=c&state={}", waiting.state);
    assert_eq!(waiting.send(waiting.get(&lacking)).await, super::not_ours());
    let target = format!("/a/b?c=d&code=c&state={}", waiting.state);
    let page = waiting.send(waiting.get(&target)).await;
    assert!(page.contains("Sign-in approved"), "{page}");
    waiting.end().await.expect("a code");
}

#[tokio::test]
async fn a_registered_port_is_free_again_at_once() {
    let port = crate::raw::free_port().await;
    let registered: &'static str = format!("http://127.0.0.1:{port}/back").leak();
    for _ in 0..3 {
        let waiting = Waiting::start_with(Some(registered), |it| it, |request| request).await;
        // One that is refused, one that says nothing, and the answer: this side closes all of them first.
        waiting.send(waiting.get("/favicon.ico")).await;
        let mut idle = waiting.connect().await;
        waiting.send(waiting.get("/favicon.ico")).await;
        let target = format!("/back?code=c&state={}", waiting.state);
        let page = waiting.send(waiting.get(&target)).await;
        assert!(page.contains("Sign-in approved"), "{page}");
        waiting.end().await.expect("a code");
        assert_eq!(rest(&mut idle).await, "");
    }
}

#[tokio::test]
async fn a_registered_literal_of_the_other_family_is_kept() {
    if TcpListener::bind(SocketAddr::new(V6, 0)).await.is_err() {
        eprintln!("skipped: this machine has no [::1]");
        return;
    }
    let waiting = Waiting::start_with(Some("http://[::1]/back"), |it| it, |request| request).await;
    let port = waiting.port;
    assert_eq!(waiting.redirect_uri(), format!("http://[::1]:{port}/back"));
    let target = format!("/back?code=c&state={}", waiting.state);
    assert_eq!(
        waiting.send(waiting.get(&target)).await,
        super::malformed(),
        "the other literal"
    );
    let request = waiting.get(&target).replace("127.0.0.1", "[::1]");
    let stream = connect(V6, port).await.expect("the port is open");
    let page = super::exchange(stream, request.as_bytes()).await;
    assert!(page.contains("Sign-in approved"), "{page}");
    waiting.end().await.expect("a code");
}
