//! Shows that an upload and a download of 200 MB hold memory flat. A binary of its own: other tests would count, too.
#![cfg(test)]

use std::fs;
use std::io::Write as _;

use auth_core::{
    ApiClient, BaseUrl, Bytes, Dialect, Grant, KeyKind, KeyRow, Method, Principal, Profile,
    Settings, Upload,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const DIALECT: Dialect = Dialect::new("FLAT", &[]).keys(&[KeyRow::new(KeyKind::Token, &[], "")]);
const MEGABYTES: usize = 200;
const MEGABYTE: usize = 1_000_000;
/// How much more may be held than at the beginning: the buffers of the connections.
const SLACK_KIB: u64 = 24 * 1024;

/// Takes forms, and counts their bytes as it reads them; sends 200 MB to whoever asks for something.
async fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut piece = vec![0; MEGABYTE];
    if head.starts_with("GET") {
        let length = MEGABYTES * MEGABYTE;
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).await?;
        for _ in 0..MEGABYTES {
            stream.write_all(&piece).await?;
        }
        return stream.shutdown().await;
    }
    let mut count = 0;
    let mut last = Vec::new();
    while !last.ends_with(b"--\r\n") && !last.ends_with(b"--\r\n\r\n0\r\n\r\n") {
        let length = stream.read(&mut piece).await?;
        if length == 0 {
            break;
        }
        count += length;
        last.extend_from_slice(&piece[..length]);
        last.drain(..last.len().saturating_sub(20));
    }
    let body = count.to_string();
    let length = body.len();
    let answer =
        format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

/// The most memory that this process has held.
fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.expect("a line").trim().trim_end_matches(" kB");
    number.parse().expect("a number")
}

#[tokio::test]
#[cfg_attr(
    not(target_os = "linux"),
    ignore = "only Linux tells it without unsafe code"
)]
async fn two_hundred_megabytes_hold_memory_flat_both_ways() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    let base = BaseUrl::parse("base_url", &url, &[]).expect("a loopback URL");
    let principal = Principal::new(Grant::StaticToken("t-1".into()));
    let profile = Profile::new(DIALECT, base.clone(), base, principal, "it/1.0");
    let client = ApiClient::new(profile, &Settings::new()).expect("a good client");

    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("large.bin");
    let mut file = fs::File::create(&path).expect("a file");
    for _ in 0..MEGABYTES {
        file.write_all(&[7; MEGABYTE]).expect("space");
    }
    drop(file);
    let small = Upload::bytes("a", "x");
    let call = || client.request(Method::POST, "/import");
    let answer = call().upload("file", small).send().await;
    let frame: usize = answer.expect("an answer").json::<usize>().expect("a count") - 1;
    let before = peak_kib();

    let answer = call().upload("file", Upload::file(&path)).send().await;
    let count: usize = answer.expect("an answer").json().expect("a count");
    // The frame is longer by the longer name.
    assert_eq!(
        count - frame,
        MEGABYTES * MEGABYTE + "large.bin".len() - "a".len()
    );

    let megabyte = Bytes::from(vec![7; MEGABYTE]);
    let chunks = (0..MEGABYTES).map(move |_| Ok(megabyte.clone()));
    let stream = Upload::stream("a", None, futures_util::stream::iter(chunks));
    let answer = call().upload("file", stream).send().await;
    let count: usize = answer.expect("an answer").json().expect("a count");
    assert!(count > MEGABYTES * MEGABYTE);

    let download = client.request(Method::GET, "/export").open().await;
    let saved = directory.path().join("saved.bin");
    let length = download.expect("an answer").save(&saved).await;
    assert_eq!(length.expect("all of it"), (MEGABYTES * MEGABYTE) as u64);

    let after = peak_kib();
    assert!(
        after < before + SLACK_KIB,
        "{before} KiB, and later {after} KiB"
    );
}
