//! Reads the command line of `cargo xtask` and hands each subcommand to its own file.
//!
//! It depends on no other crate of this workspace, so that broken code there can't stop the tool
//! that finds it: whatever needs one of them is spawned with cargo.
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    reason = "a command-line tool answers on standard output"
)]

mod bench;
mod build_time;
mod check;
mod codegen;
mod demo;
mod foreign;
mod fuzz;
mod guides;
mod hostile;
mod new_provider;
mod release;
mod report;
mod sandbox;
mod test;
mod tool;
mod watched;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

/// Checks, tests, generates and shows this workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Bench(bench::Bench),
    BuildTime(build_time::BuildTime),
    Check(check::Check),
    Codegen(codegen::Codegen),
    Demo(demo::Demo),
    Fuzz(fuzz::Fuzz),
    Guides(guides::Guides),
    Hostile(hostile::Hostile),
    NewProvider(new_provider::NewProvider),
    Release(release::Release),
    Sandbox(sandbox::Sandbox),
    Test(test::Test),
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode> {
    let workspace = Workspace::open()?;
    match &arguments.command {
        Command::Bench(bench) => bench.run(&workspace),
        Command::BuildTime(build_time) => build_time.run(&workspace),
        Command::Check(check) => check.run(&workspace),
        Command::Codegen(codegen) => codegen.run(&workspace),
        Command::Demo(demo) => demo.run(&workspace),
        Command::Fuzz(fuzz) => fuzz.run(&workspace),
        Command::Guides(guides) => guides.run(&workspace),
        Command::Hostile(hostile) => hostile.run(&workspace),
        Command::NewProvider(new) => new.run(&workspace),
        Command::Release(release) => release.run(&workspace),
        Command::Sandbox(sandbox) => sandbox.run(&workspace),
        Command::Test(test) => test.run(&workspace),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Arguments;

    #[test]
    fn the_argument_definitions_are_consistent() {
        Arguments::command().debug_assert();
    }
}
