//! Writes and recognizes the texts that have a format: ids, times, Base64 bodies, amounts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::draw::{below, mix, one};
use super::schema::Schema;

/// Texts as people write them, beyond ASCII too.
const WORDS: [&str; 12] = [
    "Harbor",
    "blue lantern",
    "Grüße aus Köln",
    "東京の朝",
    "say \"hello\"",
    "back\\slash",
    "Ωmega & <b>bold</b>",
    "plain",
    "line one\nline two",
    "🙂 smile",
    "100 % sure",
    "O'Hara",
];
/// One letter after the other, to fill what must be long.
const FILLING: &str = "abcdefghijklmnopqrstuvwxyz";

/// A text of the schema's format.
pub(super) fn text(schema: Schema, seed: u64) -> String {
    let number = mix(seed, "text");
    match (schema.text("format"), schema.text("x-time")) {
        ("uuid", _) => format!(
            "{:08x}-0000-4000-8000-{:012x}",
            number >> 32,
            number & 0xffff_ffff
        ),
        (_, "ms_date") => {
            let zone = one(seed, "zone", &["", "", "+0800"]).copied();
            let millis = 1_500_000_000_000 + number % 200_000_000_000;
            format!("/Date({millis}{})/", zone.unwrap_or_default())
        }
        (_, "store_time") => format!("{}T{}", date(seed), clock(seed)),
        ("date", _) | (_, "date_only") => date(seed),
        ("date-time", _) => {
            let zone = one(seed, "zone", &["Z", "Z", "+08:00", "-03:30"]).copied();
            let zone = zone.unwrap_or("Z");
            format!("{}T{}{}{zone}", date(seed), clock(seed), fraction(seed))
        }
        ("time", _) => format!("{}{}", clock(seed), fraction(seed)),
        _ if schema.is_money() => {
            format!("{}.{:02}", number % 10_000, below(seed, "cents", 100))
        }
        _ if !schema.text("x-id").is_empty() => format!("{number:016x}{:08x}", number >> 40),
        _ if schema.text("x-body") == "base64_prefixed" && number.is_multiple_of(2) => {
            let coded = STANDARD.encode(words(schema, seed));
            format!("data:text/plain;base64,{coded}")
        }
        _ => words(schema, seed),
    }
}

fn date(seed: u64) -> String {
    let (year, month, day) = (
        2000 + below(seed, "year", 30),
        1 + below(seed, "month", 12),
        1 + below(seed, "day", 28),
    );
    format!("{year}-{month:02}-{day:02}")
}

fn clock(seed: u64) -> String {
    let (hour, minute, second) = (
        below(seed, "hour", 24),
        below(seed, "minute", 60),
        below(seed, "second", 60),
    );
    format!("{hour:02}:{minute:02}:{second:02}")
}

/// Nothing, or a point and one to seven digits.
fn fraction(seed: u64) -> String {
    let digits = usize::try_from(below(seed, "digits", 8)).unwrap_or(0);
    if digits == 0 {
        return String::new();
    }
    let all = format!("{:07}", below(seed, "fraction", 10_000_000));
    format!(".{}", all.get(..digits).unwrap_or_default())
}

fn words(schema: Schema, seed: u64) -> String {
    let length = |keyword| {
        let given = schema.word(keyword).as_u64();
        given.and_then(|length| usize::try_from(length).ok())
    };
    let word = one(seed, "word", &WORDS).copied().unwrap_or_default();
    let least = length("minLength").unwrap_or(0);
    let missing = least.saturating_sub(word.chars().count());
    let filled = word.chars().chain(FILLING.chars().cycle().take(missing));
    filled
        .take(length("maxLength").unwrap_or(usize::MAX))
        .collect()
}

/// What a text of the schema's format must be, if it is not.
pub(super) fn flaw(schema: Schema, text: &str) -> Option<&'static str> {
    let (right, expected) = match (schema.text("format"), schema.text("x-time")) {
        ("uuid", _) => (is_uuid(text), "a UUID"),
        (_, "ms_date") => (is_ms_date(text), "a time of the form /Date(ms)/"),
        (_, "store_time") => (true, ""),
        ("date", _) | (_, "date_only") => (is_date(text), "a date"),
        ("date-time", _) => (is_date_time(text), "a date and time with a zone"),
        ("time", _) => (is_clock(text), "a time of day"),
        _ => (true, ""),
    };
    (!right).then_some(expected)
}

