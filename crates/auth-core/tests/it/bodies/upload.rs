//! Uploads.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use auth_core::{Bytes, Clock as _, Error, ErrorKind, Method, Settings, Upload};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use wiremock::ResponseTemplate;

use super::{chunks, keyed, keyed_with};
use crate::clocks::{eventually, real};
use crate::dialects::FORM;
use crate::raw::{Act, RawServer, http};
use crate::stage::{Vendor, client, granted, machine};

/// Sends a file to a server that answers with success.
async fn sent(file: Upload) -> Result<String, Error> {
    let server = RawServer::start(|_| Act::Answer(http("200 OK", "", "{}"))).await;
    let client = keyed(&server.url());
    let call = client.request(Method::POST, "/import");
    call.upload("file", file).send().await?;
    let host = server.url().replace("http://", "");
    Ok(server.seen().concat().replace(&host, "HOST"))
}

/// The boundary that a request names.
fn boundary(request: &str) -> &str {
    let (_, rest) = request.split_once("boundary=").expect("a boundary");
    rest.lines().next().unwrap_or_default()
}

#[tokio::test]
async fn a_form_is_what_rfc_7578_says_byte_by_byte() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("a.csv");
    std::fs::write(&path, "x,y\r\n").expect("a file");
    for file in [
        Upload::bytes("a.csv", "x,y\r\n").content_type("text/csv"),
        Upload::file(&path).content_type("text/csv"),
        Upload::stream("a.csv", Some(5), chunks(&["x,", "", "y\r\n"])).content_type("text/csv"),
    ] {
        let request = sent(file).await.expect("an answer");
        let boundary = boundary(&request);
        assert_eq!(boundary.len(), 37);
        let body = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\
             Content-Type: text/csv\r\n\r\nx,y\r\n\r\n--{boundary}--\r\n"
        );
        let length = body.len();
        assert_eq!(
            request,
            format!(
                "POST /import HTTP/1.1\r\ncontent-type: multipart/form-data; boundary={boundary}\r\n\
                 accept: application/json\r\nauthorization: Bearer t-1\r\nuser-agent: it/1.0\r\n\
                 host: HOST\r\ncontent-length: {length}\r\n\r\n{body}"
            )
        );
    }
}

#[tokio::test]
async fn a_hostile_file_name_adds_neither_header_nor_field() {
    let name = "a\"; x=\"y\r\nX-Evil: 1\r\n\r\n\\ü";
    let request = sent(Upload::bytes(name, "1")).await.expect("an answer");
    let line = "filename=\"a%22; x=%22y%0D%0AX-Evil: 1%0D%0A%0D%0A%5Cü\"\r\n";
    assert!(request.contains(line), "{request}");
    assert!(request.contains("Content-Type: application/octet-stream\r\n\r\n1\r\n"));
    for file in [
        Upload::bytes("", "1"),
        Upload::file("/"),
        Upload::bytes("a", "1").content_type("text/csv\r\nX-Evil: 1"),
        Upload::bytes("a", "1").content_type(""),
    ] {
        let error = sent(file).await.expect_err("malformed");
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(!error.may_have_been_processed());
    }
}

/// A server that wants another token at the first call, and busy at the second.
async fn strict() -> Vendor {
    Vendor::with_api(
        |n, _| granted(n),
        |n, _| {
            ResponseTemplate::new([401, 503, 200][n.min(2)]).set_body_raw("{}", "application/json")
        },
    )
    .await
}

#[tokio::test]
async fn bytes_and_files_are_sent_again_after_a_401_and_a_503() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("big.bin");
    let content: Vec<u8> = (0..300_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    std::fs::write(&path, &content).expect("a file");
    for file in [
        Upload::bytes("big.bin", content.clone()),
        Upload::file(&path),
    ] {
        let vendor = strict().await;
        let client = client(FORM, &vendor.url(), machine(), &Settings::new());
        let call = client.request(Method::PUT, "/import");
        call.upload("file", file)
            .send()
            .await
            .expect("the third try");
        let requests = vendor.requests().await;
        let bodies: Vec<_> = requests
            .iter()
            .filter(|request| request.url.path() == "/import")
            .map(|request| &request.body)
            .collect();
        assert_eq!(bodies.len(), 3);
        assert!(
            bodies.iter().all(|body| *body == bodies[0]),
            "the same bytes"
        );
        assert!(bodies[0].windows(1000).any(|part| part == &content[..1000]));
        assert!(bodies[0].len() > content.len());
    }
}

#[tokio::test]
async fn a_stream_that_has_begun_is_not_sent_again_and_the_token_is_renewed_all_the_same() {
    let vendor = strict().await;
    let client = client(FORM, &vendor.url(), machine(), &Settings::new());
    for (kind, tokens) in [(ErrorKind::Unauthorized, 2), (ErrorKind::Provider, 2)] {
        let file = Upload::stream("a", None, chunks(&["abc"]));
        let call = client.request(Method::PUT, "/import").upload("file", file);
        let error = call.send().await.expect_err("a failure");
        assert_eq!(error.kind(), kind);
        assert!(
            error.to_string().ends_with("can't be sent again"),
            "{error}"
        );
        assert_eq!(vendor.tokens(), tokens);
    }
    assert_eq!(vendor.calls(), 2);
}

