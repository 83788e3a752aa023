//! Heads: floods, odd lines, cookies, types that are wrong, and waits that are absurd.

use crate::case::{Case, ENDLESS, Step, Want, answer, text};

use super::{BROKEN, FAILED, GATEWAY, HARMLESS, HOLLOW, LIMITED, LIMITED_LONG};

/// A good body under odd headers.
fn under(name: &'static str, headers: &str, want: Want) -> Case {
    Case::play(name, [answer("200 OK", headers, "<<token>>")], want)
}

/// A good body in a head that is not HTTP's.
fn head(name: &'static str, head: &str, want: Want) -> Case {
    Case::play(
        name,
        [
            Step::Text(format!("{head}content-length: 2\r\n\r\n{{}}")),
            Step::Close,
        ],
        want,
    )
}

/// A limit with this wait.
fn wait(name: &'static str, status: &'static str, wait: &str, want: Want) -> Case {
    Case::play(
        name,
        [answer(status, &format!("retry-after: {wait}\r\n"), "{}")],
        want,
    )
}

pub(super) fn cases() -> Vec<Case> {
    let many = |count: usize| -> String { (0..count).map(|n| format!("x-{n}: y\r\n")).collect() };
    let same = "x-same: y\r\n".repeat(90);
    let cookies: String = (0..50)
        .map(|n| {
            format!(
                "set-cookie: c{n}={}; domain=example.com\r\n",
                "v".repeat(100)
            )
        })
        .collect();
    let limit = "429 Too Many Requests";
    let busy = "503 Service Unavailable";
    vec![
        Case::play(
            "headers without an end",
            [
                text("HTTP/1.1 200 OK\r\n"),
                Step::Pour(many(100).into_bytes(), ENDLESS),
            ],
            BROKEN,
        ),
        under("200 headers", &many(200), BROKEN),
        under("one header 90 times", &same, HARMLESS),
        Case::play(
            "a header without an end",
            [
                text("HTTP/1.1 200 OK\r\nx: "),
                Step::Pour(vec![b'y'; 1 << 14], ENDLESS),
            ],
            BROKEN,
        ),
        under(
            "a header of 100 KiB",
            &format!("x: {}\r\n", "y".repeat(100 << 10)),
            HARMLESS,
        ),
        under(
            "a header name of 100 KiB",
            &format!("{}: y\r\n", "x".repeat(100 << 10)),
            BROKEN,
        ),
        Case::play(
            "a status line without an end",
            [text("HTTP/1.1 200 "), Step::Pour(vec![b'O'; 1000], ENDLESS)],
            BROKEN,
        ),
        head(
            "a header without a name",
            "HTTP/1.1 200 OK\r\n: x\r\n",
            BROKEN,
        ),
        head(
            "a header without a colon",
            "HTTP/1.1 200 OK\r\nrubbish\r\n",
            BROKEN,
        ),
        head(
            "a space before the colon",
            "HTTP/1.1 200 OK\r\nx-y : z\r\n",
            BROKEN,
        ),
        head(
            "a folded header",
            "HTTP/1.1 200 OK\r\nx-y: z\r\n folded\r\n",
            BROKEN,
        ),
        head(
            "a NUL in a header",
            "HTTP/1.1 200 OK\r\nx-y: a\0b\r\n",
            BROKEN,
        ),
        head(
            "a lone CR in a header",
            "HTTP/1.1 200 OK\r\nx-y: a\rb: c\r\n",
            BROKEN,
        ),
        head(
            "lines that end with LF alone",
            "HTTP/1.1 200 OK\nx-y: z\n",
            HOLLOW,
        ),
        Case::play(
            "a header that is not UTF-8",
            [Step::Bytes(
                b"HTTP/1.1 200 OK\r\nx-request-id: \xff\xfe\r\ncontent-length: 2\r\n\r\n{}"
                    .to_vec(),
            )],
            HOLLOW,
        ),
        head("a status of two digits", "HTTP/1.1 20 OK\r\n", BROKEN),
        head("a status of four digits", "HTTP/1.1 2000 OK\r\n", BROKEN),
        head("a status of no number", "HTTP/1.1 abc OK\r\n", BROKEN),
        head("a negative status", "HTTP/1.1 -20 OK\r\n", BROKEN),
        head("the status 099", "HTTP/1.1 099 Low\r\n", BROKEN),
        head("a status without a reason", "HTTP/1.1 200\r\n", HOLLOW),
        under(
            "the wrong content type",
            "content-type: image/png\r\n",
            HARMLESS,
        ),
        under("no content type", "", HARMLESS),
        under(
            "a content type of no sense",
            "content-type: ;;;=\r\n",
            HARMLESS,
        ),
        under(
            "two content types",
            "content-type: text/html\r\ncontent-type: application/json\r\n",
            HARMLESS,
        ),
        under(
            "another charset",
            "content-type: application/json; charset=utf-16\r\n",
            HARMLESS,
        ),
        under("cookies", &cookies, HARMLESS),
        under(
            "a cookie that takes the place of the credential",
            "set-cookie: authorization=Bearer%20evil; path=/; max-age=99999\r\n",
            HARMLESS,
        ),
        under(
            "a challenge under 200",
            "www-authenticate: Basic realm=\"<<other host>>\"\r\n",
            HARMLESS,
        ),
        under("a wait under 200", "retry-after: 99999\r\n", HARMLESS),
        under(
            "the connection is said to end, and goes on",
            "connection: close\r\n",
            HARMLESS,
        ),
        under(
            "headers of the connection",
            "connection: authorization, x\r\nkeep-alive: timeout=-1, max=0\r\n",
            HARMLESS,
        ),
        wait("a negative wait", limit, "-1", LIMITED),
        wait(
            "a wait of 10^12 seconds",
            limit,
            "1000000000000",
            LIMITED_LONG,
        ),
        wait(
            "a wait beyond 64 bits",
            limit,
            "99999999999999999999999",
            LIMITED,
        ),
        wait(
            "a wait until a date in the past",
            limit,
            "Sun, 06 Nov 1994 08:49:37 GMT",
            LIMITED,
        ),
        wait(
            "a wait until a date in the far future",
            limit,
            "Fri, 31 Dec 9999 23:59:59 GMT",
            LIMITED_LONG,
        ),
        wait(
            "a wait until a date that does not exist",
            limit,
            "Thu, 32 Feb 2026 25:61:61 GMT",
            LIMITED,
        ),
        wait("a wait in words", limit, "soon", LIMITED),
        wait("a wait of a fraction", busy, "0.5", GATEWAY),
        wait("a wait of zero", busy, "0", GATEWAY),
        wait(
            "a wait of 10^12 seconds under 503",
            busy,
            "1000000000000",
            FAILED,
        ),
        Case::play(
            "two waits",
            [answer(
                limit,
                "retry-after: 1\r\nretry-after: 1000000000000\r\n",
                "{}",
            )],
            LIMITED,
        ),
    ]
}
