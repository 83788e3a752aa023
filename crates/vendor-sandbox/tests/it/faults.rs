//! Each fault as a client meets it.

use std::io;
use std::time::{Duration, Instant, UNIX_EPOCH};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use vendor_sandbox::{Endpoint, Fault, Host, Injection, RetryAfter, Sandbox, credentials as known};

use crate::client::{Call, dash_campaigns, dash_password, dash_refresh};

fn channels(sandbox: &Sandbox) -> Call {
    let origin = sandbox.url(Host::Communic8);
    Call::get(format!("{origin}/int/v1/channel")).bearer(known::COMMUNIC8_TOKEN)
}

/// Sends a call by hand and reads until the connection ends, without a client's view of what an answer is.
async fn raw(sandbox: &Sandbox) -> io::Result<(Vec<u8>, io::Result<usize>)> {
    let authority = sandbox.url(Host::Communic8).trim_start_matches("http://");
    let mut stream = TcpStream::connect(authority).await?;
    let request = format!(
        "GET /int/v1/channel HTTP/1.1\r\nHost: {authority}\r\nAuthorization: Bearer {}\r\n\r\n",
        known::COMMUNIC8_TOKEN
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    let end = stream.read_to_end(&mut answer).await;
    Ok((answer, end))
}

#[tokio::test]
async fn statuses_come_in_the_vendors_shape_with_retry_after() {
    let sandbox = Sandbox::start().await.unwrap();
    let date = UNIX_EPOCH + Duration::from_secs(784_111_777);
    for (retry_after, header) in [
        (RetryAfter::Seconds(7), "7"),
        (RetryAfter::Date(date), "Sun, 06 Nov 1994 08:49:37 GMT"),
    ] {
        let retry_after = Some(retry_after);
        sandbox.inject(Injection::new(Fault::Status {
            code: 429,
            retry_after,
        }));
        let reply = channels(&sandbox).send().await;
        assert_eq!(
            (reply.status, &reply.headers["retry-after"]),
            (429, &header.parse().unwrap())
        );
        assert_eq!(reply.json()["success"], false);
    }
    sandbox.inject(Injection::new(Fault::status(503)));
    let reply = dash_password(&sandbox).send().await;
    assert_eq!(
        (reply.status, reply.json()["code"].as_u64()),
        (503, Some(503_000))
    );
    assert!(!reply.headers.contains_key("retry-after"));
    assert_eq!(channels(&sandbox).send().await.status, 200);
    assert_eq!(sandbox.refusals(), []);
}

#[tokio::test]
async fn faults_meet_their_host_and_endpoint_as_often_as_told() {
    let sandbox = Sandbox::start().await.unwrap();
    let fault = Injection::new(Fault::Unauthorized).host(Host::Communic8);
    sandbox.inject(fault.endpoint(Endpoint::Api).times(2));
    assert_eq!(dash_password(&sandbox).send().await.status, 200);
    for status in [401, 401, 200] {
        assert_eq!(channels(&sandbox).send().await.status, status);
    }
    sandbox.inject(Injection::new(Fault::Unauthorized));
    sandbox.clear_faults();
    assert_eq!(channels(&sandbox).send().await.status, 200);
}

#[tokio::test]
async fn a_reset_is_a_reset_and_spends_nothing() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.inject(Injection::new(Fault::Reset).host(Host::Communic8));
    let (answer, end) = raw(&sandbox).await.unwrap();
    assert_eq!(answer, b"");
    assert_eq!(end.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    assert_eq!(sandbox.requests()[0].status, None);

    let token = dash_password(&sandbox).send().await.member("refresh_token");
    sandbox.inject(Injection::new(Fault::Reset));
    assert!(dash_refresh(&sandbox, &token).try_send().await.is_err());
    assert_eq!(dash_refresh(&sandbox, &token).send().await.status, 200);
    assert_eq!(sandbox.reuse_detected(), 0);
}

#[tokio::test]
async fn a_lost_answer_has_spent_the_refresh_token() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.inject(Injection::new(Fault::LostAnswer).host(Host::Communic8));
    let (answer, end) = raw(&sandbox).await.unwrap();
    assert_eq!(answer, b"");
    assert!(end.is_ok(), "{end:?}");

    let token = dash_password(&sandbox).send().await.member("refresh_token");
    sandbox.inject(Injection::new(Fault::LostAnswer));
    assert!(dash_refresh(&sandbox, &token).try_send().await.is_err());
    assert_eq!(dash_refresh(&sandbox, &token).send().await.status, 400);
    assert_eq!(sandbox.reuse_detected(), 1);
}

