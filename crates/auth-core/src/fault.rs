//! Reads a failure out of an answer, whatever shape its body has.
//!
//! Answers: [`read`], [`soft_failure`], [`Members`]. Never: decides what to do about it.
//!
//! Shapes that are understood: RFC 6749 (`error`, `error_description`), flat (`code`, `message`, also
//! `detailsMessage`), nested (`error: {code, message, request_id}`), lists (`errors: [{message}]`), and what is no JSON
//! at all, of which only the status is told.

mod members;

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use chrono::DateTime;
use http::header::RETRY_AFTER;
use http::{HeaderMap, Response};
use serde_json::Value;

use crate::error::Answer;
use crate::secret::Scrubber;

pub(crate) use members::Members;

/// A wait that a provider asks for is believed up to here.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(24 * 3600);
/// How much of an answer's text is decoded, searched for secrets, and told at all. An error keeps far less of it, so that a
/// secret which is cut in two here shows nowhere.
const LOOKED_AT: usize = 64 * 1024;
/// Headers in which providers name a request, the commonest first.
const REQUEST_ID_HEADERS: [&str; 3] = ["x-request-id", "request-id", "x-correlation-id"];

/// Reads code, message, request id and wait from an answer; everything foreign is scrubbed.
pub(crate) fn read(answer: &Response<Bytes>, now: SystemTime, scrubber: &Scrubber) -> Answer {
    let is_short = answer.body().len() <= LOOKED_AT;
    let json: Option<Value> = is_short
        .then(|| serde_json::from_slice(answer.body()).ok())
        .flatten();
    let clean = |text: Option<String>| {
        text.map(|text| scrubber.scrub(&text.chars().take(LOOKED_AT).collect::<String>()))
            .filter(|text| !text.is_empty())
    };
    let body = &answer.body()[..answer.body().len().min(LOOKED_AT)];
    let body = scrubber.scrub(&String::from_utf8_lossy(body));
    let header_id = REQUEST_ID_HEADERS
        .iter()
        .find_map(|name| answer.headers().get(*name)?.to_str().ok());
    let told_id = json
        .as_ref()
        .and_then(|json| text(&json["error"]["request_id"]));
    Answer {
        status: Some(answer.status()),
        code: clean(json.as_ref().and_then(code)),
        message: clean(json.as_ref().and_then(message)),
        request_id: clean(header_id.map(str::to_owned).or(told_id)),
        retry_after: retry_after(answer.headers(), now),
        body: Bytes::from(body),
    }
}

/// Says whether a body under a success status has `member` as `false`.
pub(crate) fn soft_failure(body: &[u8], member: &str) -> bool {
    // Most answers do not hold the word at all, and need no second look; with a backslash, it can be in there as escapes.
    let quoted = format!("\"{member}\"");
    let is_mentioned = body
        .windows(quoted.len())
        .any(|window| window == quoted.as_bytes());
    (is_mentioned || body.contains(&b'\\'))
        && Members::read(body).is_ok_and(|members| members.has_false(member))
}

fn code(json: &Value) -> Option<String> {
    text(&json["error"]["code"])
        .or_else(|| text(&json["code"]))
        .or_else(|| text(&json["error"]))
}

fn message(json: &Value) -> Option<String> {
    let listed = json["errors"]
        .as_array()
        .and_then(|list| text(&list.first()?["message"]));
    text(&json["error_description"])
        .or_else(|| text(&json["error"]["message"]))
        .or_else(|| text(&json["message"]))
        .or_else(|| text(&json["detailsMessage"]))
        .or_else(|| text(&json["error_message"]))
        .or(listed)
}

/// A text or a number, as the provider wrote it.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The wait that `Retry-After` asks for, in seconds or as a date (RFC 9110 section 10.2.3).
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let wait = http_date(value)?.saturating_sub(unix_seconds(now));
            Duration::from_secs(u64::try_from(wait).unwrap_or_default())
        }
    };
    Some(wait.min(LONGEST_RETRY_AFTER))
}

/// A date as HTTP writes it (RFC 9110 section 5.6.7), in seconds since 1970: on some systems a `SystemTime` does not reach as
/// far as a date can.
pub(crate) fn http_date(text: &str) -> Option<i64> {
    let date = DateTime::parse_from_rfc2822(text.trim()).ok()?;
    Some(date.timestamp())
}

/// The whole seconds since 1970, rounded down.
pub(crate) fn unix_seconds(at: SystemTime) -> i64 {
    match at.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        Err(before) => {
            let before = before.duration();
            let whole = i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
            -whole - i64::from(before.subsec_nanos() > 0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(body: &str) -> (Option<String>, Option<String>) {
        let answer = Response::builder()
            .status(400)
            .body(Bytes::copy_from_slice(body.as_bytes()))
            .expect("a response");
        let read = read(&answer, SystemTime::UNIX_EPOCH, &Scrubber::default());
        (read.code, read.message)
    }

    #[test]
    fn every_shape_gives_code_and_message() {
        let both = |code: &str, message: &str| (Some(code.to_owned()), Some(message.to_owned()));
        assert_eq!(
            told(r#"{"error":"invalid_grant","error_description":"no"}"#),
            both("invalid_grant", "no")
        );
        assert_eq!(
            told(r#"{"code":400000,"message":"no"}"#),
            both("400000", "no")
        );
        assert_eq!(
            told(r#"{"error":{"code":"conflict","message":"no"}}"#),
            both("conflict", "no")
        );
        assert_eq!(
            told(r#"{"status":"error","code":409,"message":"no","error":"Conflict"}"#),
            both("409", "no")
        );
        assert_eq!(
            told(r#"{"errors":[{"message":"no"}]}"#),
            (None, Some("no".to_owned()))
        );
        assert_eq!(
            told(r#"{"success":false,"message":"no"}"#),
            (None, Some("no".to_owned()))
        );
        for body in ["", "<html>", "[]", "null", "{}", "{\"error\":[]}", "7"] {
            assert_eq!(told(body), (None, None), "{body}");
        }
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777 - 30);
        for (value, seconds) in [
            ("7", Some(7)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(30)),
            ("Sun, 06 Nov 1983 08:49:37 GMT", Some(0)),
            (
                "01 Jan 40000 00:00:00 GMT",
                Some(LONGEST_RETRY_AFTER.as_secs()),
            ),
            ("99999999999", Some(24 * 3600)),
            ("-1", None),
            ("soon", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, value.parse().expect("a header value"));
            assert_eq!(
                retry_after(&headers, now),
                seconds.map(Duration::from_secs),
                "{value}"
            );
        }
    }

    #[test]
    fn soft_failure_needs_the_member_at_the_top() {
        assert!(soft_failure(br#"{"success":false}"#, "success"));
        assert!(soft_failure(br#"{"success":"false"}"#, "success"));
        assert!(soft_failure(br#"{"succ\u0065ss":false}"#, "success"));
        assert!(!soft_failure(br#"{"success":true}"#, "success"));
        assert!(!soft_failure(br#"{"data":{"success":false}}"#, "success"));
        assert!(!soft_failure(br#"not json "success""#, "success"));
    }
}
