//! Downloads.

use std::path::Path;
use std::time::Duration;

use auth_core::{ApiClient, Download, Error, ErrorKind, Method, Profile, Settings};
use futures_util::StreamExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use wiremock::ResponseTemplate;

use super::keyed;
use crate::clocks::eventually;
use crate::dialects::{FORM, JSON};
use crate::endpoint::json_machine;
use crate::raw::{Act, RawServer, http};
use crate::stage::{Vendor, base, client, granted, machine};

/// The head of an answer of 10 bytes, and its first half.
const HALF: &str = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345";

/// Opens what a server answers that writes `answer` and closes the connection.
async fn opened(answer: impl Into<Vec<u8>>) -> Result<Download, Error> {
    let answer = answer.into();
    let server = RawServer::start(move |_| Act::AnswerAndClose(answer.clone())).await;
    open(&keyed(&server.url())).await
}

async fn open(client: &ApiClient) -> Result<Download, Error> {
    client.request(Method::GET, "/export").open().await
}

/// The names in a directory.
fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).expect("a directory");
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        let name = entry.expect("an entry").file_name();
        name.to_string_lossy().into_owned()
    };
    entries.map(name).collect()
}

#[tokio::test]
async fn a_download_has_its_head_and_is_read_in_every_way() {
    let headers = "content-type: text/csv\r\nx-more: 1\r\n\
                   content-disposition: attachment; filename=\"../a.csv\"\r\n";
    let answer = http("200 OK", headers, "a,b\n1,2\n");
    let download = opened(answer.clone()).await.expect("an answer");
    assert_eq!(download.status(), 200);
    assert_eq!(download.file_name().as_deref(), Some("a.csv"));
    assert_eq!(download.content_type(), Some("text/csv"));
    assert_eq!(download.content_length(), Some(8));
    assert_eq!(download.headers()["x-more"], "1");
    assert_eq!(download.bytes().await.expect("bytes"), "a,b\n1,2\n");

    let mut written = Vec::new();
    let download = opened(answer.clone()).await.expect("an answer");
    assert_eq!(download.write_to(&mut written).await.expect("bytes"), 8);
    assert_eq!(written, b"a,b\n1,2\n");

    let stream = opened(answer.clone()).await.expect("an answer");
    let pieces: Vec<_> = stream.map(|piece| piece.expect("bytes")).collect().await;
    assert_eq!(pieces.concat(), b"a,b\n1,2\n");

    let chunked =
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\na,\r\n2\r\nb\n\r\n0\r\n\r\n";
    let mut download = opened(chunked).await.expect("an answer");
    assert_eq!(
        (download.content_length(), download.file_name()),
        (None, None)
    );
    let mut read = Vec::new();
    while let Some(chunk) = download.chunk().await.expect("bytes") {
        read.extend_from_slice(&chunk);
    }
    assert_eq!(read, b"a,b\n");
    assert!(download.chunk().await.expect("the end again").is_none());

    let empty = opened(http("204 No Content", "", "")).await;
    assert!(
        empty
            .expect("an answer")
            .bytes()
            .await
            .expect("none")
            .is_empty()
    );
}

#[tokio::test]
async fn a_saved_download_replaces_the_file_at_once_and_a_failed_one_leaves_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("a.csv");
    std::fs::write(&path, "old").expect("a file");
    let download = opened(HALF).await.expect("an answer");
    let error = download.save(&path).await.expect_err("half of it");
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert_eq!(names(directory.path()), ["a.csv"]);
    assert_eq!(std::fs::read(&path).expect("the file"), b"old");
    let download = opened(http("200 OK", "", "new")).await.expect("an answer");
    assert_eq!(download.save(&path).await.expect("three bytes"), 3);
    assert_eq!(names(directory.path()), ["a.csv"]);
    assert_eq!(std::fs::read(&path).expect("the file"), b"new");
    for bad in [directory.path().join("no/b"), directory.path().join("..")] {
        let download = opened(http("200 OK", "", "new")).await.expect("an answer");
        let error = download.save(bad).await.expect_err("no such place");
        assert_eq!(error.kind(), ErrorKind::File);
    }
    assert_eq!(names(directory.path()), ["a.csv"]);
}

#[tokio::test]
async fn a_download_that_is_dropped_leaves_no_file_and_no_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut head = [0; 1024];
        let _ = stream.read(&mut head).await;
        stream.write_all(HALF.as_bytes()).await.expect("written");
        // Ends when the client goes away.
        stream.read(&mut head).await.unwrap_or(0)
    });
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("a");
    let saving = tokio::spawn({
        let download = open(&keyed(&url)).await.expect("an answer");
        async move { download.save(path).await }
    });
    eventually("half of it is there", || {
        let found = names(directory.path());
        let is_half = |name: &String| {
            let about = std::fs::metadata(directory.path().join(name));
            about.is_ok_and(|about| about.len() == 5)
        };
        found.first().is_some_and(is_half)
    })
    .await;
    saving.abort();
    assert!(saving.await.is_err_and(|error| error.is_cancelled()));
    eventually("nothing is left", || names(directory.path()).is_empty()).await;
    assert_eq!(server.await.expect("no panic"), 0);
}

