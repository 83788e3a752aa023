//! Addresses, paths and links that lead away: nothing leaves for them.

use crate::case::{Case, Want};

use super::call;

/// Nothing is sent, and nothing can be: the client is never made.
const NO_CLIENT: Want = call("Config 0");

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::base(
            "plain `http` to a host that is not loopback",
            "http://vendor.example",
            NO_CLIENT,
        ),
        Case::base(
            "plain `http` to a private address",
            "http://10.0.0.1:8080",
            NO_CLIENT,
        ),
        Case::base(
            "plain `http` to what only looks like loopback",
            "http://127.0.0.1.vendor.example",
            NO_CLIENT,
        ),
        Case::base(
            "plain `http` to every address",
            "http://0.0.0.0:8080",
            NO_CLIENT,
        ),
        Case::base(
            "a name in the address",
            "https://canary-name-in-address@vendor.example",
            NO_CLIENT,
        ),
        Case::base(
            "name and password in the address",
            "https://user:canary-pass-in-address@vendor.example",
            NO_CLIENT,
        ),
        Case::base(
            "an address before an at sign",
            "http://127.0.0.1@<<other authority>>",
            NO_CLIENT,
        ),
        Case::base(
            "a path in the address",
            "https://vendor.example/path",
            NO_CLIENT,
        ),
        Case::base(
            "a query in the address",
            "https://vendor.example/?a=b",
            NO_CLIENT,
        ),
        Case::base(
            "a fragment in the address",
            "https://vendor.example/#a",
            NO_CLIENT,
        ),
        Case::base(
            "an address with another scheme",
            "ftp://vendor.example",
            NO_CLIENT,
        ),
        Case::base(
            "a line break in the address",
            "https://vendor.exa\r\nmple/x",
            NO_CLIENT,
        ),
        Case::path(
            "a call to another host",
            "<<other host>>/v4/things",
            call("Blocked 0"),
        ),
        Case::path(
            "a call to another port",
            "<<other port>>/v4/things",
            call("Blocked 0"),
        ),
        Case::path(
            "a call to another scheme",
            "https://<<here authority>>/v4/things",
            call("Blocked 0"),
        ),
        Case::path(
            "a call without a scheme",
            "//<<other authority>>/v4/things",
            call("Blocked 0"),
        ),
        Case::path(
            "a call with backslashes",
            "\\\\<<other authority>>/v4/things",
            call("Blocked 0"),
        ),
        Case::path(
            "a call with slash and backslash",
            "/\\<<other authority>>/v4/things",
            call("Blocked 0"),
        ),
        Case::path(
            "a call with user info",
            "http://user:pass@<<here authority>>/v4/things",
            call("Blocked 0"),
        ),
        Case::path(
            "a call before an at sign",
            "http://<<here authority>>@<<other authority>>/",
            call("Blocked 0"),
        ),
        Case::path(
            "a call after an at sign",
            "@<<other authority>>/v4/things",
            call("Invalid 0"),
        ),
        Case::path("a call with dots", "/v4/../../admin", call("Invalid 0")),
        Case::path(
            "a call with escaped dots",
            "/v4/%2e%2E/admin",
            call("Invalid 0"),
        ),
        Case::path(
            "a call with a line break",
            "/v4/x\r\nhost: <<other authority>>",
            call("Invalid 0"),
        ),
        Case::path("a call with a fragment", "/v4/x#y", call("Invalid 0")),
        Case::next(
            "the next page on another host",
            "<<other host>><<path>>",
            call("Blocked 1"),
        ),
        Case::next(
            "the next page on another port",
            "<<other port>><<path>>",
            call("Blocked 1"),
        ),
        Case::next(
            "the next page without a scheme",
            "//<<other authority>><<path>>",
            call("Blocked 1"),
        ),
        Case::next(
            "the next page with backslashes",
            "/\\\\<<other authority>>/x",
            call("Blocked 1"),
        ),
        Case::next(
            "the next page by another scheme",
            "https://<<here authority>><<path>>",
            call("Blocked 1"),
        ),
        Case::next(
            "the next page by plain `http` elsewhere",
            "http://vendor.example/x",
            call("Blocked 1"),
        ),
        Case::next(
            "the next page with user info",
            "http://user:pass@<<here authority>><<path>>",
            call("Blocked 1"),
        ),
        Case::next(
            "the next page with an at sign",
            "http://<<here authority>>@<<other authority>>/",
            call("Blocked 1"),
        ),
        Case::next(
            "the next page is the same",
            "<<here>><<path>>",
            call("Decode 2"),
        ),
        Case::next(
            "the next page by a relative path",
            "../elsewhere",
            call("Decode 2"),
        ),
        Case::next(
            "the next page with a line break",
            "/v4/x\\r\\nhost: <<other authority>>",
            call("Decode 2"),
        ),
        Case::next(
            "the next page is a script",
            "javascript:alert(1)",
            call("Blocked 1"),
        ),
    ]
}
