//! Bodies whose JSON is not what anybody would send.

use crate::case::{Case, Column, Want, answer};
use crate::way::Way;

use super::{
    BAD_REQUEST, FAILED, HARMLESS, HOLLOW, KEYS, LIMITED, TOLD_UNDER_200, UNAUTHORIZED, UNREADABLE,
    but_call,
};

/// What nobody reads in a token answer may be as deep as it likes.
const TOO_DEEP_FOR_CALLS: Want = but_call(HARMLESS, "Decode 1");
/// A word in the message of 403 tells a limit from a missing permission, with Comm100.
const LIMITED_BY_WORD: Want = but_call(LIMITED, "RateLimited 1");
const NO_WORD_FOR_LIMITS: &[(Way, Column, &str)] = &[
    (Way::Communic8Machine, Column::First, "Unauthorized 1"),
    (Way::WebCommander, Column::First, "Unauthorized 1"),
    (Way::WebCommanderRefresh, Column::Store, "Unauthorized 1"),
    (Way::Communic8Static, Column::Call, "Permission 1"),
    (Way::Communic8Machine, Column::Call, "Permission 1"),
    (Way::WebCommander, Column::Call, "Permission 1"),
    (Way::WebCommanderRefresh, Column::Call, "Permission 1"),
];
/// `success: false` is a failure with Communic8, `isSuccess: false` with WebCommander.
const COMMUNIC8_SAYS_NO: &[(Way, Column, &str)] = &[
    (Way::Communic8Machine, Column::First, "Unauthorized 1"),
    (Way::Communic8Static, Column::Call, "Invalid 1"),
    (Way::Communic8Machine, Column::Call, "Invalid 1"),
];
const WEBCOMMANDER_SAYS_NO: &[(Way, Column, &str)] = &[
    (Way::WebCommander, Column::First, "Unauthorized 1"),
    (Way::WebCommanderRefresh, Column::Store, "Unauthorized 2"),
    (Way::WebCommander, Column::Call, "Invalid 1"),
    (Way::WebCommanderRefresh, Column::Call, "Invalid 1"),
];
const BOTH_SAY_NO: &[(Way, Column, &str)] = &[
    (Way::Communic8Machine, Column::First, "Unauthorized 1"),
    (Way::WebCommander, Column::First, "Unauthorized 1"),
    (Way::WebCommanderRefresh, Column::Store, "Unauthorized 2"),
    (Way::Communic8Static, Column::Call, "Invalid 1"),
    (Way::Communic8Machine, Column::Call, "Invalid 1"),
    (Way::WebCommander, Column::Call, "Invalid 1"),
    (Way::WebCommanderRefresh, Column::Call, "Invalid 1"),
];
/// A token that is there counts, whatever stands beside it.
const CALLS_SAY_NO: &[(Way, Column, &str)] = &[
    (Way::Communic8Static, Column::Call, "Invalid 1"),
    (Way::Communic8Machine, Column::Call, "Invalid 1"),
    (Way::WebCommander, Column::Call, "Invalid 1"),
    (Way::WebCommanderRefresh, Column::Call, "Invalid 1"),
];

const JSON: &str = "content-type: application/json\r\n";

/// A body under 200.
fn good(name: &'static str, body: impl Into<Vec<u8>>, want: Want) -> Case {
    Case::play(name, [answer("200 OK", JSON, body)], want)
}

/// A body under 400.
fn bad(name: &'static str, body: impl Into<Vec<u8>>, want: Want) -> Case {
    Case::play(name, [answer("400 Bad Request", JSON, body)], want)
}

/// Something inside something, so many times.
fn nested(open: &str, inside: &str, close: &str, times: usize) -> String {
    format!("{}{inside}{}", open.repeat(times), close.repeat(times))
}

