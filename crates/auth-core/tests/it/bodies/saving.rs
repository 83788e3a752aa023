//! What a download may be taken for, and what saving one does to the directory.

use std::path::Path;

use auth_core::{Download, ErrorKind, Method};

use super::keyed;
use crate::raw::{Act, RawServer, http};

/// Opens what a server answers to a call with that method and header.
async fn asked(method: Method, header: (&str, &str), answer: Vec<u8>) -> Download {
    let server = RawServer::start(move |_| Act::AnswerAndClose(answer.clone())).await;
    let client = keyed(&server.url());
    let call = client.request(method, "/export").header(header.0, header.1);
    call.open().await.expect("an answer")
}

async fn opened(answer: Vec<u8>) -> Download {
    asked(Method::GET, ("if-none-match", "\"1\""), answer).await
}

fn is_alone(path: &Path) -> bool {
    let directory = path.parent().expect("a directory");
    std::fs::read_dir(directory).expect("a directory").count() == 1
}

#[tokio::test]
async fn what_is_not_the_whole_is_not_taken_for_it() {
    let part = || {
        http(
            "206 Partial Content",
            "content-range: bytes 0-2/1000\r\n",
            "abc",
        )
    };
    let unchanged = || b"HTTP/1.1 304 Not Modified\r\netag: \"1\"\r\n\r\n".to_vec();
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("a");
    std::fs::write(&path, "old").expect("a file");
    for (answer, status) in [(part(), 206), (unchanged(), 304)] {
        let download = opened(answer.clone()).await;
        assert_eq!(download.status(), status, "open tells it");
        for error in [
            download.bytes().await.map(drop),
            opened(answer.clone())
                .await
                .write_to(&mut Vec::new())
                .await
                .map(drop),
            opened(answer.clone()).await.save(&path).await.map(drop),
        ] {
            let error = error.expect_err("not the whole");
            assert_eq!(error.kind(), ErrorKind::Decode);
            assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        }
        assert_eq!(std::fs::read(&path).expect("the file"), b"old");
        assert!(is_alone(&path));
    }
    let mut pieces = opened(part()).await;
    assert_eq!(
        pieces.chunk().await.expect("bytes").expect("a piece"),
        "abc"
    );
    let range = ("range", "bytes=0-2");
    let download = asked(Method::GET, range, part()).await;
    assert_eq!(download.bytes().await.expect("a part"), "abc");
    let download = asked(Method::GET, range, part()).await;
    assert_eq!(download.save(&path).await.expect("a part"), 3);
}

#[tokio::test]
async fn a_success_without_content_is_no_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("a");
    std::fs::write(&path, "old").expect("a file");
    let chunked = b"HTTP/1.1 202 Accepted\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    for (method, answer) in [
        (Method::GET, b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()),
        (Method::GET, http("205 Reset Content", "", "")),
        (Method::GET, http("202 Accepted", "", "")),
        (Method::GET, chunked.to_vec()),
        (
            Method::HEAD,
            b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n".to_vec(),
        ),
    ] {
        let header = ("accept", "text/csv");
        let download = asked(method.clone(), header, answer.clone()).await;
        let error = download.save(&path).await.expect_err("no file");
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert_eq!(std::fs::read(&path).expect("the file"), b"old");
        assert!(is_alone(&path));
        let download = asked(method, header, answer).await;
        assert_eq!(download.bytes().await.expect("nothing"), "");
    }
    let download = opened(http("202 Accepted", "", "abc")).await;
    assert_eq!(download.save(&path).await.expect("a file"), 3);
    let download = opened(http("200 OK", "", "")).await;
    assert_eq!(download.save(&path).await.expect("an empty file"), 0);
    assert_eq!(std::fs::read(&path).expect("the file"), b"");
}

#[tokio::test]
async fn a_name_may_be_as_long_as_names_can_be() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("a".repeat(255));
    let download = opened(http("200 OK", "", "abc")).await;
    assert_eq!(download.save(&path).await.expect("a file"), 3);
    assert!(is_alone(&path));
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_file_is_private_and_a_replaced_one_keeps_its_mode() {
    use std::os::unix::fs::PermissionsExt as _;

    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("a");
    let mode = |path: &Path| {
        let about = std::fs::metadata(path).expect("a file");
        about.permissions().mode() & 0o7777
    };
    let download = opened(http("200 OK", "", "abc")).await;
    download.save(&path).await.expect("a file");
    assert_eq!(mode(&path), 0o600);
    for (before, after) in [(0o640, 0o640), (0o4755, 0o755), (0o400, 0o400)] {
        let wanted = std::fs::Permissions::from_mode(before);
        std::fs::set_permissions(&path, wanted).expect("a mode");
        let download = opened(http("200 OK", "", "abc")).await;
        download.save(&path).await.expect("a file");
        assert_eq!(mode(&path), after);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_no_regular_file_is_not_replaced_and_a_link_is() {
    let directory = tempfile::tempdir().expect("a directory");
    let inner = directory.path().join("directory");
    std::fs::create_dir(&inner).expect("a directory");
    let socket = directory.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
    let to_socket = directory.path().join("to-socket");
    std::os::unix::fs::symlink(&socket, &to_socket).expect("a link");
    for path in [&inner, &socket, &to_socket] {
        let download = opened(http("200 OK", "", "abc")).await;
        let error = download.save(path).await.expect_err("no file");
        assert_eq!(error.kind(), ErrorKind::File);
        let about = std::fs::metadata(path).expect("what was there");
        assert!(!about.is_file(), "{path:?}");
    }
    let target = directory.path().join("target");
    std::fs::write(&target, "old").expect("a file");
    let link = directory.path().join("link");
    std::os::unix::fs::symlink(&target, &link).expect("a link");
    let download = opened(http("200 OK", "", "abc")).await;
    download.save(&link).await.expect("a file");
    let about = std::fs::symlink_metadata(&link).expect("a file");
    assert!(about.is_file(), "the link itself is replaced");
    assert_eq!(std::fs::read(&target).expect("the file"), b"old");
}
