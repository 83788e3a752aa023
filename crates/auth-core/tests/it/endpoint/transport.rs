//! Transports that break, lie, dawdle or pour.

use std::time::Duration;

use auth_core::{ErrorKind, Settings};

use super::LEAK;
use crate::clocks::{HastyClock, real};
use crate::dialects::FORM;
use crate::leak;
use crate::raw::{Act, RawServer, free_port, http};
use crate::stage::{CLIENT_SECRET, answer, client, header, machine};

const MEGABYTE_AND_A_HALF: usize = 3 << 19;

/// What a broken transport leads to: the kind, whether the request may have been processed, and how often it is sent.
type Reading = (ErrorKind, bool, usize);

const BROKEN: Reading = (ErrorKind::Connect, true, 1);
const TOO_LARGE: Reading = (ErrorKind::Blocked, true, 1);
const TOO_SLOW: Reading = (ErrorKind::Timeout, true, 1);

/// The head of a chunked answer.
const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

async fn meet(name: &str, hostile: fn() -> Act, (kind, sent, tries): Reading) {
    let bad = move |n: usize| {
        if n < tries {
            hostile()
        } else {
            Act::Answer(http("200 OK", "", &answer(n).to_string()))
        }
    };
    let server = RawServer::start(bad).await;
    let settings = Settings::new()
        .clock(HastyClock::default())
        .token_timeout(Duration::from_millis(300))
        .transport(
            auth_core::Transport::builder()
                .build()
                .expect("a transport"),
        );
    let fresh = || client(FORM, &server.url(), machine(), &settings);
    let error = header(&fresh()).await.expect_err(name);
    assert_eq!(error.kind(), kind, "{name}: {}", leak::told(&error));
    assert_eq!(error.may_have_been_processed(), sent, "{name}");
    leak::check(name, &error, &[CLIENT_SECRET], &[LEAK]);
    assert_eq!(server.connections(), tries, "{name}");
    let settings = settings.token_timeout(Duration::from_secs(30));
    let later = client(FORM, &server.url(), machine(), &settings);
    let good = header(&later)
        .await
        .unwrap_or_else(|error| panic!("{name}: a good answer later: {error}"));
    assert_eq!(good, format!("Bearer access-{tries}"), "{name}");
}

fn head(headers: &str, body: &str) -> Act {
    Act::AnswerAndClose(format!("HTTP/1.1 200 OK\r\n{headers}\r\n{body}").into_bytes())
}

#[tokio::test]
async fn a_connection_that_breaks_is_not_tried_again_since_the_token_may_have_been_issued() {
    meet("reset", || Act::Reset, BROKEN).await;
    meet("closed", || Act::Close, BROKEN).await;
    let cut_head = || Act::AnswerAndClose(b"HTTP/1.1 200 OK\r\ncontent-le".to_vec());
    meet("cut in the head", cut_head, BROKEN).await;
    let cut_body = || {
        let body = format!("{{\"access_token\":\"{LEAK}\",\"token_type\":\"bearer\"}}");
        head("content-length: 5000\r\n", &body)
    };
    meet("cut in the body", cut_body, BROKEN).await;
}

#[tokio::test]
async fn what_is_no_http_is_a_broken_connection() {
    let tls = || Act::AnswerAndClose(b"\x15\x03\x01\x00\x02\x02\x28".to_vec());
    meet("an alert of TLS", tls, BROKEN).await;
    let flood = || {
        let headers: String = (0..2000).map(|n| format!("x-{n}: {LEAK}\r\n")).collect();
        head(&headers, "{}")
    };
    meet("a flood of headers", flood, BROKEN).await;
    let two_lengths = || {
        let body = answer(0).to_string();
        let length = body.len();
        head(
            &format!("content-length: {length}\r\ncontent-length: 7\r\n"),
            &body,
        )
    };
    meet("two lengths", two_lengths, BROKEN).await;
    let bad_chunks = || {
        let broken = format!("zz\r\n{{\"access_token\":\"{LEAK}\"}}\r\n0\r\n\r\n");
        Act::AnswerAndClose(format!("{CHUNKED}{broken}").into_bytes())
    };
    meet("bad chunks", bad_chunks, BROKEN).await;
    let bad_status = || Act::AnswerAndClose(b"HTTP/1.1 2000 OK\r\n\r\n".to_vec());
    meet("a status of four digits", bad_status, BROKEN).await;
}

#[tokio::test]
async fn an_answer_over_a_megabyte_is_not_read() {
    let told = || {
        let body = format!("{LEAK}{}", " ".repeat(MEGABYTE_AND_A_HALF));
        Act::AnswerAndClose(http("200 OK", "", &body))
    };
    meet("with its length told", told, TOO_LARGE).await;
    let lie = || head("content-length: 1099511627776\r\n", LEAK);
    meet("with a length of a terabyte", lie, TOO_LARGE).await;
    meet(
        "without a length, without an end",
        || Act::Flood(CHUNKED),
        TOO_LARGE,
    )
    .await;
    let failing = || {
        let body = " ".repeat(MEGABYTE_AND_A_HALF);
        Act::AnswerAndClose(http("400 Bad Request", "", &body))
    };
    meet("under a failure", failing, TOO_LARGE).await;
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_a_timeout() {
    meet("silence", || Act::Hang, TOO_SLOW).await;
    meet("a dripping body", || Act::Drip(CHUNKED_SPACES), TOO_SLOW).await;
    meet(
        "a dripping head",
        || Act::Drip("HTTP/1.1 200 OK\r\nx: "),
        TOO_SLOW,
    )
    .await;
}

/// The head of an answer whose body is nothing but the spaces that drip.
const CHUNKED_SPACES: &str = "HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n";

#[tokio::test]
async fn a_refused_connection_is_tried_twice_more_and_surely_did_nothing() {
    let url = format!("http://127.0.0.1:{}", free_port().await);
    let clock = HastyClock::default();
    let settings = Settings::new().clock(clock.clone());
    let error = header(&client(FORM, &url, machine(), &settings))
        .await
        .expect_err("nobody listens");
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(error.is_retryable());
    assert!(!error.may_have_been_processed());
    assert_eq!(clock.pauses().len(), 2);
    leak::check("refused", &error, &[CLIENT_SECRET], &[]);
    assert!(
        !leak::told(&error).contains("/oauth/token"),
        "an error tells no URL"
    );
}

#[tokio::test]
async fn a_connection_that_is_never_made_is_given_up_in_time() {
    // A listener whose backlog is never served still completes connections, so the limit is shown on the TLS
    // handshake, which is part of connecting.
    let server = RawServer::start(|_| Act::Hang).await;
    let url = server.url().replace("http://", "https://");
    let settings = Settings::new()
        .clock(real())
        .token_retries(0)
        .connect_timeout(Duration::from_millis(200));
    let error = header(&client(FORM, &url, machine(), &settings))
        .await
        .expect_err("no handshake");
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(!error.may_have_been_processed());
}