#[tokio::test]
async fn an_answer_that_ends_early_is_never_a_short_success() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n12345\r\n";
    let in_chunk = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\na\r\n12345";
    for answer in [HALF, chunked, in_chunk] {
        let error = opened(answer).await.expect("an answer").bytes().await;
        let error = error.expect_err(answer);
        assert_eq!(error.kind(), ErrorKind::Connect, "{answer}");
        assert!(error.may_have_been_processed());
        let mut download = opened(answer).await.expect("an answer");
        assert_eq!(
            download.next().await.expect("a piece").expect("bytes"),
            "12345"
        );
        assert!(download.next().await.expect("an error").is_err());
        assert!(download.next().await.is_none(), "one error ends it");
    }
}

#[tokio::test]
async fn a_body_over_its_limit_is_blocked_whether_its_length_is_told_or_not() {
    let told = http("200 OK", "", "12345").to_vec();
    let untold =
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\n\r\n".to_vec();
    for answer in [told, untold] {
        let download = opened(answer.clone()).await.expect("an answer");
        let error = download.with_limit(4).bytes().await.expect_err("too large");
        assert_eq!(error.kind(), ErrorKind::Blocked);
        let download = opened(answer).await.expect("an answer");
        assert_eq!(
            download.with_limit(5).bytes().await.expect("bytes"),
            "12345"
        );
    }
}

#[tokio::test]
async fn a_piece_may_be_as_long_in_coming_as_a_try() {
    let server =
        RawServer::start(|_| Act::Drip("HTTP/1.1 200 OK\r\ncontent-length: 30\r\n\r\n")).await;
    let call = keyed(&server.url());
    let call = call.request(Method::GET, "/export");
    let limit = Duration::from_millis(300);
    // 30 pieces, 20 ms apart: twice the limit.
    let download = call.with_timeout(limit).with_deadline(limit).open().await;
    let bytes = download.expect("an answer").bytes().await;
    assert_eq!(bytes.expect("all of it").len(), 30);

    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut head = [0; 1024];
        let _ = stream.read(&mut head).await;
        stream.write_all(HALF.as_bytes()).await.expect("written");
        stream
    });
    let client = keyed(&url);
    let call = client.request(Method::GET, "/export").with_timeout(limit);
    let error = call.open().await.expect("an answer").bytes().await;
    assert_eq!(error.expect_err("nothing more").kind(), ErrorKind::Timeout);
    drop(server.await);
}

#[tokio::test]
async fn a_401_and_a_503_are_healed_before_the_body_begins() {
    let vendor = Vendor::with_api(
        |n, _| granted(n),
        |n, _| ResponseTemplate::new([401, 503, 200][n.min(2)]).set_body_raw("x", "text/csv"),
    )
    .await;
    let client = client(FORM, &vendor.url(), machine(), &Settings::new());
    let bytes = open(&client).await.expect("an answer").bytes().await;
    assert_eq!(bytes.expect("bytes"), "x");
    assert_eq!((vendor.calls(), vendor.tokens()), (3, 2));
    let request = vendor.requests().await.pop().expect("a request");
    assert_eq!(request.headers["accept"], "*/*");
}

/// What a provider's answer to a download becomes, where `"success": false` is a failure.
async fn judged(status: u16, kind: &'static str, body: String) -> Result<Download, Error> {
    let answer = ResponseTemplate::new(status).set_body_raw(body, kind);
    let vendor = Vendor::with_api(|n, _| granted(n), move |_, _| answer.clone()).await;
    let client = client(JSON, &vendor.url(), json_machine(), &Settings::new());
    open(&client).await
}

/// The same, under 200 and without a content type.
async fn untyped(body: String) -> Result<Download, Error> {
    let answer = ResponseTemplate::new(200).set_body_bytes(body);
    let vendor = Vendor::with_api(|n, _| granted(n), move |_, _| answer.clone()).await;
    let client = client(JSON, &vendor.url(), json_machine(), &Settings::new());
    open(&client).await
}

#[tokio::test]
async fn a_file_of_json_that_makes_progress_outlives_the_deadline() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 30\r\n\r\n";
    let server = RawServer::start(move |_| Act::Drip(head)).await;
    let (tokens, api) = (base(&vendor.url()), base(&server.url()));
    let profile = Profile::new(JSON, tokens, api, json_machine(), "it/1.0");
    let client = ApiClient::new(profile, &Settings::new()).expect("a client");
    let limit = Duration::from_millis(300);
    let call = client.request(Method::GET, "/export").with_timeout(limit);
    let download = call.with_deadline(limit).open().await.expect("a file");
    assert_eq!(download.bytes().await.expect("all of it").len(), 30);
}

