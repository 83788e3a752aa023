//! The client as integrators meet it: against recorded samples, and against the sandbox.

mod alone;
mod calls;
mod conformance;
mod errors;
mod fixture;
mod journeys;
mod mock;
mod platform;
mod rate_limit;
mod raw;
mod refused;
mod settings;
mod transport;
mod way;
mod wire;
