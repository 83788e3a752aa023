//! Makes the tokens that a store is tried with, tells two records apart, and finds tokens in a text.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::secret::Secret;
use crate::store::{RefreshMark, StoredTokens};
use crate::token::{Generation, TokenSet};

/// Stands in every token, so that one is known again wherever it is shown.
const CANARY: &str = "canary-of-the-suite";
/// A time with milliseconds, in 2033.
const EXPIRY_MS: u64 = 2_000_000_000_123;
/// The last millisecond of the year 9999.
const LATEST_MS: u64 = 253_402_300_799_999;
/// What no encoding of a text may trip over.
const ODD_SCOPE: &str = "a \"b\" 'c' \\d \0\r\n\t\u{7f}\u{2028}é e\u{301} 🔑 %41 {0} ';--";

/// Tokens with every field; `label` makes them different from all others.
pub(super) fn record(generation: u64, label: &str) -> StoredTokens {
    let tokens = TokenSet {
        access_token: Secret::new(format!("{CANARY}.access.{label}")),
        refresh_token: Some(Secret::new(format!("{CANARY}.refresh.{label}"))),
        expires_at: Some(time(EXPIRY_MS)),
        scope: Some("read write".to_owned()),
    };
    StoredTokens::new(Generation::new(generation), tokens)
}

/// Tokens of which each has `length` bytes or some more.
pub(super) fn long_record(generation: u64, length: usize) -> StoredTokens {
    let mut stored = record(generation, "long");
    let text = |name: &str| {
        let mut text = format!("{CANARY}.{name}");
        for number in 0_u32.. {
            if text.len() >= length {
                break;
            }
            text.push_str(&format!(".{number}"));
        }
        Secret::new(text)
    };
    stored.tokens.access_token = text("access");
    stored.tokens.refresh_token = Some(text("refresh"));
    stored
}

/// Records in the order in which they are saved over each other, each with what is special about it. Their numbers leave
/// gaps.
pub(super) fn variety() -> Vec<(&'static str, StoredTokens)> {
    let visible: String = ('!'..='~').collect();
    type Change = Box<dyn Fn(&mut StoredTokens)>;
    let cases: Vec<(&str, Change)> = vec![
        ("every field", Box::new(|_| {})),
        (
            "the mark `UnderWay`",
            Box::new(|stored| stored.mark = RefreshMark::UnderWay),
        ),
        (
            "the mark `Spent`",
            Box::new(|stored| stored.mark = RefreshMark::Spent),
        ),
        (
            "all visible ASCII characters in both",
            Box::new(move |stored| {
                let text = format!("{CANARY}{visible}");
                stored.tokens.access_token = Secret::new(text.clone());
                stored.tokens.refresh_token = Some(Secret::new(format!("{text} ")));
            }),
        ),
        (
            "no refresh token",
            Box::new(|stored| stored.tokens.refresh_token = None),
        ),
        (
            "no expiry",
            Box::new(|stored| stored.tokens.expires_at = None),
        ),
        (
            "an expiry long ago",
            Box::new(|stored| stored.tokens.expires_at = Some(time(1))),
        ),
        (
            "an expiry in the year 9999",
            Box::new(|stored| stored.tokens.expires_at = Some(time(LATEST_MS))),
        ),
        ("no scope", Box::new(|stored| stored.tokens.scope = None)),
        (
            "an empty scope",
            Box::new(|stored| stored.tokens.scope = Some(String::new())),
        ),
        (
            "a scope of odd text",
            Box::new(|stored| stored.tokens.scope = Some(ODD_SCOPE.to_owned())),
        ),
        (
            "an access token and nothing else",
            Box::new(|stored| {
                stored.tokens.refresh_token = None;
                stored.tokens.expires_at = None;
                stored.tokens.scope = None;
            }),
        ),
        ("every field again", Box::new(|_| {})),
    ];
    let numbered = cases.into_iter().zip((1..).step_by(3));
    let make = |((case, change), number): ((&'static str, Change), u64)| {
        let mut stored = record(number, &number.to_string());
        change(&mut stored);
        (case, stored)
    };
    numbered.map(make).collect()
}

/// What is not in `found` as it was saved; `None` if all of it is.
pub(super) fn difference(saved: &StoredTokens, found: Option<&StoredTokens>) -> Option<String> {
    let Some(found) = found else {
        return Some("nothing".to_owned());
    };
    let mut parts = Vec::new();
    if found.generation != saved.generation {
        let (found, saved) = (found.generation.number(), saved.generation.number());
        parts.push(format!("the number {found} instead of {saved}"));
    }
    if found.mark != saved.mark {
        let (found, saved) = (found.mark, saved.mark);
        parts.push(format!("the mark `{found:?}` instead of `{saved:?}`"));
    }
    let (found, saved) = (&found.tokens, &saved.tokens);
    if found.access_token != saved.access_token {
        let (found, saved) = (&found.access_token, &saved.access_token);
        parts.push(format!(
            "another access token ({} bytes instead of {})",
            found.expose().len(),
            saved.expose().len(),
        ));
    }
    if found.refresh_token != saved.refresh_token {
        let length = |token: &Option<Secret>| {
            let token = token.as_ref();
            token.map_or("none".to_owned(), |token| {
                format!("{} bytes", token.expose().len())
            })
        };
        let (found, saved) = (length(&found.refresh_token), length(&saved.refresh_token));
        parts.push(format!(
            "another refresh token ({found} instead of {saved})"
        ));
    }
    if found.expires_at != saved.expires_at {
        let shown = |at: Option<SystemTime>| match at.map(|at| at.duration_since(UNIX_EPOCH)) {
            None => "none".to_owned(),
            Some(Ok(since)) => format!("{since:?} after 1970"),
            Some(Err(_)) => "a time before 1970".to_owned(),
        };
        let (found, saved) = (shown(found.expires_at), shown(saved.expires_at));
        parts.push(format!("another expiry ({found} instead of {saved})"));
    }
    if found.scope != saved.scope {
        parts.push("another scope".to_owned());
    }
    (!parts.is_empty()).then(|| parts.join(" and "))
}

/// Says whether a text shows a token of the suite, as text or as a list of bytes.
pub(super) fn tells_token(text: &str) -> bool {
    let bytes = format!("{:?}", CANARY.as_bytes());
    text.contains(CANARY) || text.contains(bytes.trim_matches(['[', ']']))
}

fn time(ms: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(ms)
}