#[tokio::test]
async fn a_stream_that_has_not_begun_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let file = Upload::stream("a", Some(3), chunks(&["abc"]));
    let call = keyed(&url);
    let call = call.request(Method::POST, "/import").upload("file", file);
    let error = call.send().await.expect_err("nobody listens");
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(!error.to_string().contains("has begun"), "{error}");
}

#[tokio::test]
async fn a_length_that_is_known_is_limited_before_anything_is_sent() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("a");
    std::fs::write(&path, "1234").expect("a file");
    let files: [fn(&std::path::Path) -> Upload; 3] = [
        |_| Upload::bytes("a", "1234"),
        |path| Upload::file(path),
        |_| Upload::stream("a", Some(4), chunks(&["1234"])),
    ];
    for file in files {
        let error = sent(file(&path).with_limit(3))
            .await
            .expect_err("too large");
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(!error.may_have_been_processed());
        assert!(error.to_string().contains("3 bytes"), "{error}");
        assert!(sent(file(&path).with_limit(4)).await.is_ok());
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_no_failure_of_the_provider() {
    for path in ["/nowhere/at/all", "/tmp"] {
        let error = sent(Upload::file(path)).await.expect_err("no file");
        assert_eq!(error.kind(), ErrorKind::File, "{error}");
        assert!(!error.may_have_been_processed());
    }
}

/// The error of a stream that a server takes in whole.
async fn broken(file: Upload) -> Error {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut sink = Vec::new();
            let _ = stream.read_to_end(&mut sink).await;
        }
    });
    let client = keyed(&url);
    let call = client.request(Method::POST, "/import");
    call.upload("file", file)
        .send()
        .await
        .expect_err("a failure")
}

#[tokio::test]
async fn a_stream_that_is_not_as_it_was_told_breaks_the_request_off() {
    for (file, word) in [
        (
            Upload::stream("a", None, chunks(&["123", "45"])).with_limit(4),
            "larger than 4",
        ),
        (
            Upload::stream("a", Some(4), chunks(&["123", "45"])),
            "more than the 4",
        ),
        (
            Upload::stream("a", Some(6), chunks(&["123", "45"])),
            "less than the 6",
        ),
    ] {
        let error = broken(file).await;
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
        assert!(error.to_string().contains(word), "{error}");
        assert!(error.may_have_been_processed());
    }
    let failing = futures_util::stream::iter([
        Ok(Bytes::from("1")),
        Err(io::Error::other("the disk is gone")),
    ]);
    let error = broken(Upload::stream("a", None, failing)).await;
    assert_eq!(error.kind(), ErrorKind::File);
    assert!(crate::leak::told(&error).contains("the disk is gone"));
}

#[tokio::test]
async fn an_upload_that_makes_progress_outlives_its_time_out_and_one_that_stops_does_not() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                // Reads slowly up to the end of the form.
                let mut piece = [0; 16];
                let mut all = Vec::new();
                while !all.ends_with(b"--\r\n") {
                    let Ok(length @ 1..) = stream.read(&mut piece).await else {
                        return;
                    };
                    all.extend_from_slice(&piece[..length]);
                }
                let _ = stream.write_all(&http("200 OK", "", "{}")).await;
            });
        }
    });
    let settings = Settings::new().call_retries(0);
    let client = keyed_with(&url, &settings);
    let limit = Duration::from_millis(400);
    // Six pieces with pauses of a third of the limit: twice the limit in all.
    let slow = |count: usize| {
        futures_util::stream::unfold(count, async move |left| {
            real().sleep(Duration::from_millis(130)).await;
            let left = left.checked_sub(1)?;
            Some((Ok(Bytes::from("x")), left))
        })
    };
    let file = Upload::stream("a", Some(6), slow(6));
    let call = client.request(Method::POST, "/import").with_timeout(limit);
    let call = call.with_deadline(limit).upload("file", file);
    call.send().await.expect("an answer");
    let stuck = futures_util::stream::pending::<io::Result<Bytes>>();
    let file = Upload::stream("a", None, stuck);
    let call = client.request(Method::POST, "/import").with_timeout(limit);
    let error = call.upload("file", file).send().await;
    assert_eq!(error.expect_err("no progress").kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn a_call_that_is_dropped_gives_its_stream_up() {
    struct Guard(Arc<AtomicUsize>);
    impl Drop for Guard {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let server = RawServer::start(|_| Act::Hang).await;
    let client = keyed(&server.url());
    let dropped = Arc::new(AtomicUsize::new(0));
    let guard = Guard(Arc::clone(&dropped));
    let (asked, hears) = tokio::sync::oneshot::channel();
    let endless = futures_util::stream::unfold((guard, Some(asked)), async |(guard, asked)| {
        match asked {
            Some(asked) => {
                let _ = asked.send(());
            }
            None => std::future::pending().await,
        }
        Some((Ok(Bytes::from("x")), (guard, None)))
    });
    let call = client.request(Method::POST, "/import");
    let call = call.upload("file", Upload::stream("a", None, endless));
    tokio::select! {
        _ = call.send() => panic!("the stream never ends"),
        asked = hears => asked.expect("it was asked"),
    }
    eventually("the stream is dropped", || {
        dropped.load(Ordering::SeqCst) == 1
    })
    .await;
}

#[test]
fn debug_shows_nothing_of_the_content() {
    let shown = format!("{:?}", Upload::bytes("a.csv", "canary"));
    assert!(!shown.contains("canary"), "{shown}");
}
