#![doc = include_str!("../README.md")]

mod client;
mod dialect;
#[rustfmt::skip]
mod generated;

pub use auth_core::Dialect;
pub use auth_core::integrator::*;

pub use client::{Client, ClientBuilder};
pub use dialect::{{NAME}};
pub use generated::*;
