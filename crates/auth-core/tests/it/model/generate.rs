//! Random JSON of a seed: anything at all, and what the schema of a model allows.

use auth_core::model::Value;
use fastrand::Rng;
use serde_json::{Map, json};

/// Texts that look like something.
const TEXTS: &[&str] = &[
    "",
    " ",
    "0",
    "1",
    "TRUE",
    "false",
    "-12",
    "12.50",
    "1e400",
    "1e5",
    "NaN",
    "inf",
    "+",
    "-",
    ".",
    "99999999999999999999999999999999",
    "active",
    "Missed",
    "2026-11-22T16:24:12.1234567Z",
    "2026-11-22T16:24:12+23:59",
    "2026-11-22",
    "22/11/2026",
    "9/4/2026  16:24:12",
    "00:00:02.3423523",
    "/Date(1584415749307)/",
    "/Date(-8334601228800000-2359)/",
    "/Date(8210266876799999+2359)/",
    "+262142-12-31T23:59:59-23:59",
    "+262142-12-31T23:59:59+23:59",
    "-262143-01-01T00:00:00+23:59",
    "-262143-01-01T00:00:00-23:59",
    "+262142-12-31T23:59:59Z",
    "/Date(",
    "/Date(+)/",
    "/Date(é)/",
    "/Date(1+é)/",
    "data:text/plain;base64,aGk=",
    "data:text/plain;base64,aGk",
    "data:text/plain;base64,/w==",
    "data:text/plain;base64,é",
    "data:text/plain;base6é",
    "1b4e28ba-2fa1-11d2-883f-0016d3cca427",
    "ä\u{1f600}\u{0}\"",
];

/// A value of any kind.
pub(crate) fn anything(rng: &mut Rng, depth: usize) -> Value {
    match rng.u8(0..if depth == 0 { 6 } else { 8 }) {
        0 => Value::Null,
        1 => rng.bool().into(),
        2 => integer(rng),
        3 => number(rng),
        4 | 5 => text(rng),
        6 => (0..rng.usize(0..4))
            .map(|_| anything(rng, depth - 1))
            .collect(),
        _ => object(rng, depth - 1).into(),
    }
}

pub(crate) fn text(rng: &mut Rng) -> Value {
    match rng.u8(0..3) {
        0 => (0..rng.usize(0..6))
            .map(|_| rng.char(..))
            .collect::<String>()
            .into(),
        _ => TEXTS[rng.usize(0..TEXTS.len())].into(),
    }
}

/// An integer of 64 bits, small ones more often.
pub(crate) fn integer(rng: &mut Rng) -> Value {
    match rng.u8(0..4) {
        0 => rng.i64(..).into(),
        1 => rng.u64(..).into(),
        _ => rng.i64(-3..100).into(),
    }
}

/// A finite float of any size.
pub(crate) fn number(rng: &mut Rng) -> Value {
    match rng.u8(0..3) {
        0 => json!(f64::from_bits(rng.u64(..))),
        1 => json!(f64::from(rng.i32(..)) / 100.0),
        _ => json!(f64::from(rng.i32(-5..5))),
    }
}

/// Members that no model names.
pub(crate) fn object(rng: &mut Rng, depth: usize) -> Map<String, Value> {
    (0..rng.usize(0..4))
        .map(|_| {
            let name: String = (0..rng.usize(0..4)).map(|_| rng.alphanumeric()).collect();
            (format!("{name}?"), anything(rng, depth))
        })
        .collect()
}
