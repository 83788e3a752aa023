//! Looks whether the commands that the pages name are there, and the examples, with the features that they need.

use std::fs;

use clap::Parser as _;

use crate::Arguments;
use crate::workspace::{Workspace, root};

/// Everything that a reader meets: the README, docs, and the READMEs of crates.
fn pages() -> Vec<(String, String)> {
    let root = root().expect("a root");
    let mut found = vec![root.join("README.md")];
    let mut directories = vec![root.join("docs")];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => directories.push(path),
                false => found.push(path),
            }
        }
    }
    for entry in fs::read_dir(root.join("crates")).expect("a directory") {
        found.push(entry.expect("an entry").path().join("README.md"));
    }
    let is_page = |path: &std::path::PathBuf| path.extension().is_some_and(|it| it == "md");
    let pages = found
        .into_iter()
        .filter(|path| is_page(path) && path.exists());
    pages
        .map(|path| {
            let name = path.strip_prefix(root).expect("below the root");
            let name = name.display().to_string();
            (name, fs::read_to_string(&path).expect("a page"))
        })
        .collect()
}

/// The words of each command that begins so, in a block or between backticks; what stands for something else is left out.
fn commands<'t>(text: &'t str, beginning: &str) -> Vec<Vec<&'t str>> {
    let mut found = Vec::new();
    for line in text.lines() {
        for (at, _) in line.match_indices(beginning) {
            let end = |c: char| matches!(c, '`' | '#' | '&' | '|' | ';');
            let command = line[at..].split(end).next().unwrap_or_default();
            let words: Vec<_> = command.split_whitespace().collect();
            let is_pattern = |word: &&str| word.contains(['<', '[', '…', '$', '{']);
            if !words.iter().any(is_pattern) {
                found.push(words);
            }
        }
    }
    found
}

#[test]
fn commands_are_found_in_blocks_and_between_backticks() {
    let text =
        "a `cargo xtask demo` b `cargo xtask codegen [provider]`\ncargo xtask check size # c\n";
    let found = [
        vec!["cargo", "xtask", "demo"],
        vec!["cargo", "xtask", "check", "size"],
    ];
    assert_eq!(commands(text, "cargo xtask"), found);
}

#[test]
fn every_command_of_xtask_that_a_page_names_is_there() {
    let mut count = 0;
    for (page, text) in pages() {
        for words in commands(&text, "cargo xtask") {
            let [_, _, arguments @ ..] = words.as_slice() else {
                continue;
            };
            if arguments.is_empty() || arguments.contains(&"--help") {
                continue;
            }
            count += 1;
            let read = Arguments::try_parse_from([&["cargo xtask"], arguments].concat());
            assert!(
                read.is_ok(),
                "{page}: `{}`: {}",
                words.join(" "),
                read.unwrap_err()
            );
        }
    }
    assert!(count > 20, "{count} commands were found");
}

#[test]
fn every_example_that_a_page_names_is_there_with_the_features_that_it_needs() {
    let workspace = Workspace::open().expect("a workspace");
    let mut count = 0;
    for (page, text) in pages() {
        for words in commands(&text, "cargo run") {
            let after = |flag: &str| {
                let at = words.iter().position(|word| *word == flag)?;
                words.get(at + 1).copied()
            };
            let (Some(package), Some(example)) = (after("-p"), after("--example")) else {
                continue;
            };
            count += 1;
            let command = words.join(" ");
            let package = workspace.package(package).expect(&command);
            let target = package
                .targets
                .iter()
                .find(|it| it.is_example() && it.name == example);
            let target = target.unwrap_or_else(|| panic!("{page}: `{command}`: no such example"));
            let given: Vec<_> = after("--features").unwrap_or_default().split(',').collect();
            let defaults = &package.features["default"];
            for needed in &target.required_features {
                assert!(
                    given.contains(&needed.as_str()) || defaults.contains(needed),
                    "{page}: `{command}` lacks the feature `{needed}`"
                );
            }
        }
    }
    assert!(count > 15, "{count} examples were found");
}
