//! Values in the forms in which they come, one table for each type.

use std::collections::BTreeSet;

use auth_core::model::{
    Base64Text, DateTime, Decimal, FromJson, Money, NaiveDate, Place, RawId, Time, ToJson, Value,
};
use serde_json::json;

use super::models::ThingId;

fn read<T: FromJson>(value: &Value) -> Option<T> {
    T::from_json(value.clone(), &Place::root()).ok()
}

#[test]
fn booleans_come_as_numbers_and_texts() {
    for value in [json!(true), json!(1), json!(1.0), json!("1"), json!("True")] {
        assert_eq!(read(&value), Some(true), "{value}");
    }
    for value in [json!(false), json!(0), json!("0"), json!("FALSE")] {
        assert_eq!(read(&value), Some(false), "{value}");
    }
    for value in [json!(2), json!("yes"), json!(""), json!(null), json!([])] {
        assert_eq!(read::<bool>(&value), None, "{value}");
    }
}

#[test]
fn numbers_come_as_texts_and_stay_in_their_range() {
    for (value, number) in [
        (json!(12), Some(12)),
        (json!(12.0), Some(12)),
        (json!("12"), Some(12)),
        (json!(" 12 "), Some(12)),
        (json!("12.0"), Some(12)),
        (json!("1.2e1"), Some(12)),
        (json!(i64::MIN), Some(i64::MIN)),
        (json!("-9223372036854775808"), Some(i64::MIN)),
        (json!(i64::MAX), Some(i64::MAX)),
        (json!(9_223_372_036_854_775_808_u64), None),
        (json!(1e300), None),
        (json!("99999999999999999999999999999999999999999"), None),
        (json!(1.5), None),
        (json!("1,5"), None),
        (json!("inf"), None),
        (json!(""), None),
        (json!(true), None),
    ] {
        assert_eq!(read(&value), number, "{value}");
    }
    assert_eq!(read::<u64>(&json!(u64::MAX)), Some(u64::MAX));
    assert_eq!(read::<u64>(&json!(-1)), None);
    assert_eq!(read::<i32>(&json!(2_147_483_648_i64)), None);
    assert_eq!(read(&json!("1.5")), Some(1.5));
    assert_eq!(read(&json!(5)), Some(5.0));
    assert_eq!(read::<f64>(&json!("NaN")), None);
    assert_eq!(read::<f64>(&json!("1e400")), None);
}

#[test]
fn whole_floats_are_written_as_integers() {
    for (number, written) in [
        (5.0, "5"),
        (-5.0, "-5"),
        (0.1, "0.1"),
        (-0.0, "-0.0"),
        (9_007_199_254_740_992.0, "9007199254740992"),
        (f64::NAN, "null"),
    ] {
        assert_eq!(number.to_json().to_string(), written);
    }
}

#[test]
fn text_may_come_bare() {
    for (value, text) in [
        (json!("a"), "a"),
        (json!(12), "12"),
        (json!(1.5), "1.5"),
        (json!(true), "true"),
    ] {
        assert_eq!(read::<String>(&value).as_deref(), Some(text));
    }
    assert_eq!(read::<String>(&json!({})), None);
}

#[test]
fn ids_keep_their_form_and_are_equal_by_text() {
    for value in [
        json!(12),
        json!("12"),
        json!("012"),
        json!(-1),
        json!(u64::MAX),
        json!("1b4e28ba-2fa1-11d2-883f-0016d3cca427"),
    ] {
        let id: ThingId = read(&value).expect("an id");
        assert_eq!(id.to_json(), value);
        assert_eq!(id, ThingId::from(id.to_string()));
    }
    assert_eq!(read::<ThingId>(&json!(12.0)), Some(ThingId::from(12)));
    assert_ne!(ThingId::from("012"), ThingId::from(12));
    let ids = [9.into(), "10".into(), 10.into(), ThingId::from("9")];
    let ids: Vec<_> = BTreeSet::from(ids).iter().map(ThingId::to_string).collect();
    assert_eq!(ids, ["9", "10"]);
    for value in [json!(null), json!(true), json!(1.5), json!(1e30), json!([])] {
        assert_eq!(read::<ThingId>(&value), None, "{value}");
    }
}

