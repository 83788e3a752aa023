//! Puts times and failures into the words of a report.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, SecondsFormat};

use crate::error::{Error, one_line};

/// The units that a time is told in, each with its seconds.
const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];

/// A time in its two largest units, such as `11 h 59 min`; what is below a second is milliseconds.
pub(super) struct Span(pub(super) Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let Some(largest) = UNITS.iter().position(|(size, _)| seconds >= *size) else {
            return write!(f, "{} ms", self.0.as_millis());
        };
        let (size, unit) = UNITS[largest];
        write!(f, "{} {unit}", seconds / size)?;
        let Some((smaller, unit)) = UNITS.get(largest + 1) else {
            return Ok(());
        };
        match seconds % size / smaller {
            0 => Ok(()),
            rest => write!(f, " {rest} {unit}"),
        }
    }
}

/// A moment in UTC, to the second. A clock can be so wrong that its time has no date.
pub(super) struct Moment(pub(super) SystemTime);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self.0.duration_since(UNIX_EPOCH).ok();
        let seconds = since.and_then(|since| i64::try_from(since.as_secs()).ok());
        match seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0)) {
            Some(date) => f.write_str(&date.to_rfc3339_opts(SecondsFormat::Secs, true)),
            None => f.write_str("a time without a date"),
        }
    }
}

/// A failure: its kind, its words with its causes, and what a provider's support desk asks for. `hide` sees each text whole,
/// before it is cut to a line: half a secret would not be known for one.
pub(super) fn told(error: &Error, hide: impl Fn(&str) -> String) -> String {
    let line = |text: String| one_line(&hide(&text));
    let mut text = format!("{:?}: {}", error.kind(), line(error.to_string()));
    for cause in error.causes() {
        text.push_str(": ");
        text.push_str(&line(cause.to_string()));
    }
    // Status and code stand in the words already.
    if let Some(id) = error.request_id() {
        text.push_str(&format!(" [request {}]", line(id.to_owned())));
    }
    text
}

/// The least length of a word that may be a token.
const TOKEN: usize = 16;

/// A text without what looks like a credential: what stands between the scheme and the host of an address, its query, and
/// long words that have letters and digits. For texts of which nobody knows what they hold.
pub(super) fn without_tokens(text: &str) -> String {
    let is_of_word = |c: char| c.is_alphanumeric() || "+=_-.~%".contains(c);
    let mut told = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_of_this_sort = |c: char| is_of_word(c) == is_of_word(first);
        let end = rest.find(|c| !is_of_this_sort(c)).unwrap_or(rest.len());
        let (run, behind) = rest.split_at(end);
        let may_be_token = run.chars().count() >= TOKEN
            && run.contains(|c: char| c.is_ascii_digit())
            && run.contains(char::is_alphabetic);
        let begins_authority = run.ends_with("://");
        match may_be_token {
            true => told.push_str(HIDDEN),
            false => told.push_str(run),
        }
        rest = behind;
        if begins_authority {
            let address = rest.find(char::is_whitespace).unwrap_or(rest.len());
            let (address, behind) = rest.split_at(address);
            let (place, query) = address
                .split_once('?')
                .map_or((address, ""), |(p, _)| (p, "?"));
            let authority = place.split('/').next().unwrap_or_default();
            match authority.rsplit_once('@') {
                Some((user, _)) => {
                    told.push_str(HIDDEN);
                    told.push_str(&place[user.len()..]);
                }
                None => told.push_str(place),
            }
            if !query.is_empty() {
                told.push('?');
                told.push_str(HIDDEN);
            }
            rest = behind;
        }
    }
    told
}

/// What stands in the place of a secret.
const HIDDEN: &str = "[REDACTED]";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_credential_of_somebody_is_left_out_and_the_rest_stays() {
        for (text, told) in [
            (
                "the disk is full (os error 28)",
                "the disk is full (os error 28)",
            ),
            (
                "row {\"access_token\":\"4c9d0a7be1f24c9d\"} of auth_core_tokens",
                "row {\"access_token\":\"[REDACTED]\"} of auth_core_tokens",
            ),
            (
                "postgres://app:pass@db.example:5432/x?password=other failed",
                "postgres://[REDACTED]@db.example:5432/x?[REDACTED] failed",
            ),
            (
                "redis://cache.example:6379 is away",
                "redis://cache.example:6379 is away",
            ),
            ("eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", "[REDACTED]"),
            ("schön", "schön"),
            ("", ""),
        ] {
            assert_eq!(without_tokens(text), told, "{text}");
        }
    }

    #[test]
    fn a_span_is_told_in_its_two_largest_units() {
        for (seconds, told) in [
            (0.0, "0 ms"),
            (0.85, "850 ms"),
            (1.9, "1 s"),
            (60.0, "1 min"),
            (200.0, "3 min 20 s"),
            (43_199.0, "11 h 59 min"),
            (86_400.0, "1 d"),
            (90_000.0, "1 d 1 h"),
        ] {
            assert_eq!(Span(Duration::from_secs_f64(seconds)).to_string(), told);
        }
        assert!(Span(Duration::MAX).to_string().ends_with(" h"));
    }

    #[test]
    fn a_moment_without_a_date_is_told_all_the_same() {
        assert_eq!(Moment(UNIX_EPOCH).to_string(), "1970-01-01T00:00:00Z");
        let before = UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(Moment(before).to_string(), "a time without a date");
        if let Some(late) = UNIX_EPOCH.checked_add(Duration::from_secs(1 << 62)) {
            assert_eq!(Moment(late).to_string(), "a time without a date");
        }
    }
}
