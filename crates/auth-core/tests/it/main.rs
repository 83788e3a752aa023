//! Shows over loopback that the crate keeps its promises: one module for each room, one binary for all.
#![cfg(test)]

mod arbitrary_precision;
mod authorize;
mod bodies;
mod canary;
mod clocks;
#[cfg(feature = "conformance")]
mod conformance;
mod diagnosis;
mod dialects;
mod endpoint;
mod http;
mod leak;
#[cfg(feature = "loopback")]
mod loopback;
#[cfg(feature = "models")]
mod model;
mod network;
#[cfg(feature = "models")]
mod operation;
mod page;
mod raw;
mod session;
mod stage;
mod store;
#[cfg(feature = "models")]
mod webhook;
