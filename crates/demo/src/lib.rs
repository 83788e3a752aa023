//! Compiles and runs the code blocks of the workspace's README, which is the text below, and of its docs; the demo itself
//! is the binary.
//!
//! A page with Rust in it that has no module here fails `tests/pages.rs`.
#![doc = include_str!("../../../README.md")]
#![forbid(unsafe_code)]

#[doc = include_str!("../../../docs/budgets.md")]
pub mod budgets {}

#[doc = include_str!("../../../docs/guides/comm100.md")]
pub mod guide_comm100 {}

#[doc = include_str!("../../../docs/guides/communic8.md")]
pub mod guide_communic8 {}

#[doc = include_str!("../../../docs/guides/webcommander.md")]
pub mod guide_webcommander {}

#[doc = include_str!("../../../docs/observability.md")]
pub mod observability {}

#[doc = include_str!("../../../docs/sign-in.md")]
pub mod sign_in {}

#[doc = include_str!("../../../docs/testing-your-integration.md")]
pub mod testing_your_integration {}

#[doc = include_str!("../../../docs/troubleshooting.md")]
pub mod troubleshooting {}

#[doc = include_str!("../../../docs/typed-calls.md")]
pub mod typed_calls {}
