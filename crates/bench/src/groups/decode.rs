//! A long JSON list into models.

use std::hint::black_box;
use std::time::Instant;

use anyhow::Result;

use crate::callgrind::{self, Count};
use crate::measure::nanoseconds;
use crate::records::{self, RECORDS};
use crate::result::{Cell, Figure, Group, Table};

const METHOD: &str = "A list of 1,000 recipients of Communic8 (26 documented fields, 19 of them sent, nested tags and a \
log), from bytes to structs. The models keep members that they don't know; so do the structs with plain derives that they \
are compared with, by `#[serde(flatten)]`. The lean structs drop those: less than a model promises. Times are by \
turns; instructions by callgrind.";
const ROUNDS: usize = 41;
const COUNTED: u64 = 4;
const WAYS: &[(&str, &str)] = &[
    ("serde", "serde_json into derived structs"),
    ("lean", "the same, unknown members dropped"),
    ("value", "serde_json into `Value` only"),
    ("models", "ours: generated models"),
];

pub(super) fn measure() -> Result<Group> {
    let list = records::list();
    let size = list.len() / 1024;
    let mut group = Group::new(
        "decode",
        "A list of 1,000 records",
        &format!("{METHOD} The list has {size} KiB."),
    );
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); WAYS.len()];
    for _ in 0..ROUNDS {
        for ((way, _), times) in WAYS.iter().zip(&mut times) {
            let began = Instant::now();
            let count = records::decode(way, black_box(&list))?;
            times.push(nanoseconds(began.elapsed()) / 1e6);
            anyhow::ensure!(count == RECORDS, "{way} finds {count} records");
        }
    }
    let columns = [
        "ms",
        "by serde_json's",
        "instructions by record",
        "allocations by record",
    ];
    let mut table = Table::new("From bytes to structs", &columns);
    table.plotted = Some(1);
    for ((way, title), own) in WAYS.iter().zip(&times) {
        let count = |count| -> Result<Cell> {
            if !callgrind::is_there() {
                return Ok("no valgrind".into());
            }
            let list = callgrind::per_turn(count, "decode", way, "", COUNTED)?;
            Ok((list / RECORDS as f64).into())
        };
        eprintln!("  counting: {way}");
        table.row(
            *title,
            vec![
                Figure::of(own.clone()).into(),
                Figure::ratio(own, &times[0]).into(),
                count(Count::Instructions)?,
                count(Count::Allocations)?,
            ],
        );
    }
    table.reason(
        "Models are decoded by way of a tree whose texts stay in the body, by one small decoder each that keeps unknown \
         members and the path of a misfit: integrators compile a fraction of what derives would cost them, and pay with \
         time here.",
    );
    group.tables.push(table);
    Ok(group)
}
