//! Statuses that nobody expects, with bodies that do not belong to them.

use crate::case::{Case, Step, Want, answer, text};

use super::{
    BAD_REQUEST, BLOCKED, BROKEN, FAILED, FORBIDDEN, GATEWAY, HARMLESS, HOLLOW, INVALID, KEYS,
    LATE, LIMITED, TIMED_OUT, UNAUTHORIZED, UNKNOWN, UNREADABLE, but_call, denied,
};

const HTML: &str = "<!doctype html><html><title>Sorry</title><body>We are <b>down</b>: {\"access_token\":\"x\"}</body></html>";

/// A status with a body of JSON that says nothing.
fn status(name: &'static str, status: &'static str, want: Want) -> Case {
    Case::play(
        name,
        [answer(status, "content-type: application/json\r\n", "{}")],
        want,
    )
}

/// An empty body.
fn empty(name: &'static str, status: &'static str, want: Want) -> Case {
    Case::play(name, [answer(status, "", "")], want)
}

/// A page for people.
fn html(name: &'static str, status: &'static str, want: Want) -> Case {
    Case::play(
        name,
        [answer(status, "content-type: text/html\r\n", HTML)],
        want,
    )
}

/// An answer that has no body by HTTP's rules, and one all the same.
fn bodiless(name: &'static str, status: &str, want: Want) -> Case {
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: 7\r\n\r\n{{\"a\":1}}");
    Case::play(name, [Step::Text(head)], want)
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::play(
            "1,000 times 100",
            [
                Step::Pour(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec(), 1000),
                answer("200 OK", "", "<<token>>"),
            ],
            HARMLESS,
        ),
        Case::play(
            "103 with hints, 1,000 times",
            [
                Step::Pour(
                    b"HTTP/1.1 103 Early Hints\r\nlink: <<other host>>; rel=preload\r\n\r\n"
                        .to_vec(),
                    1000,
                ),
                answer("200 OK", "", "<<token>>"),
            ],
            HARMLESS,
        ),
        Case::play(
            "100 that drips without an end",
            [Step::Drip("HTTP/1.1 100 Continue\r\n\r\n".repeat(100))],
            LATE,
        )
        .slow(),
        status("a status below 200 as the last one", "199 Odd", BROKEN),
        status("202", "202 Accepted", HOLLOW),
        status("203", "203 Non-Authoritative Information", HOLLOW),
        status("207", "207 Multi-Status", HOLLOW),
        status("299", "299 Odd", HOLLOW),
        bodiless("204 with a body", "204 No Content", HOLLOW),
        bodiless("205 with a body", "205 Reset Content", HOLLOW),
        bodiless("304 with a body", "304 Not Modified", but_call(BLOCKED, "ok 1")),
        status("206", "206 Partial Content", HOLLOW),
        empty("an empty body under 200", "200 OK", HOLLOW),
        empty("an empty body under 201", "201 Created", HOLLOW),
        empty("an empty body under 302", "302 Found", BLOCKED),
        empty("an empty body under 400", "400 Bad Request", BAD_REQUEST),
        empty(
            "an empty body under 401",
            "401 Unauthorized",
            UNAUTHORIZED,
        ).but(KEYS),
        empty(
            "an empty body under 403",
            "403 Forbidden",
            FORBIDDEN,
        ),
        empty(
            "an empty body under 404",
            "404 Not Found",
            UNKNOWN,
        ),
        empty(
            "an empty body under 408",
            "408 Request Timeout",
            TIMED_OUT,
        ),
        empty("an empty body under 409", "409 Conflict", INVALID),
        empty("an empty body under 410", "410 Gone", UNKNOWN),
        empty(
            "an empty body under 429",
            "429 Too Many Requests",
            LIMITED,
        ),
        empty(
            "an empty body under 500",
            "500 Internal Server Error",
            FAILED,
        ),
        empty(
            "an empty body under 502",
            "502 Bad Gateway",
            GATEWAY,
        ),
        empty(
            "an empty body under 503",
            "503 Service Unavailable",
            GATEWAY,
        ),
        empty(
            "an empty body under 504",
            "504 Gateway Timeout",
            GATEWAY,
        ),
        html("a page under 200", "200 OK", UNREADABLE),
        html("a page under 400", "400 Bad Request", BAD_REQUEST),
        html(
            "a page under 401",
            "401 Unauthorized",
            UNAUTHORIZED,
        ).but(KEYS),
        html("a page under 403", "403 Forbidden", FORBIDDEN),
        html("a page under 500", "500 Internal Server Error", FAILED),
        html("a page under 502", "502 Bad Gateway", GATEWAY),
        status("402", "402 Payment Required", INVALID),
        status("405", "405 Method Not Allowed", INVALID),
        Case::play(
            "407 of a proxy",
            [answer(
                "407 Proxy Authentication Required",
                "proxy-authenticate: Basic realm=\"x\"\r\n",
                "{}",
            )],
            INVALID,
        ),
        status("418", "418 I'm a teapot", INVALID),
        status("421", "421 Misdirected Request", INVALID),
        status("425", "425 Too Early", INVALID),
        status("431", "431 Request Header Fields Too Large", INVALID),
        status("451", "451 Unavailable For Legal Reasons", INVALID),
        status("499", "499 Client Closed Request", INVALID),
        status("501", "501 Not Implemented", FAILED),
        status("505", "505 HTTP Version Not Supported", FAILED),
        html(
            "511 of a hotel",
            "511 Network Authentication Required",
            FAILED,
        ),
        status("599", "599 Odd", FAILED),
        status("600", "600 Odd", FAILED),
        status("999", "999 Request denied", FAILED),
        Case::play(
            "401 with a challenge elsewhere",
            [answer(
                "401 Unauthorized",
                "www-authenticate: Bearer authorization_uri=\"<<other host>>\", resource_metadata=\"<<other host>>\"\r\n",
                "{}",
            )],
            UNAUTHORIZED,
        ).but(KEYS),
        Case::play(
            "401 that wants Basic",
            [answer(
                "401 Unauthorized",
                "www-authenticate: Basic realm=\"x\"\r\nwww-authenticate: Negotiate\r\n",
                "{}",
            )],
            UNAUTHORIZED,
        ).but(KEYS),
        Case::play(
            "401 for want of a scope",
            [answer(
                "401 Unauthorized",
                "www-authenticate: Bearer error=\"insufficient_scope\"\r\n",
                "{}",
            )],
            denied("Permission 1"),
        ),
        Case::play(
            "a refusal and the connection reset",
            [
                text("HTTP/1.1 400 Bad Request\r\ncontent-length: 100\r\n\r\n{"),
                Step::Pause(50),
                Step::Reset,
            ],
            BROKEN,
        ),
    ]
}
