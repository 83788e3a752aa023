//! Times in the forms that providers send, kept as text.

use std::fmt;

use chrono::format::ParseResult;
use chrono::{
    DateTime, Datelike as _, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, SubsecRound as _,
    Utc,
};
use serde_json::Value;

use super::json::{Extent, FromJson, ToJson};
use super::place::{Misfit, Place};
use super::tree::{Json, Node};

/// Text with a zone. The empty form is RFC 3339's, where letters may be small.
const ZONED: [&str; 5] = [
    "",
    "%Y-%m-%dT%H:%M:%S%.f%#z",
    "%Y-%m-%d %H:%M:%S%.f%#z",
    "%Y-%m-%dT%H:%M%#z",
    "%Y-%m-%d %H:%M%#z",
];
/// Text with date and time, but no zone. The last one is month first.
const LOCAL: [&str; 5] = [
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M",
    "%m/%d/%Y %H:%M:%S",
];
/// A date alone. The last one is day first.
const DATE: [&str; 3] = ["%Y-%m-%d", "%Y/%m/%d", "%d/%m/%Y"];
/// A time of day alone.
const CLOCK: [&str; 2] = ["%H:%M:%S%.f", "%H:%M"];

/// A point in time, a date or a time of day, kept as the text that came; two are equal if their texts are.
///
/// | text | [`utc`](Self::utc) | [`naive`](Self::naive) | [`date`](Self::date) | [`time_of_day`](Self::time_of_day) |
/// |---|---|---|---|---|
/// | `2026-11-22T16:24:12.1234567Z`, `2026-11-22 16:24:12+08:00` | yes | yes | yes | yes |
/// | `/Date(1584415749307)/`, `/Date(1584415749307+0800)/` | yes | yes | yes | yes |
/// | `2026-11-22T16:24:12`, `2026-11-22 16:24:12.0000000` | no zone | yes | yes | yes |
/// | `11/22/2026  16:24:12` (month first, as a store's clock shows it) | no zone | yes | yes | yes |
/// | `2026-11-22`, `2026/11/22`, `22/11/2026` (day first) | | | yes | |
/// | `00:00:02.3423523` | | | | yes |
/// | anything else | | | | |
///
/// No text is refused: what can't be read is kept.
///
/// # Examples
/// ```
/// use auth_core::model::{Time, ToJson};
///
/// let time = Time::from("/Date(1584415749307+0800)/");
/// assert_eq!(time.utc().map(|time| time.to_rfc3339()).as_deref(), Some("2020-03-17T03:29:09.307+00:00"));
/// assert_eq!(time.naive().map(|time| time.to_string()).as_deref(), Some("2020-03-17 11:29:09.307"));
/// assert_eq!(time.to_json(), "/Date(1584415749307+0800)/");
///
/// // A provider that says its times are UTC and leaves the zone out.
/// let time = Time::from("2026-11-22T16:24:12");
/// assert_eq!(time.utc(), None);
/// let utc = time.naive().map(|time| time.and_utc());
/// assert_eq!(utc.map(Time::from), Some(Time::from("2026-11-22T16:24:12Z")));
///
/// assert_eq!(Time::from("soon").date(), None);
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Time(String);

impl Time {
    /// The text as it came.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The instant; `None` where the text has no zone.
    pub fn utc(&self) -> Option<DateTime<Utc>> {
        self.zoned().map(|time| time.to_utc())
    }

    /// The date and time of day as they are written, whatever the zone; those of `/Date(…)/` are in its own zone, or
    /// in UTC.
    pub fn naive(&self) -> Option<NaiveDateTime> {
        let zoned = self.zoned().map(|time| time.naive_local());
        zoned.or_else(|| self.read(&LOCAL, NaiveDateTime::parse_from_str))
    }

    /// The date as it is written, whatever the zone.
    pub fn date(&self) -> Option<NaiveDate> {
        let date = self.naive().map(|time| time.date());
        date.or_else(|| self.read(&DATE, NaiveDate::parse_from_str))
    }

    /// The time of day as it is written, whatever the zone.
    pub fn time_of_day(&self) -> Option<NaiveTime> {
        let time = self.naive().map(|time| time.time());
        time.or_else(|| self.read(&CLOCK, NaiveTime::parse_from_str))
    }

    fn zoned(&self) -> Option<DateTime<FixedOffset>> {
        match self.0.trim().strip_prefix("/Date(") {
            Some(inner) => milliseconds(inner.strip_suffix(")/")?),
            None => self.read(&ZONED, |text, form| match form {
                "" => DateTime::parse_from_rfc3339(text),
                form => DateTime::parse_from_str(text, form),
            }),
        }
    }

    /// The text in the first of the forms that it has.
    fn read<T>(&self, forms: &[&str], parse: fn(&str, &str) -> ParseResult<T>) -> Option<T> {
        let text = self.0.trim();
        forms.iter().find_map(|form| parse(text, form).ok())
    }
}

/// Milliseconds since 1970 in UTC, and perhaps the zone of the clock that wrote them: `1584415749307+0800`.
fn milliseconds(text: &str) -> Option<DateTime<FixedOffset>> {
    let sign = text.get(1..)?.find(['+', '-']).map(|at| at + 1);
    let (number, zone) = text.split_at(sign.unwrap_or(text.len()));
    let time = DateTime::from_timestamp_millis(number.parse().ok()?)?;
    // In years beyond, the clock of a zone can be out of chrono's range.
    let time = Some(time).filter(|time| (0..=9999).contains(&time.year()))?;
    if zone.is_empty() {
        return Some(time.fixed_offset());
    }
    let (sign, digits) = zone.split_at(1);
    let digits: i32 = (digits.len() == 4).then(|| digits.parse().ok())??;
    let seconds = (digits / 100 * 60 + digits % 100) * 60;
    let zone = match sign {
        "-" => FixedOffset::west_opt(seconds),
        _ => FixedOffset::east_opt(seconds),
    };
    Some(time.with_timezone(&zone?))
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Written with `Z`, and with a fraction of at most 7 digits where there is one: more is refused by some servers.
impl From<DateTime<Utc>> for Time {
    fn from(time: DateTime<Utc>) -> Self {
        let text = time
            .trunc_subsecs(7)
            .naive_utc()
            .format("%Y-%m-%dT%H:%M:%S%.f");
        Self(format!("{}Z", without_zeros(&text.to_string())))
    }
}

/// Written without a zone.
impl From<NaiveDateTime> for Time {
    fn from(time: NaiveDateTime) -> Self {
        let text = time.trunc_subsecs(7).format("%Y-%m-%dT%H:%M:%S%.f");
        Self(without_zeros(&text.to_string()).to_owned())
    }
}

/// The text of a time without the zeros at the end of its fraction.
fn without_zeros(text: &str) -> &str {
    match text.contains('.') {
        true => text.trim_end_matches('0'),
        false => text,
    }
}

impl From<NaiveDate> for Time {
    fn from(date: NaiveDate) -> Self {
        Self(date.format("%Y-%m-%d").to_string())
    }
}

impl From<&str> for Time {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Time {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl FromJson for Time {
    fn read(value: Json<'_>, place: &Place<'_>) -> Result<Self, Misfit> {
        match value.0 {
            Node::Text(text) => Ok(Self(text.into_owned())),
            _ => Err(place.misfit("expected a time as text")),
        }
    }
}

impl ToJson for Time {
    fn encode(&self, _: Extent) -> Value {
        Value::String(self.0.clone())
    }
}