/// The runtime stands still for longer than a piece may take, and the piece comes meanwhile.
#[test]
fn a_download_outlives_a_runtime_that_stood_still() {
    use std::io::{Read as _, Write as _};

    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let (go_on, waits) = std::sync::mpsc::channel();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let _ = stream.read(&mut [0; 2048]);
        stream.write_all(HALF.as_bytes()).expect("written");
        waits.recv().expect("a word");
        stream.write_all(b"67890").expect("written");
        stream
    });
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().expect("a runtime");
    let second = runtime.block_on(async {
        let client = keyed(&url);
        let call = client.request(Method::GET, "/export");
        let limit = Duration::from_millis(300);
        let mut download = call.with_timeout(limit).open().await.expect("an answer");
        download.chunk().await.expect("bytes").expect("half of it");
        let begun = futures_util::poll!(std::pin::pin!(download.chunk()));
        assert!(begun.is_pending());
        go_on.send(()).expect("a server");
        std::thread::sleep(limit * 2);
        download.chunk().await
    });
    assert_eq!(second.expect("bytes").expect("the rest"), "67890");
    drop(server.join());
}

#[test]
fn a_download_goes_from_thread_to_thread_and_is_looked_at_from_several() {
    fn check<T: Send + Sync>() {}
    check::<Download>();
}

#[tokio::test]
async fn failures_are_told_as_for_any_call() {
    let no = || r#"{"success":false,"message":"no export"}"#.to_owned();
    let error = judged(403, "application/json", no())
        .await
        .expect_err("403");
    assert_eq!(error.kind(), ErrorKind::Permission);
    assert_eq!(error.provider_message(), Some("no export"));
    let error = judged(200, "Application/JSON; charset=utf-8", no()).await;
    let error = error.expect_err("a failure under 200");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(error.provider_message(), Some("no export"));
    // Nobody says what it is: it can be JSON, and then it is a failure.
    let error = untyped(no()).await.expect_err("a failure under 200");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let file = untyped("a,b".to_owned()).await.expect("a file");
    assert_eq!(file.bytes().await.expect("bytes"), "a,b");
    // Not JSON by its type: a file that somebody wants as it is.
    let file = judged(200, "application/octet-stream", no()).await;
    assert_eq!(file.expect("a file").bytes().await.expect("bytes"), no());
    let good = || r#"{"success":true}"#.to_owned();
    let file = judged(200, "application/json", good())
        .await
        .expect("a file");
    assert_eq!(file.content_length(), Some(16));
    assert_eq!(file.bytes().await.expect("bytes"), good());
}

#[tokio::test]
async fn a_file_of_json_may_be_larger_than_what_is_looked_at() {
    let large = format!("[{}0]", "1,".repeat(9 << 20));
    let file = judged(200, "application/json", large.clone()).await;
    let file = file.expect("a file");
    assert_eq!(file.content_length(), Some(large.len() as u64));
    assert!(file.bytes().await.expect("bytes") == large, "all of it");
}

#[tokio::test]
async fn a_failure_that_drips_ends_with_the_deadline() {
    let head = "HTTP/1.1 400 Bad Request\r\ncontent-length: 100000\r\n\r\n";
    let server = RawServer::start(move |_| Act::Drip(head)).await;
    let call = keyed(&server.url());
    let call = call.request(Method::GET, "/export");
    let error = call.with_deadline(Duration::from_millis(300)).open().await;
    assert_eq!(error.expect_err("no end").kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn no_token_that_the_provider_repeats_is_told() {
    const TOKEN: &str = "canary-access-token/1";
    let vendor = Vendor::with_api(
        |n, _| {
            let mut issued = crate::stage::answer(n);
            issued["access_token"] = TOKEN.into();
            ResponseTemplate::new(200).set_body_json(issued)
        },
        |_, request| {
            let token = request.headers["authorization"].to_str().expect("text");
            let body = serde_json::json!({ "code": token, "message": token });
            ResponseTemplate::new(403).set_body_json(body)
        },
    )
    .await;
    let client = client(FORM, &vendor.url(), machine(), &Settings::new());
    let error = open(&client).await.expect_err("403");
    crate::leak::check("download", &error, &[TOKEN], &[TOKEN]);
    let call = client.request(Method::POST, "/import");
    let file = auth_core::Upload::bytes("a", "x");
    let error = call.upload("file", file).send().await.expect_err("403");
    crate::leak::check("upload", &error, &[TOKEN], &[TOKEN]);
}

#[tokio::test]
async fn debug_shows_neither_headers_nor_body() {
    let answer = http("200 OK", "x-a: canary-1\r\n", "canary-2");
    let shown = format!("{:?}", opened(answer).await.expect("an answer"));
    assert!(!shown.contains("canary"), "{shown}");
}