#[test]
fn money_is_exact_and_keeps_its_form() {
    for (value, amount) in [
        (json!("12.50"), "12.50"),
        (json!("-0.01"), "-0.01"),
        (json!("1e3"), "1000"),
        (json!(" 5.00 "), "5.00"),
        (json!(12.5), "12.5"),
        (json!(0.1), "0.1"),
        (json!(1e21), "1000000000000000000000"),
        (json!(i64::MAX), "9223372036854775807"),
        (json!(123_456_789_012.345), "123456789012.345"),
    ] {
        let money: Money = read(&value).expect("money");
        let found = money.amount().map(|amount| amount.to_string());
        assert_eq!(found.as_deref(), Some(amount), "{value}");
        assert_eq!(money.to_json(), value);
    }
    for value in [
        json!(""),
        json!("$5"),
        json!("5,00"),
        json!(1e300),
        json!("NaN"),
    ] {
        let money: Money = read(&value).expect("money");
        assert_eq!(money.amount(), None, "{value}");
        assert_eq!(money.to_json(), value);
    }
    for value in [json!(null), json!(true), json!([])] {
        assert_eq!(read::<Money>(&value), None, "{value}");
    }
    let long: Decimal = "0.1234567890123456789".parse().expect("a decimal");
    assert_eq!(Money::from(long).to_json(), "0.1234567890123456789");
    assert_eq!(Money::from(Decimal::new(500, 2)).to_json(), 5);
}

#[test]
fn times_are_read_in_every_form_and_kept_as_they_came() {
    type Row = (
        &'static str,
        Option<&'static str>,
        Option<&'static str>,
        Option<&'static str>,
    );
    const ROWS: &[Row] = &[
        (
            "2026-11-22T16:24:12Z",
            Some("2026-11-22 16:24:12 UTC"),
            Some("2026-11-22 16:24:12"),
            Some("2026-11-22"),
        ),
        (
            "2026-11-22T16:24:12.1234567Z",
            Some("2026-11-22 16:24:12.123456700 UTC"),
            Some("2026-11-22 16:24:12.123456700"),
            Some("2026-11-22"),
        ),
        (
            "2026-11-22t16:24:12.6z",
            Some("2026-11-22 16:24:12.600 UTC"),
            Some("2026-11-22 16:24:12.600"),
            Some("2026-11-22"),
        ),
        (
            "2026-11-22T00:24:12+08:00",
            Some("2026-11-21 16:24:12 UTC"),
            Some("2026-11-22 00:24:12"),
            Some("2026-11-22"),
        ),
        (
            "2026-11-22 00:24:12-0130",
            Some("2026-11-22 01:54:12 UTC"),
            Some("2026-11-22 00:24:12"),
            Some("2026-11-22"),
        ),
        (
            "2026-11-22T16:24Z",
            Some("2026-11-22 16:24:00 UTC"),
            Some("2026-11-22 16:24:00"),
            Some("2026-11-22"),
        ),
        (
            "/Date(1584415749307)/",
            Some("2020-03-17 03:29:09.307 UTC"),
            Some("2020-03-17 03:29:09.307"),
            Some("2020-03-17"),
        ),
        (
            "/Date(1584415749307+0800)/",
            Some("2020-03-17 03:29:09.307 UTC"),
            Some("2020-03-17 11:29:09.307"),
            Some("2020-03-17"),
        ),
        (
            "/Date(-1-0030)/",
            Some("1969-12-31 23:59:59.999 UTC"),
            Some("1969-12-31 23:29:59.999"),
            Some("1969-12-31"),
        ),
        (
            "2026-11-22T16:24:12",
            None,
            Some("2026-11-22 16:24:12"),
            Some("2026-11-22"),
        ),
        (
            "2022-03-18 01:12:32.0000000",
            None,
            Some("2022-03-18 01:12:32"),
            Some("2022-03-18"),
        ),
        (
            "4/9/2026  16:24:12",
            None,
            Some("2026-04-09 16:24:12"),
            Some("2026-04-09"),
        ),
        ("2026-11-22", None, None, Some("2026-11-22")),
        ("2026/11/22", None, None, Some("2026-11-22")),
        ("04/09/2026", None, None, Some("2026-09-04")),
        ("00:00:02.3423523", None, None, None),
        ("", None, None, None),
        ("soon", None, None, None),
        ("2026-13-01", None, None, None),
        ("/Date(soon)/", None, None, None),
        ("/Date(1584415749307+08:00)/", None, None, None),
        ("/Date(9223372036854775807)/", None, None, None),
    ];
    for (text, utc, naive, date) in ROWS {
        let time: Time = read(&json!(text)).expect("text is never refused");
        assert_eq!(
            time.utc().map(|time| time.to_string()).as_deref(),
            *utc,
            "{text}"
        );
        assert_eq!(
            time.naive().map(|time| time.to_string()).as_deref(),
            *naive,
            "{text}"
        );
        assert_eq!(
            time.date().map(|date| date.to_string()).as_deref(),
            *date,
            "{text}"
        );
        let has_clock = naive.is_some() || text.starts_with("00:");
        assert_eq!(time.time_of_day().is_some(), has_clock, "{text}");
        assert_eq!(time.to_json(), *text);
    }
    assert_eq!(read::<Time>(&json!(1)), None);
}

