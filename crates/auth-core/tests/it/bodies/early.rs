//! Uploads that end before they are sent whole: nothing is read any longer, and what broke them off is told.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use auth_core::{ApiClient, Bytes, Clock as _, ErrorKind, Method, Profile, Settings, Upload};
use futures_util::Stream;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::{keyed, keyed_with};
use crate::clocks::{eventually, real};
use crate::dialects::FORM;
use crate::raw::http;
use crate::stage::{Vendor, base, granted, machine};

/// What a server does after it has answered the head of a request.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Then {
    Hold,
    Read,
}

/// A server that answers as soon as a request begins; gives its address and how many connections there were.
async fn hasty(answer: impl Into<Vec<u8>>, then: Then) -> (String, Arc<AtomicUsize>) {
    let answer = answer.into();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut piece = vec![0; 65536];
                let _ = stream.read(&mut piece[..512]).await;
                let _ = stream.write_all(&answer).await;
                match then {
                    Then::Hold => std::future::pending().await,
                    Then::Read => while let Ok(1..) = stream.read(&mut piece).await {},
                }
            });
        }
    });
    (url, connections)
}

/// Counts when it is dropped.
struct Guard(Arc<AtomicUsize>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A stream without end, and how often it was dropped.
fn endless() -> (
    impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    Arc<AtomicUsize>,
) {
    let dropped = Arc::new(AtomicUsize::new(0));
    let guard = Guard(Arc::clone(&dropped));
    let stream = futures_util::stream::unfold(guard, async |guard| {
        Some((Ok(Bytes::from_static(&[0; 65536])), guard))
    });
    (stream, dropped)
}

#[tokio::test]
async fn an_early_answer_ends_the_reading_at_once() {
    for then in [Then::Hold, Then::Read] {
        for (status, is_good) in [("200 OK", true), ("413 Too Large", false)] {
            let (url, _) = hasty(http(status, "", "{}"), then).await;
            let (stream, dropped) = endless();
            let client = keyed_with(&url, &Settings::new().call_retries(0));
            let call = client.request(Method::POST, "/import");
            let call = call.upload("file", Upload::stream("a", None, stream));
            assert_eq!(call.send().await.is_ok(), is_good, "{status}");
            assert_eq!(dropped.load(Ordering::SeqCst), 1, "{status}");
        }
    }
}

#[tokio::test]
async fn a_download_that_is_dropped_ends_the_upload_before_it() {
    let (url, _) = hasty(
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345",
        Then::Hold,
    )
    .await;
    let (stream, dropped) = endless();
    let client = keyed(&url);
    let call = client.request(Method::POST, "/convert");
    let call = call.upload("file", Upload::stream("a", None, stream));
    let mut download = call.open().await.expect("an answer");
    assert_eq!(
        download.chunk().await.expect("bytes").expect("half"),
        "12345"
    );
    assert_eq!(dropped.load(Ordering::SeqCst), 0, "the answer may need it");
    drop(download);
    assert_eq!(dropped.load(Ordering::SeqCst), 1);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn no_file_stays_open_after_a_call() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("a");
    let made = std::fs::File::create(&path).expect("a file");
    made.set_len(20 << 20).expect("20 MB");
    drop(made);
    let is_open = || {
        let open = std::fs::read_dir("/proc/self/fd").expect("open files");
        let mut open = open.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
        open.any(|open| open == path)
    };
    let limit = Duration::from_millis(200);
    for answer in [http("503 Busy", "", "{}"), Vec::new()] {
        let (url, _) = hasty(answer, Then::Hold).await;
        let client = keyed(&url);
        let call = client.request(Method::PUT, "/import").with_timeout(limit);
        let call = call.upload("file", Upload::file(&path));
        call.send().await.expect_err("busy, or no answer");
        // What a thread was reading at that moment ends with its reading.
        eventually("the file is closed", || !is_open()).await;
    }
    let (url, _) = hasty(Vec::new(), Then::Hold).await;
    let client = keyed(&url);
    let call = client.request(Method::PUT, "/import");
    let call = call.upload("file", Upload::file(&path));
    tokio::select! {
        _ = call.send() => panic!("nobody answers"),
        () = eventually("the file is open", is_open) => {}
    }
    eventually("the file is closed", || !is_open()).await;
}

#[tokio::test]
async fn an_early_401_is_replayed_with_all_bytes() {
    let (url, connections) = hasty(http("401 Unauthorized", "", "{}"), Then::Hold).await;
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let profile = Profile::new(FORM, base(&vendor.url()), base(&url), machine(), "it/1.0");
    let settings = Settings::new().call_retries(0);
    let client = ApiClient::new(profile, &settings).expect("a client");
    let call = client.request(Method::POST, "/import");
    let call = call.upload("file", Upload::bytes("a", vec![0; 20 << 20]));
    let error = call.send().await.expect_err("401 again");
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert_eq!(
        (vendor.tokens(), connections.load(Ordering::SeqCst)),
        (2, 2)
    );
}

#[tokio::test]
async fn what_broke_the_body_is_told_though_the_head_of_the_answer_has_come() {
    for is_opened in [false, true] {
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n";
        let (url, connections) = hasty(head, Then::Read).await;
        let failing = futures_util::stream::unfold(0, async |n| {
            real().sleep(Duration::from_millis(50)).await;
            match n {
                0..3 => Some((Ok(Bytes::from("1")), n + 1)),
                3 => Some((Err(io::Error::other("the disk is gone")), 4)),
                _ => None,
            }
        });
        let client = keyed(&url);
        let call = client.request(Method::POST, "/import");
        let call = call.upload("file", Upload::stream("a", None, failing));
        let error = match is_opened {
            true => call.open().await.expect("a head").bytes().await.map(drop),
            false => call.send().await.map(drop),
        };
        let error = error.expect_err("half a body");
        assert_eq!(error.kind(), ErrorKind::File, "{error}");
        assert!(crate::leak::told(&error).contains("the disk is gone"));
        assert!(error.may_have_been_processed());
        assert_eq!(connections.load(Ordering::SeqCst), 1);
    }
}

#[test]
fn a_stream_of_empty_chunks_lets_its_time_run_out() {
    // In a thread of its own: a stream that hangs takes its runtime along.
    let (tell, hears) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let (url, _) = hasty(Vec::new(), Then::Hold).await;
            let client = keyed_with(&url, &Settings::new().call_retries(0));
            let call = client.request(Method::POST, "/import");
            let empty = futures_util::stream::repeat_with(|| Ok(Bytes::new()));
            let call = call.upload("file", Upload::stream("a", None, empty));
            let sent = call.with_timeout(Duration::from_millis(300)).send().await;
            let _ = tell.send(sent.map(drop).map_err(|error| error.kind()));
        });
    });
    let told = hears.recv_timeout(Duration::from_secs(10));
    assert_eq!(told, Ok(Err(ErrorKind::Timeout)));
}
