//! Token answers in which one member is wrong.

use crate::case::{Case, Column, Want, answer};
use crate::way::Way;

use super::{HARMLESS, UNREADABLE, token};

const OK: Want = token(HARMLESS);
const BAD: Want = token(UNREADABLE);
/// A person's token that ends without another in its place.
const OK_ONCE: Want = [OK[0], "ok 1; then Reauthorize", OK[2], OK[3], OK[4], ""];
/// WebCommander's answers have no type.
const NEED_NO_TYPE: &[(Way, Column, &str)] = &[
    (Way::WebCommander, Column::First, "ok 1"),
    (Way::WebCommanderRefresh, Column::Store, "ok 1"),
];

/// An answer of these members.
fn members(name: &'static str, members: &str, want: Want) -> Case {
    let body = format!("{{{members}}}");
    Case::play(
        name,
        [answer("200 OK", "content-type: application/json\r\n", body)],
        want,
    )
}

/// A good answer but for the access token, which is this JSON.
fn access(name: &'static str, value: &str, want: Want) -> Case {
    members(
        name,
        &format!(
            "\"access_token\":{value},\"token_type\":\"bearer\",\"expires_in\":3600,\"refresh_token\":\"<<refresh>>\""
        ),
        want,
    )
}

/// A good answer but for the token's type.
fn kind(name: &'static str, value: &str, want: Want) -> Case {
    members(
        name,
        &format!(
            "\"access_token\":\"<<access>>\",\"token_type\":{value},\"expires_in\":3600,\"refresh_token\":\"<<refresh>>\""
        ),
        want,
    )
}

/// A good answer but for the lifetime.
fn lifetime(name: &'static str, value: &str, want: Want) -> Case {
    members(
        name,
        &format!(
            "\"access_token\":\"<<access>>\",\"token_type\":\"bearer\",\"expires_in\":{value},\"refresh_token\":\"<<refresh>>\""
        ),
        want,
    )
}

