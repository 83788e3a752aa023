//! Redirects of every kind: none is followed, to wherever it leads.

use crate::case::{Case, answer};

use super::{BLOCKED, HARMLESS};

/// Name, status line, headers.
const REDIRECTS: &[(&str, &str, &str)] = &[
    (
        "301 to another host",
        "301 Moved Permanently",
        "location: <<other host>><<path>>\r\n",
    ),
    (
        "302 to another host",
        "302 Found",
        "location: <<other host>><<path>>\r\n",
    ),
    (
        "303 to another host",
        "303 See Other",
        "location: <<other host>><<path>>\r\n",
    ),
    (
        "307 to another host",
        "307 Temporary Redirect",
        "location: <<other host>><<path>>\r\n",
    ),
    (
        "308 to another host",
        "308 Permanent Redirect",
        "location: <<other host>><<path>>\r\n",
    ),
    (
        "301 to another port",
        "301 Moved Permanently",
        "location: <<other port>><<path>>\r\n",
    ),
    (
        "302 to another port",
        "302 Found",
        "location: <<other port>><<path>>\r\n",
    ),
    (
        "303 to another port",
        "303 See Other",
        "location: <<other port>><<path>>\r\n",
    ),
    (
        "307 to another port",
        "307 Temporary Redirect",
        "location: <<other port>><<path>>\r\n",
    ),
    (
        "308 to another port",
        "308 Permanent Redirect",
        "location: <<other port>><<path>>\r\n",
    ),
    (
        "301 to the same host",
        "301 Moved Permanently",
        "location: <<here>>/elsewhere\r\n",
    ),
    (
        "302 to the same host",
        "302 Found",
        "location: <<here>>/elsewhere\r\n",
    ),
    (
        "303 to the same host",
        "303 See Other",
        "location: <<here>>/elsewhere\r\n",
    ),
    (
        "307 to the same host",
        "307 Temporary Redirect",
        "location: <<here>>/elsewhere\r\n",
    ),
    (
        "308 to the same host",
        "308 Permanent Redirect",
        "location: <<here>>/elsewhere\r\n",
    ),
    (
        "302 to another scheme",
        "302 Found",
        "location: https://<<here authority>>/elsewhere\r\n",
    ),
    (
        "307 to a file",
        "307 Temporary Redirect",
        "location: file:///etc/passwd\r\n",
    ),
    (
        "302 to a script",
        "302 Found",
        "location: javascript:alert(1)\r\n",
    ),
    (
        "307 to a relative path",
        "307 Temporary Redirect",
        "location: elsewhere\r\n",
    ),
    (
        "308 to an absolute path",
        "308 Permanent Redirect",
        "location: /elsewhere\r\n",
    ),
    (
        "307 without a scheme",
        "307 Temporary Redirect",
        "location: //<<other authority>><<path>>\r\n",
    ),
    (
        "302 with backslashes",
        "302 Found",
        "location: \\\\<<other authority>><<path>>\r\n",
    ),
    (
        "307 with user info",
        "307 Temporary Redirect",
        "location: http://<<here authority>>@<<other authority>>/\r\n",
    ),
    (
        "307 in a loop",
        "307 Temporary Redirect",
        "location: <<here>><<path>>\r\n",
    ),
    ("307 without a location", "307 Temporary Redirect", ""),
    (
        "307 with two locations",
        "307 Temporary Redirect",
        "location: /one\r\nlocation: <<other host>><<path>>\r\n",
    ),
    (
        "307 with an empty location",
        "307 Temporary Redirect",
        "location:\r\n",
    ),
    (
        "307 with a location of no sense",
        "307 Temporary Redirect",
        "location: http://[::1\r\n",
    ),
    (
        "307 whose location holds the credentials",
        "307 Temporary Redirect",
        "location: <<other host>>/?x=<<percent>>\r\n",
    ),
    (
        "300 with a choice",
        "300 Multiple Choices",
        "location: <<other host>><<path>>\r\n",
    ),
    (
        "305 to a proxy",
        "305 Use Proxy",
        "location: <<other host>>\r\n",
    ),
    ("306", "306 Switch Proxy", "location: <<other host>>\r\n"),
];

pub(super) fn cases() -> Vec<Case> {
    let body = "<a href=\"<<other host>>\">moved</a>";
    let mut cases: Vec<Case> = REDIRECTS
        .iter()
        .map(|(name, status, headers)| Case::play(name, [answer(status, headers, body)], BLOCKED))
        .collect();
    cases.extend([
        Case::play(
            "a refresh header under 200",
            [answer(
                "200 OK",
                "refresh: 0; url=<<other host>><<path>>\r\n",
                "<<token>>",
            )],
            HARMLESS,
        ),
        Case::play(
            "a location under 200",
            [answer("200 OK", "location: <<other host>>\r\n", "<<token>>")],
            HARMLESS,
        ),
        Case::play(
            "a location under 201",
            [answer("201 Created", "location: <<other host>>\r\n", "<<token>>")],
            HARMLESS,
        ),
        Case::play(
            "links and alternative services elsewhere",
            [answer(
                "200 OK",
                "link: <<<other host>>>; rel=next\r\nalt-svc: h2=\"<<other authority>>\"; ma=9999\r\n\
                 content-location: <<other host>>\r\n",
                "<<token>>",
            )],
            HARMLESS,
        ),
    ]);
    cases
}
