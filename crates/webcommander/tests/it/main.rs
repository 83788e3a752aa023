//! Runs every integration test of this crate as one program.
#![cfg(test)]

mod alone;
mod canary;
mod client;
mod conformance;
mod errors;
mod faults;
mod fixture;
#[rustfmt::skip]
mod generated;
mod journeys;
mod raw;
mod refused;
mod settings;
mod typed;
mod wire;