fn is_uuid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    let hex = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    lengths.eq([8, 4, 4, 4, 12]) && text.bytes().all(hex)
}

fn is_ms_date(text: &str) -> bool {
    let inner = text
        .strip_prefix("/Date(")
        .and_then(|rest| rest.strip_suffix(")/"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    inner.is_some_and(|inner| {
        let inner = inner.strip_prefix('-').unwrap_or(inner);
        match inner.split_once(['+', '-']) {
            Some((millis, zone)) => digits(millis) && zone.len() == 4 && digits(zone),
            None => digits(inner),
        }
    })
}

/// Whether `text` has a digit wherever `shape` has a zero, and the same letter everywhere else.
fn has_shape(text: &str, shape: &str) -> bool {
    let same = |(byte, form): (u8, u8)| match form {
        b'0' => byte.is_ascii_digit(),
        _ => byte == form,
    };
    text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(same)
}

fn within(text: &str, most: u32) -> bool {
    text.parse::<u32>().is_ok_and(|number| number <= most)
}

fn is_date(text: &str) -> bool {
    has_shape(text, "0000-00-00")
        && text.get(5..7).is_some_and(|month| within(month, 12))
        && text.get(8..10).is_some_and(|day| within(day, 31))
}

fn is_clock(text: &str) -> bool {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = fraction.bytes().all(|byte| byte.is_ascii_digit());
    has_shape(clock, "00:00:00")
        && clock
            .split(':')
            .zip([23, 59, 60])
            .all(|(part, most)| within(part, most))
        && digits
        && (1..=9).contains(&fraction.len())
}

fn is_date_time(text: &str) -> bool {
    let Some((date, rest)) = text.split_once(['T', 't']) else {
        return false;
    };
    let clock = match rest.strip_suffix(['Z', 'z']) {
        Some(clock) => Some(clock),
        None => rest
            .rfind(['+', '-'])
            .and_then(|at| rest.split_at_checked(at))
            .filter(|(_, zone)| has_shape(zone, "+00:00") || has_shape(zone, "-00:00"))
            .map(|(clock, _)| clock),
    };
    is_date(date) && clock.is_some_and(is_clock)
}

#[cfg(test)]
mod tests {
    use super::{is_clock, is_date, is_date_time, is_ms_date, is_uuid};

    #[test]
    fn times_are_recognized_and_look_alikes_are_not() {
        for text in [
            "2026-11-22T16:24:12Z",
            "2026-11-22T16:24:12.1234567+08:00",
            "2026-11-22t16:24:12.1-03:30",
        ] {
            assert!(is_date_time(text), "{text}");
        }
        for text in [
            "2026-11-22",
            "2026-11-22T16:24:12",
            "2026-13-22T16:24:12Z",
            "2026-11-22T25:24:12Z",
            "2026-11-22T16:24:12.Z",
            "2026-11-22T16:24:12+0800",
            "é",
            "",
        ] {
            assert!(!is_date_time(text), "{text}");
        }
        assert!(is_date("2026-11-22") && !is_date("22.11.2026") && !is_date("2026-1-22"));
        assert!(is_clock("00:00:02.3423523") && !is_clock("24:00:00") && !is_clock("1:2:3"));
        assert!(is_ms_date("/Date(1584415749307)/") && is_ms_date("/Date(-1+0800)/"));
        assert!(!is_ms_date("/Date()/") && !is_ms_date("Date(1)"));
    }

    #[test]
    fn an_id_is_recognized_by_its_groups() {
        assert!(is_uuid("000000ca-0000-4000-8000-00000000000A"));
        for text in ["", "000000ca", "000000ca-0000-4000-8000-00000000000g"] {
            assert!(!is_uuid(text), "{text}");
        }
    }
}
