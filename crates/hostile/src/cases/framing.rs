//! Lengths and chunks that lie, two answers for one request, and other protocols.

use crate::case::{Case, Step, Want, answer, text};

use super::{BROKEN, FAILED, HARMLESS, HOLLOW, INVALID, UNREADABLE};

/// A chunked answer.
fn chunks(name: &'static str, rest: &str, want: Want) -> Case {
    let head =
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    Case::play(
        name,
        [Step::Text(format!("{head}{rest}")), Step::Close],
        want,
    )
}

/// An answer whose head ends with these lines, and then a body of seven bytes.
fn lines(name: &'static str, lines: &str, want: Want) -> Case {
    let head = format!("HTTP/1.1 200 OK\r\n{lines}\r\n{{\"a\":1}}");
    Case::play(name, [Step::Text(head), Step::Close], want)
}

pub(super) fn cases() -> Vec<Case> {
    let smuggled = "HTTP/1.1 200 OK\r\ncontent-length: 22\r\n\r\n{\"smuggled\":\"for you\"}";
    vec![
        lines("two lengths that differ", "content-length: 7\r\ncontent-length: 9\r\n", BROKEN),
        lines("two lengths in one line", "content-length: 7, 9\r\n", BROKEN),
        lines("the same length twice", "content-length: 7\r\ncontent-length: 7\r\n", HOLLOW),
        lines("a negative length", "content-length: -7\r\n", BROKEN),
        lines("a length with a plus", "content-length: +7\r\n", BROKEN),
        lines("a length in hexadecimal", "content-length: 0x7\r\n", BROKEN),
        lines("a length of no number", "content-length: seven\r\n", BROKEN),
        lines("an empty length", "content-length:\r\n", BROKEN),
        lines("a length beyond 64 bits", "content-length: 99999999999999999999\r\n", BROKEN),
        lines("a length of zero before a body", "content-length: 0\r\n", HOLLOW),
        lines("a length that is too short", "content-length: 3\r\n", UNREADABLE),
        lines("length and chunks", "content-length: 7\r\ntransfer-encoding: chunked\r\n", BROKEN),
        lines("a transfer encoding of no sense", "transfer-encoding: hostile\r\n", HOLLOW),
        lines("chunked is not the last encoding", "transfer-encoding: chunked, gzip\r\n", HOLLOW),
        chunks("a chunk size of no number", "zz\r\n{\"a\":1}\r\n0\r\n\r\n", BROKEN),
        chunks("a negative chunk size", "-7\r\n{\"a\":1}\r\n0\r\n\r\n", BROKEN),
        chunks("a chunk size beyond 64 bits", "fffffffffffffffff\r\n{\"a\":1}\r\n", BROKEN),
        chunks("a chunk size of 2^64 - 1", "ffffffffffffffff\r\n{\"a\":1}\r\n", BROKEN),
        chunks("a chunk that is longer than its size", "3\r\n{\"a\":1}\r\n0\r\n\r\n", BROKEN),
        chunks("a chunk without its end of line", "7\r\n{\"a\":1}0\r\n\r\n", BROKEN),
        chunks("a size without digits", ";x=y\r\n{\"a\":1}\r\n0\r\n\r\n", BROKEN),
        Case::play(
            "chunk extensions without measure",
            [
                text("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"),
                Step::Pour([b"1;".to_vec(), vec![b'x'; 1000], b"\r\n \r\n".to_vec()].concat(), 200),
                text("0\r\n\r\n"),
                Step::Close,
            ],
            BROKEN,
        ),
        chunks("a credential in a trailer", "2\r\n{}\r\n0\r\nset-cookie: a=b\r\nauthorization: Bearer <<access>>\r\n\r\n", HOLLOW),
        chunks("a length in a trailer", "2\r\n{}\r\n0\r\ncontent-length: 700\r\ntransfer-encoding: x\r\n\r\n", HOLLOW),
        Case::play(
            "trailers without measure",
            [
                text("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"),
                Step::Pour(b"x-trailer: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n".to_vec(), 4000),
                text("\r\n"),
                Step::Close,
            ],
            BROKEN,
        ),
        Case::play("two answers at once", [answer("200 OK", "", "<<token>>"), text(smuggled)], HARMLESS),
        Case::play("a second answer a little later", [answer("200 OK", "", "<<token>>"), Step::Pause(30), text(smuggled)], HARMLESS),
        Case::play("rubbish behind an answer", [answer("200 OK", "", "<<token>>"), Step::Bytes(vec![0, 255, 13, 10, 13, 10])], HARMLESS),
        Case::play("an answer that nobody asked for", [Step::Early, answer("200 OK", "", "<<token>>"), answer("200 OK", "", "<<token>>")], HARMLESS),
        Case::play("HTTP/0.9", [text("<<token>>"), Step::Close], BROKEN),
        Case::play("HTTP/1.0", [text("HTTP/1.0 200 OK\r\n\r\n<<token>>"), Step::Close], HARMLESS),
        Case::play("HTTP/2 by itself", [Step::Bytes(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64\x00\x04\x00\x00\xff\xff\x00\x06\x00\x00\x40\x00".to_vec()), Step::Close], BROKEN),
        Case::play("the preface of HTTP/2", [text("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Step::Close], BROKEN),
        Case::play("HTTP/3.0", [text("HTTP/3.0 200 OK\r\ncontent-length: 2\r\n\r\n{}"), Step::Close], BROKEN),
        Case::play("ICY in the place of HTTP", [text("ICY 200 OK\r\ncontent-length: 2\r\n\r\n{}"), Step::Close], BROKEN),
        Case::play("a request for an answer", [text("GET / HTTP/1.1\r\nhost: x\r\n\r\n"), Step::Close], BROKEN),
        Case::play("a TLS alert in plain text", [Step::Bytes(b"\x15\x03\x01\x00\x02\x02\x28".to_vec()), Step::Close], BROKEN),
        Case::play("SSH", [text("SSH-2.0-OpenSSH_9.2\r\n"), Step::Close], BROKEN),
        Case::play("101 to WebSocket", [text("HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n"), Step::Bytes(vec![0x81, 2, b'{', b'}']), Step::Close], FAILED),
        Case::play("an upgrade to HTTP/2", [text("HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n"), Step::Close], FAILED),
        Case::play("a protocol that wants an upgrade", [answer("426 Upgrade Required", "upgrade: TLS/1.3\r\nconnection: upgrade\r\n", "{}")], INVALID),
    ]
}
