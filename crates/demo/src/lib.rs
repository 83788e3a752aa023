//! Compiles the code blocks of the workspace's README, which is the text below; the demo itself is the binary.
#![doc = include_str!("../../../README.md")]
#![forbid(unsafe_code)]
