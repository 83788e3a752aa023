//! Bodies beyond every measure: token answers are read up to 1 MiB, API answers up to 16 MiB.

use crate::bomb;
use crate::case::{Case, ENDLESS, Step, Want, answer, text};

use super::{BLOCKED, BROKEN, UNREADABLE};

const MIB: usize = 1 << 20;
const PIECE: usize = 1 << 16;

/// 100 MiB of spaces behind `head`.
fn plain(head: &str) -> Vec<Step> {
    vec![
        text(head),
        Step::Pour(vec![b' '; PIECE], 100 * MIB / PIECE),
        Step::Close,
    ]
}

/// The same in chunks.
fn chunked(status: &str, times: usize) -> Vec<Step> {
    let head = format!("HTTP/1.1 {status}\r\ntransfer-encoding: chunked\r\n\r\n");
    let chunk = format!("{PIECE:x}\r\n{}\r\n", " ".repeat(PIECE));
    vec![
        text(head),
        Step::Pour(chunk.into_bytes(), times),
        text("0\r\n\r\n"),
        Step::Close,
    ]
}

fn packed(name: &'static str, encoding: &str, bomb: Vec<u8>, want: Want) -> Case {
    let headers = format!("content-type: application/json\r\ncontent-encoding: {encoding}\r\n");
    Case::play(name, [answer("200 OK", &headers, bomb)], want)
}

pub(super) fn cases() -> Vec<Case> {
    let times = 100 * MIB / PIECE;
    let long = "HTTP/1.1 200 OK\r\ncontent-length: 104857600\r\n\r\n";
    let longest = "HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551615\r\n\r\n";
    let bad = "HTTP/1.1 400 Bad Request\r\ncontent-length: 104857600\r\n\r\n";
    let unauthorized = "HTTP/1.1 401 Unauthorized\r\ncontent-length: 104857600\r\n\r\n";
    let gateway = "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 104857600\r\n\r\n";
    let until_closed = "HTTP/1.1 200 OK\r\n\r\n";
    vec![
        Case::play("100 MiB with their length", plain(long), BLOCKED).large(),
        Case::play(
            "100 MiB until the connection ends",
            plain(until_closed),
            BLOCKED,
        )
        .large(),
        Case::play("100 MiB in chunks", chunked("200 OK", times), BLOCKED).large(),
        Case::play("chunks without an end", chunked("200 OK", ENDLESS), BLOCKED).large(),
        Case::play("100 MiB under 400", plain(bad), BLOCKED).large(),
        Case::play("100 MiB under 401", plain(unauthorized), BLOCKED).large(),
        Case::play("100 MiB under 502", plain(gateway), BLOCKED).large(),
        Case::play(
            "100 MiB in chunks under 500",
            chunked("500 Oops", times),
            BLOCKED,
        )
        .large(),
        Case::play("a length of 2^64 - 1", plain(longest), BROKEN).large(),
        packed("a bomb of gzip", "gzip", bomb::gzip(), UNREADABLE).large(),
        packed("a bomb of deflate", "deflate", bomb::deflate(), UNREADABLE).large(),
        packed("a bomb of brotli", "br", bomb::brotli(), UNREADABLE).large(),
        packed("a bomb of zstd", "zstd", bomb::zstd(), UNREADABLE).large(),
        packed(
            "a bomb of gzip in gzip",
            "gzip, gzip",
            bomb::gzip(),
            UNREADABLE,
        )
        .large(),
        Case::play(
            "a transfer packed with gzip",
            [
                text("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n"),
                text("2\r\n\x1f\x08\r\n0\r\n\r\n"),
            ],
            UNREADABLE,
        ),
    ]
}
