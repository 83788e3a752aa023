//! Reads an answer's `Date` and says how far the machine's clock is off. Counts in seconds, for a date of a hostile server
//! can lie beyond every `SystemTime`.

use std::time::{Duration, SystemTime};

use http::header::{AGE, DATE};
use http::{HeaderMap, StatusCode};

use crate::fault::{http_date, unix_seconds};

/// Rounds a time up to a whole second.
const ALMOST_A_SECOND: Duration = Duration::from_nanos(999_999_999);

/// What the host answered, and when by the machine's clock.
pub(crate) struct HostAnswer {
    pub(crate) status: StatusCode,
    pub(crate) sent: SystemTime,
    pub(crate) received: SystemTime,
    pub(crate) date: HostDate,
}

/// The `Date` of an answer (RFC 9110 section 6.6.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum HostDate {
    /// Seconds since 1970.
    At(i64),
    Missing,
    Unreadable,
}

impl HostDate {
    /// The time of the host at its answer; one that a cache gave is as much older as its `Age` says (RFC 9111 section 5.1).
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let Some(date) = headers.get(DATE) else {
            return Self::Missing;
        };
        let age = headers.get(AGE).and_then(|age| age.to_str().ok());
        let age: u64 = age.and_then(|age| age.trim().parse().ok()).unwrap_or(0);
        let date = date.to_str().ok().and_then(http_date);
        let now = date.and_then(|date| date.checked_add_unsigned(age));
        now.map_or(Self::Unreadable, Self::At)
    }
}

impl HostAnswer {
    /// How many seconds the machine's clock is ahead, at least; negative where it is behind.
    pub(crate) fn clock_skew_seconds(&self) -> Option<i64> {
        let HostDate::At(date) = self.date else {
            return None;
        };
        // The host looked at its clock at some time between these, and cut off what was over a whole second (RFC 9110
        // section 5.6.7).
        let ahead = unix_seconds(self.sent).saturating_sub(date.saturating_add(1));
        let received = self.received.checked_add(ALMOST_A_SECOND);
        let received = unix_seconds(received.unwrap_or(self.received));
        let behind = date.saturating_sub(received);
        Some(if ahead > 0 { ahead } else { -behind.max(0) })
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    fn at(seconds: f64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs_f64(seconds)
    }

    #[test]
    fn what_the_way_and_the_cut_second_can_account_for_is_no_skew() {
        for (sent, received, skew) in [
            (100.2, 100.4, 0),
            (98.0, 105.0, 0),
            (101.9, 101.9, 0),
            (102.1, 102.2, 1),
            (99.5, 99.6, 0),
            (97.5, 98.5, -1),
            (400.0, 401.0, 299),
            (40.0, 41.0, -59),
        ] {
            let answer = HostAnswer {
                status: StatusCode::OK,
                sent: at(sent),
                received: at(received),
                date: HostDate::At(100),
            };
            assert_eq!(answer.clock_skew_seconds(), Some(skew), "{sent} {received}");
        }
    }

    #[test]
    fn a_date_is_read_with_its_age_and_nothing_else_is_taken_for_one() {
        let of = |pairs: &[(&'static str, &str)]| {
            let pairs = pairs.iter().map(|(name, value)| {
                let value =
                    http::HeaderValue::from_bytes(value.as_bytes()).expect("a header value");
                (http::HeaderName::from_static(name), value)
            });
            HostDate::of(&pairs.collect())
        };
        let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        let seconds = 784_111_777;
        assert_eq!(of(&[]), HostDate::Missing);
        assert_eq!(of(&[date]), HostDate::At(seconds));
        assert_eq!(of(&[date, ("age", "60")]), HostDate::At(seconds + 60));
        assert_eq!(of(&[date, ("age", "old")]), HostDate::At(seconds));
        for text in ["", "now", "784111777", "Mon, 06 Nov 1994 08:49:37 GMT", "é"] {
            assert_eq!(of(&[("date", text)]), HostDate::Unreadable, "{text}");
        }
        let late = ("age", "18446744073709551615");
        assert_eq!(of(&[date, late]), HostDate::Unreadable);
    }

    #[test]
    fn no_date_and_no_clock_is_too_far_away_to_be_compared() {
        for (date, sent, skew) in [
            // Both as far as `Date` reaches, with an `Age` upon it.
            (i64::MAX, at(100.0), 101 - i64::MAX),
            (i64::MIN, at(100.0), i64::MAX),
            (-62_135_596_800, at(100.0), 62_135_596_899),
            (100, UNIX_EPOCH - Duration::from_millis(500), -100),
            (-100, UNIX_EPOCH - Duration::from_millis(500), 98),
        ] {
            let answer = HostAnswer {
                status: StatusCode::OK,
                sent,
                received: sent + Duration::from_millis(500),
                date: HostDate::At(date),
            };
            assert_eq!(answer.clock_skew_seconds(), Some(skew), "{date}");
        }
    }
}
