//! Runs the maintainers' commands as programs, on workspaces of their own.
#![cfg(test)]

mod copy;
mod house;
mod new_provider;
mod registry;
mod release;
