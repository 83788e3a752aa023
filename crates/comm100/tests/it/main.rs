//! The client as integrators meet it: against recorded samples, and against the sandbox.
#![cfg(test)]

mod alone;
mod calls;
mod canary;
mod conformance;
mod errors;
mod fixture;
#[rustfmt::skip]
mod generated;
mod journeys;
mod mock;
mod platform;
mod rate_limit;
mod raw;
mod refused;
mod settings;
mod transport;
mod typed;
mod way;
mod wire;
