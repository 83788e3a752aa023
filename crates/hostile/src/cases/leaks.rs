//! Answers that repeat the credentials which they were sent, in every disguise: nobody is told them.

use crate::case::{Case, Want, answer};

use super::{
    BAD_REQUEST, BLOCKED, FAILED, FORBIDDEN, GATEWAY, HOLLOW, KEYS, LIMITED, UNAUTHORIZED,
    UNREADABLE,
};

const JSON: &str = "content-type: application/json\r\n";

/// A refusal with this body.
fn refusal(name: &'static str, body: &str) -> Case {
    Case::play(name, [answer("400 Bad Request", JSON, body)], BAD_REQUEST)
}

/// An answer with these headers.
fn header(name: &'static str, status: &'static str, headers: &str, want: Want) -> Case {
    Case::play(name, [answer(status, headers, "{}")], want)
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        refusal(
            "a message in plain text",
            "{\"error\":\"<<json>>\",\"error_description\":\"you sent <<json>>\",\"message\":\"<<json>>\",\"code\":\"<<json>>\"}",
        ),
        refusal("a body in plain text", "you sent <<plain>>"),
        refusal("percent-encoded", "{\"message\":\"<<percent>>\"}"),
        refusal(
            "percent-encoded twice",
            "{\"message\":\"<<percent twice>>\"}",
        ),
        refusal("in Base64", "{\"message\":\"<<base64>>\"}"),
        refusal(
            "in Base64 behind other letters",
            "{\"message\":\"x<<base64>>\",\"error\":\"Bearer <<base64>>\"}",
        ),
        refusal("in hexadecimal", "{\"message\":\"<<hex>>\"}"),
        refusal("in hexadecimal, upper case", "{\"message\":\"<<HEX>>\"}"),
        refusal("escaped for JSON in a text", "[\"<<json>>\"]"),
        refusal(
            "escaped for JSON by PHP",
            "{\"message\":\"<<ascii json>>\"}",
        ),
        refusal(
            "escaped for JSON by PHP, in a body that is none",
            "oops: <<ascii json>>",
        ),
        refusal("escaped for HTML", "<html><pre><<html>></pre></html>"),
        refusal(
            "JSON within JSON",
            "{\"message\":\"{\\\"sent\\\":\\\"<<percent>>\\\"}\"}",
        ),
        refusal(
            "a nested error",
            "{\"error\":{\"code\":\"<<json>>\",\"message\":\"<<json>>\",\"request_id\":\"<<json>>\"}}",
        ),
        refusal(
            "a list of errors",
            "{\"errors\":[{\"message\":\"<<json>>\"}]}",
        ),
        refusal(
            "names of members",
            "{\"<<json>>\":\"<<json>>\",\"error\":{\"<<json>>\":1}}",
        ),
        Case::play(
            "under 401",
            [answer(
                "401 Unauthorized",
                JSON,
                "{\"message\":\"<<json>>\"}",
            )],
            UNAUTHORIZED,
        )
        .but(KEYS),
        Case::play(
            "under 403",
            [answer("403 Forbidden", JSON, "{\"message\":\"<<json>>\"}")],
            FORBIDDEN,
        ),
        Case::play(
            "under 429",
            [answer(
                "429 Too Many Requests",
                JSON,
                "{\"message\":\"<<json>>\"}",
            )],
            LIMITED,
        ),
        Case::play(
            "under 500",
            [answer("500 Oops", "", "Stack trace: <<plain>>")],
            FAILED,
        ),
        Case::play(
            "under 502",
            [answer("502 Bad Gateway", "", "<html><<html>></html>")],
            GATEWAY,
        ),
        Case::play(
            "under 302",
            [answer(
                "302 Found",
                "location: /?x=<<percent>>\r\n",
                "<<plain>>",
            )],
            BLOCKED,
        ),
        Case::play(
            "under 200",
            [answer("200 OK", JSON, "<<plain>>")],
            UNREADABLE,
        ),
        Case::play(
            "as a value of the wrong type",
            [answer(
                "200 OK",
                JSON,
                "{\"access_token\":{\"<<json>>\":\"<<json>>\"},\"expires_in\":[\"<<json>>\"]}",
            )],
            HOLLOW,
        ),
        Case::play(
            "as the token's type",
            [answer(
                "200 OK",
                JSON,
                "{\"access_token\":\"<<access>>\",\"token_type\":\"<<json>>\"}",
            )],
            HOLLOW,
        ),
        header(
            "in the request's id",
            "400 Bad Request",
            "x-request-id: <<line>>\r\n",
            BAD_REQUEST,
        ),
        header(
            "in the request's id, percent-encoded",
            "400 Bad Request",
            "x-correlation-id: <<percent>>\r\n",
            BAD_REQUEST,
        ),
        header(
            "in a challenge",
            "401 Unauthorized",
            "www-authenticate: Bearer error=\"<<line>>\"\r\n",
            UNAUTHORIZED,
        )
        .but(KEYS),
        header(
            "in a cookie",
            "400 Bad Request",
            "set-cookie: sent=<<line>>\r\n",
            BAD_REQUEST,
        ),
        header(
            "in a wait",
            "429 Too Many Requests",
            "retry-after: <<line>>\r\n",
            LIMITED,
        ),
        header(
            "in a content type",
            "200 OK",
            "content-type: <<line>>\r\n",
            HOLLOW,
        ),
        header("in a reason", "400 <<line>>", "", BAD_REQUEST),
    ]
}
