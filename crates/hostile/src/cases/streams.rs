//! Answers that dawdle, stop half-way, or break.

use crate::case::{Case, Step, answer, text};
use crate::play::spaces;

use super::{BROKEN, HARMLESS, INVALID, LATE, UNREADABLE};

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";

pub(super) fn cases() -> Vec<Case> {
    let drip = |before: &str| vec![text(before), Step::Drip(spaces())];
    let cut = |before: String| vec![Step::Text(before), Step::Close];
    vec![
        Case::play("silence", [Step::Hush], LATE).slow(),
        Case::play(
            "a status line that drips",
            [Step::Drip(format!("HTTP/1.1 {}", "2".repeat(900)))],
            LATE,
        )
        .slow(),
        Case::play("a header that drips", drip("HTTP/1.1 200 OK\r\nx: "), LATE).slow(),
        Case::play(
            "headers that drip",
            [
                Step::Text(HEAD.to_owned()),
                Step::Drip("x: y\r\n".repeat(200)),
            ],
            LATE,
        )
        .slow(),
        Case::play(
            "a body with a length that drips",
            drip(&format!("{HEAD}content-length: 100000\r\n\r\n")),
            LATE,
        )
        .slow(),
        Case::play(
            "a body without a length that drips",
            drip(&format!("{HEAD}\r\n")),
            LATE,
        )
        .slow(),
        Case::play(
            "chunks that drip",
            [
                Step::Text(format!("{HEAD}transfer-encoding: chunked\r\n\r\n")),
                Step::Drip("1\r\n \r\n".repeat(200)),
            ],
            LATE,
        )
        .slow(),
        Case::play(
            "a chunk extension that drips",
            drip(&format!("{HEAD}transfer-encoding: chunked\r\n\r\n1;x=")),
            LATE,
        )
        .slow(),
        Case::play(
            "trailers that drip",
            drip(&format!(
                "{HEAD}transfer-encoding: chunked\r\n\r\n8\r\n{{\"a\":[]}}\r\n0\r\nx: "
            )),
            LATE,
        )
        .slow(),
        Case::play(
            "a head and then silence",
            [
                Step::Text(format!("{HEAD}content-length: 10\r\n\r\n")),
                Step::Hush,
            ],
            LATE,
        )
        .slow(),
        Case::play(
            "half a body and then silence",
            [
                Step::Text(format!("{HEAD}content-length: 1000\r\n\r\n<<token>>")),
                Step::Hush,
            ],
            LATE,
        )
        .slow(),
        Case::play(
            "a whole answer after a while",
            [Step::Pause(100), answer("200 OK", "", "<<token>>")],
            HARMLESS,
        ),
        Case::play("closed before a byte", [Step::Close], BROKEN),
        Case::play(
            "reset before a byte",
            [Step::Pause(20), Step::Reset],
            BROKEN,
        ),
        Case::play(
            "reset before the request was read",
            [Step::Early, Step::Reset],
            BROKEN,
        ),
        Case::play(
            "closed before the request was read",
            [Step::Early, Step::Close],
            BROKEN,
        ),
        Case::play(
            "reset in the head",
            [
                text("HTTP/1.1 200 OK\r\ncontent-"),
                Step::Pause(50),
                Step::Reset,
            ],
            BROKEN,
        ),
        Case::play(
            "reset in the body",
            [
                Step::Text(format!("{HEAD}content-length: 1000\r\n\r\n<<token>>")),
                Step::Pause(50),
                Step::Reset,
            ],
            BROKEN,
        ),
        Case::play(
            "cut in the status line",
            cut("HTTP/1.1 20".to_owned()),
            BROKEN,
        ),
        Case::play(
            "cut in a header",
            cut("HTTP/1.1 200 OK\r\ncontent-ty".to_owned()),
            BROKEN,
        ),
        Case::play("cut before the empty line", cut(HEAD.to_owned()), BROKEN),
        Case::play(
            "cut at the begin of the body",
            cut(format!("{HEAD}content-length: 20\r\n\r\n")),
            BROKEN,
        ),
        Case::play(
            "cut in the body",
            cut(format!("{HEAD}content-length: 1000\r\n\r\n<<token>>")),
            BROKEN,
        ),
        Case::play(
            "cut in a body without a length",
            cut(format!("{HEAD}\r\n{{\"access_token\":\"<<access>>\",\"tok")),
            UNREADABLE,
        ),
        Case::play(
            "cut in the size of a chunk",
            cut(format!("{HEAD}transfer-encoding: chunked\r\n\r\n2")),
            BROKEN,
        ),
        Case::play(
            "cut in a chunk",
            cut(format!(
                "{HEAD}transfer-encoding: chunked\r\n\r\nff\r\n<<token>>"
            )),
            BROKEN,
        ),
        Case::play(
            "cut after a chunk",
            cut(format!(
                "{HEAD}transfer-encoding: chunked\r\n\r\n7\r\n{{\"a\":1}}\r\n"
            )),
            BROKEN,
        ),
        Case::play(
            "cut before the last line",
            cut(format!(
                "{HEAD}transfer-encoding: chunked\r\n\r\n7\r\n{{\"a\":1}}\r\n0\r\n"
            )),
            BROKEN,
        ),
        Case::play(
            "an answer before the request was read",
            [
                Step::Early,
                answer("200 OK", "", "<<token>>"),
                Step::Pause(20),
            ],
            HARMLESS,
        ),
        Case::play(
            "a refusal before the request was read",
            [
                Step::Early,
                answer("413 Content Too Large", "connection: close\r\n", "{}"),
                Step::Close,
            ],
            INVALID,
        ),
    ]
}
