//! Stores keep what they are given, whoever else is at work there.

#[cfg(feature = "conformance")]
mod conformance;
#[cfg(all(feature = "file-store", unix))]
mod file;
#[cfg(feature = "conformance")]
mod flawed;
mod memory;
#[cfg(feature = "redis")]
pub(crate) mod redis;
