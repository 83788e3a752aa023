//! Measures ours and the peers in one run, and lends its subjects to the criterion benches.
//!
//! The program is `bench [group].. --into DIRECTORY --keep DIRECTORY`; `cargo xtask bench` calls it.

mod callgrind;
mod groups;
mod loops;
mod machine;
mod measure;
mod page;
mod plot;
pub mod records;
mod result;
pub mod server;
pub mod subjects;

use std::path::PathBuf;

use anyhow::{Context as _, Result};

pub use groups::request::Getter;

/// Does what the program's arguments say.
pub fn run(arguments: &[&str]) -> Result<()> {
    // What is counted, and the server, have one thread: no other's luck is in the figures.
    let alone = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
    };
    match arguments {
        ["serve"] => alone()?.block_on(server::serve()),
        ["loop", what, subject, url, turns] => {
            let turns = turns.parse()?;
            alone()?.block_on(loops::turns(what, subject, url, turns))
        }
        ["weigh", subject, url, count] => {
            let count = count.parse()?;
            alone()?.block_on(groups::memory::weigh_here(subject, url, count))
        }
        _ => measure_groups(arguments),
    }
}

/// Measures the groups that are named, all if none is, and writes the page anew from what is known of every group.
fn measure_groups(arguments: &[&str]) -> Result<()> {
    let at = arguments.iter().position(|argument| *argument == "--into");
    let at = at.context("usage: bench [group].. --into DIRECTORY --keep DIRECTORY")?;
    let (wanted, paths) = arguments.split_at(at);
    let ["--into", docs, "--keep", kept] = paths else {
        anyhow::bail!("usage: bench [group].. --into DIRECTORY --keep DIRECTORY");
    };
    let (docs, kept) = (PathBuf::from(docs), PathBuf::from(kept));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let chosen = groups::chosen(wanted)?;
    for (index, group) in chosen.iter().enumerate() {
        eprintln!("[{} of {}] {group}", index + 1, chosen.len());
        let measured = runtime.block_on(groups::measure(group))?;
        println!("\n{}", measured.markdown());
        measured.keep(&kept)?;
    }
    page::write(&docs, &kept)
}
