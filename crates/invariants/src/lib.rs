//! Says what holds whatever bytes a provider, a browser or a disk hands us.
//!
//! A module for each kind of input, and in it `check`, which reads the bytes with the code that is shipped and asserts
//! what must be true then: that is more than "no panic". The fuzz targets in `fuzz/` call it with what libFuzzer makes
//! up, `tests/` with the corpora that are kept here and with what a fixed seed makes of them. See `docs/fuzzing.md`.
#![forbid(unsafe_code)]

mod answer;
pub mod callback;
pub mod error_body;
pub mod next_page;
mod scene;
pub mod store_file;
pub mod token_answer;
pub mod webhook;

/// What became of an input, so that a test can see that it tries both.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// It was read.
    Accepted,
    /// It was refused by an error that tells nothing.
    Refused,
}

/// Reads one input, and panics where an invariant does not hold.
pub type Check = fn(&[u8]) -> Outcome;

/// Every kind of input by the name of its target.
pub const ALL: &[(&str, Check)] = &[
    ("callback", callback::check),
    ("error_body", error_body::check),
    ("next_page", next_page::check),
    ("store_file", store_file::check),
    ("token_answer", token_answer::check),
    ("webhook", webhook::check),
];
