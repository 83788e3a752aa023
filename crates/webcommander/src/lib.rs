#![doc = include_str!("../README.md")]

mod builder;
mod client;
mod dialect;
#[rustfmt::skip]
mod generated;

pub use auth_core::Dialect;
pub use auth_core::integrator::*;

pub use builder::{ClientBuilder, TokenHeader};
pub use client::Client;
pub use dialect::WEBCOMMANDER;
pub use generated::*;
