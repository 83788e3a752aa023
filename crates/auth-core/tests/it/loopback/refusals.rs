//! What is not the callback is told so, and the wait goes on.

use std::time::Duration;

use tokio::io::AsyncWriteExt as _;

use super::{V6, Waiting, connect, exchange, malformed, not_ours, refusal, rest};

fn not_found() -> String {
    refusal("404 Not Found", "", "Nothing is here.\n")
}

fn not_allowed() -> String {
    refusal("405 Method Not Allowed", "Allow: GET\r\n", "")
}

#[tokio::test]
async fn other_paths_and_methods_are_refused() {
    let waiting = Waiting::start().await;
    let good = format!("/callback?code=c&state={}", waiting.state);
    for (method, target, expected) in [
        ("GET", "/favicon.ico", not_found()),
        ("GET", "/", not_found()),
        ("GET", "/callback/", not_found()),
        ("GET", "/Callback", not_found()),
        ("GET", "/%63allback", not_found()),
        ("GET", "//callback", not_found()),
        ("GET", "/x/../callback", not_found()),
        ("GET", &format!("/{good}"), not_found()),
        ("HEAD", &good, not_allowed()),
        ("POST", &good, not_allowed()),
        ("OPTIONS", &good, not_allowed()),
        ("HEAD", "/favicon.ico", not_allowed()),
        ("get", &good, malformed()),
    ] {
        let request = waiting.get(target).replacen("GET", method, 1);
        assert_eq!(waiting.send(&request).await, expected, "{method} {target}");
    }
    waiting.still_waits("a refusal").await;
}

#[tokio::test]
async fn a_callback_that_is_not_the_answer_is_refused_and_nothing_of_it_comes_back() {
    let waiting = Waiting::start().await;
    let state = &waiting.state;
    for target in [
        "/callback".to_owned(),
        "/callback?code=c-1".to_owned(),
        "/callback?code=c-1&state=".to_owned(),
        "/callback?code=<script>alert(1)</script>&state=%3Cscript%3E".to_owned(),
        "/callback?error=access_denied".to_owned(),
        "/callback?error=access_denied&state=other".to_owned(),
        format!("/callback?code=c-1&state={state}x"),
        format!("/callback?code=c-1&state={}", state.to_lowercase()),
        format!("/callback?code=c-1&state={state}&state={state}"),
        format!("/callback?code=c-1&code=c-2&state={state}"),
        format!("/callback?code=c-1&state={state}&iss=https://evil.example"),
        format!("/callback?code=c%FF&state={state}"),
        format!("/callback?error=access_denied&error=x&state={state}"),
    ] {
        let answer = waiting.send(waiting.get(&target)).await;
        assert_eq!(answer, not_ours(), "{target}");
    }
    waiting.still_waits("a wrong callback").await;
}

#[tokio::test]
async fn a_request_under_another_name_is_refused() {
    let waiting = Waiting::start().await;
    let port = waiting.port;
    let target = format!("/callback?code=c-1&state={}", waiting.state);
    for host in [
        "Host: evil.example".to_owned(),
        format!("Host: evil.example:{port}"),
        format!("Host: localhost:{port}"),
        format!("Host: 127.0.0.1.evil.example:{port}"),
        format!("Host: 127.1:{port}"),
        format!("Host: 127.0.0.2:{port}"),
        format!("Host: [::1]:{port}"),
        format!("Host: u@127.0.0.1:{port}"),
        format!("Host: 127.0.0.1:{}", port ^ 1),
        format!("Host: 127.0.0.1:0{port}"),
        "Host: 127.0.0.1".to_owned(),
        "Host:".to_owned(),
        "Accept: text/html".to_owned(),
        format!("Host: 127.0.0.1:{port}\r\nHost: 127.0.0.1:{port}"),
        format!("Host: 127.0.0.1:{port}\r\nhost: evil.example"),
    ] {
        let request = format!("GET {target} HTTP/1.1\r\n{host}\r\n\r\n");
        assert_eq!(waiting.send(&request).await, malformed(), "{host}");
    }
    waiting.still_waits("another name").await;
}

