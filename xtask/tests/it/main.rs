//! Runs the maintainers' commands as programs, on workspaces of their own.
#![cfg(test)]

mod house;
mod registry;
mod release;