#[test]
fn times_are_written_in_utc_with_seven_digits_at_most() {
    for (nanoseconds, text) in [
        (0, "2020-03-17T03:29:09Z"),
        (500_000_000, "2020-03-17T03:29:09.5Z"),
        (123_456_789, "2020-03-17T03:29:09.1234567Z"),
        (1, "2020-03-17T03:29:09Z"),
    ] {
        let time = DateTime::from_timestamp(1_584_415_749, nanoseconds).expect("a time");
        assert_eq!(Time::from(time).text(), text);
        assert_eq!(
            Time::from(time.naive_utc()).text(),
            text.trim_end_matches('Z')
        );
    }
    let date = NaiveDate::from_ymd_opt(2026, 11, 2).expect("a date");
    assert_eq!(Time::from(date).text(), "2026-11-02");
}

#[test]
fn text_in_base64_reads_like_plain_text() {
    for (raw, text) in [
        ("plain", "plain"),
        ("data:text/plain;base64,w6TDtg==", "äö"),
        ("DATA:text/plain;base64,w6TDtg", "äö"),
        ("data:text/plain;base64,", ""),
        ("data:text/plain;base64,/w==", "data:text/plain;base64,/w=="),
        ("data:image/png;base64,aGk=", "data:image/png;base64,aGk="),
        ("aGk=", "aGk="),
    ] {
        let read: Base64Text = read(&json!(raw)).expect("a text");
        assert_eq!((read.text().as_ref(), read.raw()), (text, raw));
        assert_eq!(read.to_json(), raw);
        assert_eq!(Base64Text::encoded(text).text(), text);
    }
}

#[test]
fn a_float_that_may_be_another_integer_rounded_is_no_integer() {
    let root = Place::root();
    for text in [
        "4503599627370496.0",
        "9007199254740991.0",
        "9007199254740993.0",
        "9007199254740992.0",
        "-9007199254740993e0",
        "1e18",
    ] {
        let number: Value = serde_json::from_str(text).expect("a number");
        for value in [number, json!(text)] {
            assert!(i64::from_json(value.clone(), &root).is_err(), "{value}");
            assert!(u64::from_json(value, &root).is_err(), "{text}");
        }
    }
    let number: Value = serde_json::from_str("9007199254740993.0").expect("a number");
    assert!(RawId::from_json(number, &root).is_err());
    for text in [
        "4503599627370495.0",
        "4.503599627370495e15",
        "4503599627370495",
    ] {
        let number: Value = serde_json::from_str(text).expect("a number");
        assert_eq!(i64::from_json(number, &root), Ok(4_503_599_627_370_495));
    }
    assert_eq!(
        i64::from_json(json!("9007199254740993"), &root),
        Ok(9_007_199_254_740_993)
    );
}

#[test]
fn ids_are_made_of_any_integer() {
    assert_eq!(RawId::from(7), RawId::from(7_u64));
    assert_eq!(RawId::from(7_u32), RawId::from(7_i64));
    assert_eq!(RawId::from(u64::MAX).to_json(), json!(u64::MAX));
    assert_eq!(RawId::from(u64::MAX).text(), "18446744073709551615");
    assert_eq!(RawId::from(7_u64).to_json(), json!(7));
}