#[tokio::test]
async fn what_no_browser_sends_is_refused() {
    let waiting = Waiting::start().await;
    let host = format!("Host: 127.0.0.1:{}", waiting.port);
    let target = format!("/callback?code=c-1&state={}", waiting.state);
    for text in [
        "\n".to_owned(),
        "\r\n\r\n".to_owned(),
        "\0".to_owned(),
        "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0".to_owned(),
        "SSH-2.0-x\r\n\r\n".to_owned(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        format!("GET {target}\r\n\r\n"),
        format!("GET {target} HTTP/1.0\r\n{host}\r\n\r\n"),
        format!("GET {target} HTTP/2\r\n{host}\r\n\r\n"),
        format!("GET  {target} HTTP/1.1\r\n{host}\r\n\r\n"),
        format!("GET {target} x HTTP/1.1\r\n{host}\r\n\r\n"),
        format!(" GET {target} HTTP/1.1\r\n{host}\r\n\r\n"),
        format!(
            "GET http://127.0.0.1:{}{target} HTTP/1.1\r\n{host}\r\n\r\n",
            waiting.port
        ),
        format!("GET {target}#x HTTP/1.1\r\n{host}\r\n\r\n"),
        format!("GET {target} HTTP/1.1\n{host}\n\n"),
        format!("GET {target} HTTP/1.1\r\n{host}\r\nX\r\n\r\n"),
        format!("GET {target} HTTP/1.1\r\n{host}\r\n: x\r\n\r\n"),
        format!("GET {target} HTTP/1.1\r\n{host}\r\nX : y\r\n\r\n"),
        format!("GET {target} HTTP/1.1\r\n {host}\r\n\r\n"),
        format!("GET {target} HTTP/1.1\r\n{host}\r\nX: a\r\n b\r\n\r\n"),
        format!("GET {target} HTTP/1.1\r\n{host}\r\nX: \u{7f}\r\n\r\n"),
        format!("GET {target}&é HTTP/1.1\r\n{host}\r\n\r\n"),
        format!("GET {target} HTTP/1.1\r\n{host}\r\né: X\r\n\r\n"),
        format!("GET {target} HTTP/1.1\r\n{host}\r\nX: a\rb\r\n\r\n"),
        format!("GET {target} HTTP/1.1\r\n{host}\r\nContent-Length: 1\r\n\r\nx"),
        format!("GET {target} HTTP/1.1\r\n{host}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ] {
        assert_eq!(waiting.send(&text).await, malformed(), "{text:?}");
    }
    waiting.still_waits("garbage").await;
}

#[tokio::test]
async fn a_huge_head_is_refused_and_its_sender_can_read_so() {
    let waiting = Waiting::start().await;
    let expected = refusal(
        "431 Request Header Fields Too Large",
        "",
        "The request's head is too long.\n",
    );
    let cookie = "c".repeat(200 * 1024);
    let request = waiting.get("/callback");
    let request = request.replace("Accept: text/html", &format!("Cookie: {cookie}"));
    assert_eq!(waiting.send(&request).await, expected);
    // One byte fewer than there is room for is a head like any other.
    let pad = |length: usize| {
        let plain = waiting.get("/favicon.ico");
        let pad = "c".repeat(length - plain.len() - "Cookie: \r\n".len());
        plain.replace("Accept:", &format!("Cookie: {pad}\r\nAccept:"))
    };
    assert_eq!(waiting.send(pad(16 * 1024)).await, not_found());
    assert_eq!(waiting.send(pad(16 * 1024 + 1)).await, expected);
    waiting.still_waits("a huge head").await;
}

#[tokio::test]
async fn a_slow_client_holds_up_nobody_and_is_told_after_ten_seconds() {
    let waiting = Waiting::start().await;
    let mut slow = waiting.connect().await;
    slow.write_all(b"GET /callback?code=").await.expect("sent");
    let mut silent = waiting.connect().await;
    // An answer to somebody else shows that both were taken.
    waiting.send(waiting.get("/favicon.ico")).await;
    waiting.clock.advance(Duration::from_secs(9));
    slow.write_all(b"x").await.expect("sent");
    assert_eq!(waiting.send(waiting.get("/favicon.ico")).await, not_found());
    waiting.clock.advance(Duration::from_secs(1));
    let expected = refusal("408 Request Timeout", "", "The request took too long.\n");
    assert_eq!(rest(&mut slow).await, expected);
    assert_eq!(rest(&mut silent).await, expected);
    waiting.still_waits("a slow client").await;
}

/// All programs on this host share the browser's cookies, and some write theirs in UTF-8 or in what it was before.
#[tokio::test]
async fn cookies_of_other_programs_may_have_any_letters() {
    for cookie in [&b"a=\xc3\xab"[..], b"a=\xeb; b=c"] {
        let waiting = Waiting::start().await;
        let request = waiting.get(&format!("/callback?code=c-1&state={}", waiting.state));
        let end = request.len() - "\r\n".len();
        let request = [&request.as_bytes()[..end], b"Cookie: ", cookie, b"\r\n\r\n"].concat();
        let page = waiting.send(request).await;
        assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
        waiting.end().await.expect("a code");
    }
}

#[tokio::test]
async fn a_head_may_come_byte_by_byte_and_by_either_family() {
    let waiting = Waiting::start().await;
    let target = format!("/callback?code=c-1&state={}", waiting.state);
    let request = waiting.get(&target);
    // A forwarder may come in by the other family; the name is that of the redirect URI all the same.
    let stream = match connect(V6, waiting.port).await {
        Ok(stream) => stream,
        Err(_) => waiting.connect().await,
    };
    stream.set_nodelay(true).expect("an option");
    let (last, first) = request.as_bytes().split_last().expect("a request");
    let mut stream = stream;
    for byte in first {
        stream.write_all(&[*byte]).await.expect("sent");
        tokio::task::yield_now().await;
    }
    let page = exchange(stream, &[*last]).await;
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
    waiting.end().await.expect("a code");
}
