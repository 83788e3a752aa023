//! Holds the pages to their word: what is Rust in them is compiled, and no kind of error and no vendor is forgotten.
#![cfg(test)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What a block of code may call itself: without a name, rustdoc takes it for Rust.
const LANGUAGES: &[&str] = &["console", "mermaid", "rust", "sh", "text", "toml"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The Markdown files below a directory, as paths from the workspace's.
fn pages_below(directory: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(root().join(directory)).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{directory}/{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            pages_below(&path, found);
        } else if path.ends_with(".md") {
            found.push(path);
        }
    }
}

/// README and docs, which this crate compiles.
fn pages() -> Vec<String> {
    let mut pages = vec!["README.md".to_owned()];
    pages_below("docs", &mut pages);
    pages
}

/// The READMEs of crates, which are their documentation.
fn readmes() -> Vec<String> {
    let crates = fs::read_dir(root().join("crates")).unwrap();
    let names = crates.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .map(|name| format!("crates/{name}/README.md"))
        .filter(|path| root().join(path).exists())
        .collect()
}

/// The words behind the opening fence of each block, with the number of its line.
fn blocks(text: &str) -> Vec<(usize, &str)> {
    let mut blocks = Vec::new();
    let mut is_open = false;
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(words) = line.trim_start().strip_prefix("```") {
            if !is_open {
                blocks.push((number, words));
            }
            is_open = !is_open;
        }
    }
    blocks
}

#[test]
fn blocks_are_found_by_their_opening_fence() {
    let text = "a\n```rust,no_run\nlet b = 1;\n```\n\n  ```\nc\n  ```\n";
    assert_eq!(blocks(text), [(2, "rust,no_run"), (6, "")]);
}

#[test]
fn every_page_with_rust_in_it_is_compiled_here() {
    let holds_rust = |page: &String| {
        let text = read(page);
        let found = blocks(&text);
        found.iter().any(|(_, words)| words.starts_with("rust"))
    };
    let wanted: BTreeSet<_> = pages().into_iter().filter(holds_rust).collect();
    let source = read("crates/demo/src/lib.rs");
    let included: BTreeSet<_> = source
        .split("include_str!(\"../../../")
        .skip(1)
        .map(|rest| rest.split_once('"').unwrap().0.to_owned())
        .collect();
    let forgotten: Vec<_> = wanted.difference(&included).collect();
    let idle: Vec<_> = included.difference(&wanted).collect();
    assert!(
        forgotten.is_empty() && idle.is_empty(),
        "crates/demo/src/lib.rs lacks {forgotten:?}, and has no use for {idle:?}"
    );
}

#[test]
fn every_readme_of_a_crate_is_its_documentation() {
    for readme in readmes() {
        let source = read(readme.replace("README.md", "src/lib.rs"));
        let is_included = source.contains("#![doc = include_str!(\"../README.md\")]");
        assert!(is_included, "{readme}");
    }
}

#[test]
fn every_block_says_what_it_is_and_no_rust_is_left_out() {
    for page in pages().into_iter().chain(readmes()) {
        for (line, words) in blocks(&read(&page)) {
            let mut words = words.split(',');
            let language = words.next().unwrap();
            assert!(
                LANGUAGES.contains(&language),
                "{page}:{line}: `{language}` is none of {LANGUAGES:?}"
            );
            for word in words {
                assert_eq!(word, "no_run", "{page}:{line} is not compiled as it stands");
            }
        }
    }
}

#[test]
fn every_kind_of_error_has_its_heading() {
    let source = read("crates/auth-core/src/error.rs");
    let (_, rest) = source.split_once("pub enum ErrorKind {").unwrap();
    let (body, _) = rest.split_once("\n}").unwrap();
    let kinds: Vec<_> = body
        .lines()
        .filter_map(|line| line.trim().strip_suffix(','))
        .filter(|name| name.chars().all(char::is_alphanumeric))
        .collect();
    assert!(kinds.len() >= 15, "{kinds:?}");
    let page = read("docs/troubleshooting.md");
    for kind in kinds {
        let heading = format!("## {kind}");
        assert!(
            page.lines().any(|line| line == heading),
            "docs/troubleshooting.md has no heading `{kind}`"
        );
    }
}

#[test]
fn every_vendor_has_its_guide_and_the_readme_leads_there() {
    let readme = read("README.md");
    for path in readmes() {
        let directory = path.strip_suffix("/README.md").unwrap();
        if !root().join(directory).join("openapi/plan.toml").exists() {
            continue; // no vendor's
        }
        let name = directory.strip_prefix("crates/").unwrap();
        let guide = format!("docs/guides/{name}.md");
        let is_linked = readme.contains(&format!("({guide})"));
        assert!(is_linked, "README.md does not lead to {guide}");
        let text = read(&guide);
        for heading in ["Errors and cures", "Limits", "Quirks", "Unknown"] {
            let is_there = text.lines().any(|line| line == format!("## {heading}"));
            assert!(is_there, "{guide} has no `{heading}`");
        }
        let has_diagram = blocks(&text).iter().any(|(_, words)| *words == "mermaid");
        assert!(has_diagram, "{guide} has no diagram of a sign-in");
    }
}