/// A good answer but for another member.
fn other(name: &'static str, rest: &str, want: Want) -> Case {
    members(
        name,
        &format!(
            "\"access_token\":\"<<access>>\",\"token_type\":\"bearer\",\"expires_in\":3600,{rest}"
        ),
        want,
    )
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        members(
            "no access token",
            "\"token_type\":\"bearer\",\"expires_in\":3600",
            BAD,
        ),
        access("an access token of null", "null", BAD),
        access("an access token that is a number", "7", BAD),
        access("an access token that is true", "true", BAD),
        access("an access token that is a list", "[\"<<access>>\"]", BAD),
        access(
            "an access token that is an object",
            "{\"value\":\"<<access>>\"}",
            BAD,
        ),
        access("an empty access token", "\"\"", BAD),
        access("an access token of spaces", "\"   \"", BAD),
        access("CR and LF in a token", "\"<<access>>\\r\\nx-evil: 1\"", BAD),
        access("LF in a token", "\"<<access>>\\nx\"", BAD),
        access("NUL in a token", "\"<<access>>\\u0000\"", BAD),
        access("a tab in a token", "\"<<access>>\\t\"", BAD),
        access("DEL in a token", "\"<<access>>\\u007f\"", BAD),
        access("a space in a token", "\"<<access>> x\"", BAD),
        access("a letter beyond ASCII in a token", "\"<<access>>é\"", BAD),
        access("an emoji in a token", "\"<<access>>\\ud83d\\ude00\"", BAD),
        access(
            "a half of a surrogate in a token",
            "\"<<access>>\\ud83d\"",
            BAD,
        ),
        access(
            "a token of 50,000 letters",
            &format!("\"<<access>>{}\"", "x".repeat(50_000)),
            OK,
        ),
        access(
            "a comma and a quote in a token",
            "\"<<access>>,\\\"x\\\"\"",
            OK,
        ),
        members(
            "an access token twice",
            "\"access_token\":\"<<access>>\",\"access_token\":\"evil\",\"token_type\":\"bearer\",\"expires_in\":3600",
            BAD,
        ),
        members(
            "an access token twice, once escaped",
            "\"access_token\":\"<<access>>\",\"access\\u005ftoken\":\"evil\",\"token_type\":\"bearer\"",
            BAD,
        ),
        members(
            "another spelling of its name",
            "\"Access_Token\":\"<<access>>\",\"accessToken\":\"<<access>>\",\"token_type\":\"bearer\"",
            BAD,
        ),
        members(
            "no token type",
            "\"access_token\":\"<<access>>\",\"expires_in\":3600",
            BAD,
        )
        .but(NEED_NO_TYPE),
        kind("a token type of null", "null", BAD).but(NEED_NO_TYPE),
        kind("a token type that is a number", "1", BAD),
        kind("a token type that is a list", "[\"bearer\"]", BAD),
        kind("an empty token type", "\"\"", BAD),
        kind("the token type `mac`", "\"mac\"", BAD),
        kind("the token type `DPoP`", "\"DPoP\"", BAD),
        kind("the token type `BEARER`", "\"BEARER\"", OK),
        kind("the token type `bearer` and more", "\"bearer, mac\"", BAD),
        kind("a token type with a line break", "\"bearer\\r\\n\"", BAD),
        kind(
            "a token type of 100,000 letters",
            &format!("\"{}\"", "bearer".repeat(17_000)),
            BAD,
        ),
        members(
            "a token type twice",
            "\"access_token\":\"<<access>>\",\"token_type\":\"mac\",\"token_type\":\"bearer\",\"expires_in\":3600",
            BAD,
        ),
        lifetime("a negative lifetime", "-1", OK),
        lifetime("a hugely negative lifetime", "-99999999999999999999999", OK),
        lifetime("a lifetime of zero", "0", OK),
        lifetime("a lifetime of 2^63", "9223372036854775808", OK),
        lifetime(
            "a lifetime beyond 64 bits",
            "99999999999999999999999999",
            OK,
        ),
        lifetime("a lifetime of 1e308", "1e308", OK),
        lifetime("a lifetime of 1e999", "1e999", BAD),
        lifetime("a lifetime of a fraction", "3599.999", OK),
        lifetime("a lifetime of almost nothing", "1e-300", OK),
        lifetime("a lifetime of NaN", "NaN", BAD),
        lifetime("a lifetime of NaN as text", "\"NaN\"", OK),
        lifetime("a lifetime of infinity as text", "\"-Infinity\"", OK),
        lifetime("a lifetime as text", "\"3600\"", OK),
        lifetime("a lifetime in words", "\"one hour\"", OK),
        lifetime(
            "a lifetime until a date in the past",
            "\"1970-01-01T00:00:00Z\"",
            OK,
        ),
        lifetime(
            "a lifetime until the year 9999",
            "\"9999-12-31T23:59:59Z\"",
            OK,
        ),
        lifetime("a lifetime that is true", "true", BAD),
        lifetime("a lifetime that is a list", "[3600]", BAD),
        lifetime("a lifetime that is an object", "{\"s\":3600}", BAD),
        lifetime("a lifetime of null", "null", OK),
        other("a lifetime twice", "\"expires_in\":1", BAD),
        other("a refresh token of null", "\"refresh_token\":null", OK_ONCE),
        other("an empty refresh token", "\"refresh_token\":\"\"", OK_ONCE),
        other(
            "a refresh token that is a number",
            "\"refresh_token\":7",
            BAD,
        ),
        other(
            "a refresh token that is a list",
            "\"refresh_token\":[\"<<refresh>>\"]",
            BAD,
        ),
        other(
            "a refresh token that is an object",
            "\"refresh_token\":{}",
            BAD,
        ),
        other(
            "a refresh token that is true",
            "\"refresh_token\":true",
            BAD,
        ),
        other(
            "CR and LF in a refresh token",
            "\"refresh_token\":\"<<refresh>>\\r\\nx: y\"",
            OK,
        ),
        other(
            "NUL in a refresh token",
            "\"refresh_token\":\"<<refresh>>\\u0000&grant_type=password\"",
            OK,
        ),
        other(
            "a refresh token twice",
            "\"refresh_token\":\"a\",\"refresh_token\":\"b\"",
            BAD,
        ),
        other("a scope that is a number", "\"scope\":7", OK_ONCE),
        other(
            "a scope that is an object",
            "\"scope\":{\"a\":[1]}",
            OK_ONCE,
        ),
        other(
            "a scope of mixed things",
            "\"scope\":[\"a\",1,null,[]]",
            OK_ONCE,
        ),
        other(
            "a scope of 10,000 words",
            &format!("\"scope\":\"{}\"", "word ".repeat(10_000)),
            OK_ONCE,
        ),
        other("a scope twice", "\"scope\":\"a\",\"scope\":\"b\"", BAD),
        other(
            "an error beside the token",
            "\"error\":\"invalid_grant\"",
            OK_ONCE,
        ),
        other(
            "other hosts beside the token",
            "\"api_domain\":\"<<other host>>\",\"instance_url\":\"<<other host>>\",\"token_endpoint\":\"<<other host>>\"",
            OK_ONCE,
        ),
        other(
            "an ID token of no sense",
            "\"id_token\":{\"alg\":\"none\"}",
            OK_ONCE,
        ),
        other(
            "members of prototypes",
            "\"__proto__\":{\"access_token\":\"evil\"},\"constructor\":null",
            OK_ONCE,
        ),
    ]
}
