//! Compiles the code blocks of the workspace's README, which is the text below, and of its docs; the demo itself is the
//! binary.
#![doc = include_str!("../../../README.md")]
#![forbid(unsafe_code)]

#[doc = include_str!("../../../docs/budgets.md")]
pub mod budgets {}

#[doc = include_str!("../../../docs/observability.md")]
pub mod observability {}

#[doc = include_str!("../../../docs/sign-in.md")]
pub mod sign_in {}