pub(super) fn cases() -> Vec<Case> {
    let deep = |times| nested("[", "", "]", times);
    let token_and = |rest: &str| {
        format!(
            "{{\"access_token\":\"<<access>>\",\"token_type\":\"bearer\",\"refresh_token\":\"<<refresh>>\",\"x\":{rest}}}"
        )
    };
    let wide: String = (0..4_000).map(|n| format!("\"k{n}\":0,")).collect();
    vec![
        good("null", "null", HOLLOW),
        good("true", "true", HOLLOW),
        good("a number", "1e999999", UNREADABLE),
        good("a text", "\"<<access>>\"", HOLLOW),
        good("an empty list", "[]", HOLLOW),
        good("a list of tokens", "[<<token>>]", HOLLOW),
        good(
            "the values without their names",
            "[\"<<access>>\",\"bearer\",\"<<refresh>>\",3600]",
            HOLLOW,
        ),
        good("an empty object", "{}", HOLLOW),
        good("a token in a wrapper", "{\"data\":<<token>>}", HOLLOW),
        good("white space alone", " \r\n\t ", UNREADABLE),
        good("rubbish behind the object", "<<token>>x", UNREADABLE),
        good("two objects", "<<token>><<token>>", UNREADABLE),
        good("a comment", "/* x */ <<token>>", UNREADABLE),
        good(
            "a trailing comma",
            "{\"access_token\":\"<<access>>\",}",
            UNREADABLE,
        ),
        good("single quotes", "{'access_token':'<<access>>'}", UNREADABLE),
        good(
            "a form",
            "access_token=<<access>>&token_type=bearer&expires_in=3600",
            UNREADABLE,
        ),
        good(
            "XML with an entity",
            "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY y SYSTEM \"<<other host>>\">]><x>&y;</x>",
            UNREADABLE,
        ),
        good("a script", ")]}',\n<<token>>", UNREADABLE),
        good("lists 20,000 deep", deep(20_000), UNREADABLE),
        good(
            "objects 20,000 deep",
            nested("{\"a\":", "1", "}", 20_000),
            UNREADABLE,
        ),
        good("lists that never end", "[".repeat(100_000), UNREADABLE),
        good(
            "a token beside lists 20,000 deep",
            token_and(&deep(20_000)),
            TOO_DEEP_FOR_CALLS,
        ),
        good(
            "a token beside lists 100 deep",
            token_and(&deep(100)),
            HARMLESS,
        ),
        good("4,000 members", format!("{{{wide}\"z\":0}}"), HOLLOW),
        good(
            "a number of 100,000 digits",
            token_and(&"7".repeat(100_000)),
            UNREADABLE,
        ),
        good(
            "a text of 100,000 letters",
            token_and(&format!("\"{}\"", "x".repeat(100_000))),
            HARMLESS,
        ),
        good(
            "a failure under 200",
            "{\"error\":\"invalid_grant\",\"error_description\":\"no\"}",
            TOLD_UNDER_200,
        ),
        good(
            "a list of failures under 200",
            "{\"errors\":[{\"message\":\"no\"}]}",
            TOLD_UNDER_200,
        ),
        good(
            "`success: false` under 200",
            "{\"success\":false,\"message\":\"no\"}",
            HOLLOW,
        )
        .but(COMMUNIC8_SAYS_NO),
        good(
            "`isSuccess: false` under 200",
            "{\"isSuccess\":false,\"message\":\"no\"}",
            HOLLOW,
        )
        .but(WEBCOMMANDER_SAYS_NO),
        good(
            "`success: false` beside a token",
            "{\"success\":false,\"isSuccess\":false,\"access_token\":\"<<access>>\",\"token_type\":\"bearer\",\"refresh_token\":\"<<refresh>>\"}",
            HARMLESS,
        )
        .but(CALLS_SAY_NO),
        good(
            "`success` twice",
            "{\"success\":true,\"success\":false,\"isSuccess\":true,\"isSuccess\":false}",
            HOLLOW,
        )
        .but(BOTH_SAY_NO),
        bad("lists 20,000 deep under 400", deep(20_000), BAD_REQUEST),
        bad(
            "an error that is a list",
            "{\"error\":[1,2],\"message\":{\"a\":[]}}",
            BAD_REQUEST,
        ),
        bad(
            "an error that is a number",
            "{\"error\":-1e400,\"code\":18446744073709551616}",
            BAD_REQUEST,
        ),
        bad(
            "an error that is null",
            "{\"error\":null,\"errors\":null,\"message\":null}",
            BAD_REQUEST,
        ),
        bad(
            "an error within an error",
            "{\"error\":{\"error\":{\"error\":{\"code\":{}}}}}",
            BAD_REQUEST,
        ),
        bad(
            "an error of control characters",
            "{\"error\":\"a\\u0000b\\r\\nc\\u001b[31m\",\"error_description\":\"x\\r\\ny\\u202e\"}",
            BAD_REQUEST,
        ),
        bad(
            "a message of 60,000 letters",
            format!("{{\"message\":\"{}\"}}", "m".repeat(60_000)),
            BAD_REQUEST,
        ),
        bad(
            "an error twice",
            "{\"error\":\"a\",\"error\":\"b\"}",
            BAD_REQUEST,
        ),
        bad("a token under 400", "<<token>>", BAD_REQUEST),
        bad(
            "a request id with line breaks",
            "{\"error\":{\"request_id\":\"a\\r\\nb: c\"}}",
            BAD_REQUEST,
        ),
        Case::play(
            "a token under 500",
            [answer("500 Oops", JSON, "<<token>>")],
            FAILED,
        ),
        Case::play(
            "a token under 401",
            [answer("401 Unauthorized", JSON, "<<token>>")],
            UNAUTHORIZED,
        )
        .but(KEYS),
        Case::play(
            "403 that speaks of a limit",
            [answer(
                "403 Forbidden",
                JSON,
                "{\"message\":\"daily LIMIT\"}",
            )],
            LIMITED_BY_WORD,
        )
        .but(NO_WORD_FOR_LIMITS),
    ]
}
