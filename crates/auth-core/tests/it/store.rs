//! Stores keep what they are given, whoever else is at work there.

#[cfg(all(feature = "file-store", unix))]
mod file;