#[tokio::test]
async fn a_truncated_answer_ends_short_of_its_length() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.inject(Injection::new(Fault::Truncate).times(2));
    let (answer, _) = raw(&sandbox).await.unwrap();
    let text = String::from_utf8(answer).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let (_, length) = head.split_once("content-length: ").unwrap();
    let length: usize = length.lines().next().unwrap().parse().unwrap();
    assert_eq!(body.len(), length / 2);
    assert!(body.starts_with('{'), "{body}");
    assert!(channels(&sandbox).try_send().await.is_err());
}

#[tokio::test]
async fn a_dripping_answer_is_whole_in_the_end() {
    let sandbox = Sandbox::start().await.unwrap();
    let short = || {
        let origin = sandbox.url(Host::Communic8);
        let call = Call::get(format!("{origin}/int/v1/campaign?limit=0"));
        call.bearer(known::COMMUNIC8_TOKEN).send()
    };
    let whole = short().await.body;
    let delay = Duration::from_millis(1);
    sandbox.inject(Injection::new(Fault::Drip { delay }));
    let begin = Instant::now();
    let dripped = short().await.body;
    assert_eq!(dripped, whole);
    assert!(begin.elapsed() >= delay * u32::try_from(whole.len()).unwrap());
}

#[tokio::test]
async fn slow_headers_and_latencies_hold_the_answer_back() {
    let sandbox = Sandbox::start().await.unwrap();
    let pause = Duration::from_millis(60);
    let timed = async |call: Call| {
        let begin = Instant::now();
        assert_eq!(call.send().await.status, 200);
        begin.elapsed()
    };
    sandbox.inject(Injection::new(Fault::SlowHeaders(pause)));
    assert!(timed(channels(&sandbox)).await >= pause);
    sandbox.set_token_latency(pause);
    assert!(timed(dash_password(&sandbox)).await >= pause);
    sandbox.set_token_latency(Duration::ZERO);
    sandbox.set_api_latency(pause);
    let token = dash_password(&sandbox).send().await.member("access_token");
    assert!(timed(dash_campaigns(&sandbox, &token)).await >= pause);
}

#[tokio::test]
async fn a_caller_that_hangs_up_has_spent_its_refresh_token() {
    let sandbox = Sandbox::start().await.unwrap();
    let token = dash_password(&sandbox).send().await.member("refresh_token");
    sandbox.set_token_latency(Duration::from_secs(3600));
    let flight = tokio::spawn(dash_refresh(&sandbox, &token).try_send());
    while sandbox.token_requests(Host::Comm100DashPanel) < 2 {
        tokio::task::yield_now().await;
    }
    flight.abort();
    sandbox.set_token_latency(Duration::ZERO);
    assert_eq!(dash_refresh(&sandbox, &token).send().await.status, 400);
    assert_eq!(sandbox.reuse_detected(), 1);
}

#[tokio::test]
async fn answers_of_strangers_come_as_ordered() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.inject(Injection::new(Fault::InvalidJson));
    let reply = channels(&sandbox).send().await.ok();
    assert_eq!(reply.headers["content-type"], "application/json");
    assert!(serde_json::from_slice::<serde_json::Value>(&reply.body).is_err());

    sandbox.inject(Injection::new(Fault::Html { status: 502 }));
    let reply = channels(&sandbox).send().await;
    assert_eq!(reply.status, 502);
    assert!(
        reply.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );

    let location = "http://127.0.0.1:9/elsewhere".to_owned();
    sandbox.inject(Injection::new(Fault::Redirect {
        status: 307,
        location,
    }));
    let reply = channels(&sandbox).send().await;
    assert_eq!(reply.status, 307);
    assert_eq!(reply.headers["location"], "http://127.0.0.1:9/elsewhere");

    sandbox.inject(Injection::new(Fault::Body {
        status: 200,
        content_type: "application/octet-stream".to_owned(),
        body: vec![0, 255],
    }));
    let reply = channels(&sandbox).send().await.ok();
    assert_eq!(&reply.body[..], [0, 255]);

    sandbox.inject(Injection::new(Fault::Html { status: 7 }));
    assert_eq!(channels(&sandbox).send().await.status, 500);
}
