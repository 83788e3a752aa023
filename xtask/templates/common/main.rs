//! Runs every integration test of this crate as one program.
#![cfg(test)]

mod canary;
mod conformance;
mod errors;
mod fixture;
#[rustfmt::skip]
mod generated;
mod raw;
mod refused;
mod settings;
mod typed;
mod wire;
