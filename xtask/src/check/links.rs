//! Finds links that lead nowhere: from pages to files and headings of this workspace, and from doc comments to files.
//!
//! Addresses of the web are not asked for, and links to items are rustdoc's to check.

mod page;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use self::page::Page;
use super::files::{files_with, rust_files};
use crate::report::{Outcome, verdict};
use crate::workspace::root;

/// Follows the links of every page and of every doc comment.
pub(super) fn check() -> Result<Outcome> {
    let root = root()?;
    let mut pages = BTreeMap::new();
    for path in files_with(root, "md")? {
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        pages.insert(path.strip_prefix(root)?.to_owned(), page::read(&text));
    }
    let mut offenses = offenses(&pages, |path| root.join(path).exists());
    let mut links: usize = pages.values().map(|page| page.links.len()).sum();
    for top in ["crates", "xtask"] {
        for path in rust_files(&root.join(top))? {
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            let name = path.strip_prefix(root)?.display().to_string();
            for (first, comment) in page::doc_comments(&text) {
                let comment = page::read(&comment);
                links += comment.links.len();
                offenses.extend(
                    in_comment(&comment)
                        .map(|(line, problem)| format!("{name}:{}: {problem}", first + line - 1)),
                );
            }
        }
    }
    verdict(&offenses)?;
    Ok(Outcome::Passed(format!(
        "{links} links, {} pages",
        pages.len()
    )))
}

/// What is wrong with the links of the pages, by their paths below the root.
fn offenses(pages: &BTreeMap<PathBuf, Page>, exists: impl Fn(&Path) -> bool) -> Vec<String> {
    let mut offenses = Vec::new();
    for (path, page) in pages {
        for (line, target) in &page.links {
            if let Some(problem) = problem(path, target, pages, &exists) {
                offenses.push(format!("{}:{line}: `{target}`: {problem}", path.display()));
            }
        }
    }
    offenses
}

/// Why a link of the page at `from` leads nowhere.
fn problem(
    from: &Path,
    target: &str,
    pages: &BTreeMap<PathBuf, Page>,
    exists: impl Fn(&Path) -> bool,
) -> Option<String> {
    if is_elsewhere(target) || is_item(target) {
        return None;
    }
    let (file, anchor) = match target.split_once('#') {
        Some((file, anchor)) => (file, Some(anchor)),
        None => (target, None),
    };
    let path = match file {
        "" => from.to_owned(),
        _ => match resolve(from, file) {
            Some(path) => path,
            None => return Some("it leads out of the workspace".to_owned()),
        },
    };
    let name = path.display();
    if !exists(&path) {
        return Some(format!("there is no {name}"));
    }
    let anchor = anchor?;
    match pages.get(&path) {
        Some(page) if page.anchors.contains(anchor) => None,
        Some(page) => Some(format!(
            "{name} has no such heading; it has {}",
            list(&page.anchors)
        )),
        None => Some(format!("{name} is no page, so that `#{anchor}` goes stale")),
    }
}

/// The links of one doc comment that neither rustdoc nor a reader of docs.rs can follow, with their lines in it.
fn in_comment(comment: &Page) -> impl Iterator<Item = (usize, String)> {
    comment.links.iter().filter_map(|(line, target)| {
        if is_elsewhere(target) {
            return None;
        }
        let problem = match target.strip_prefix('#') {
            Some(anchor) if comment.anchors.contains(anchor) => return None,
            Some(_) => "the comment has no such heading",
            None if target.contains(['/', '#']) || target.contains(".md") => {
                "docs.rs has no such file: name it between backticks, or write the whole address"
            }
            None => return None,
        };
        Some((*line, format!("`{target}`: {problem}")))
    })
}

/// Whether a link has a scheme, as in `https:` and `mailto:`.
fn is_elsewhere(target: &str) -> bool {
    target
        .split_once(':')
        .is_some_and(|(scheme, rest)| !rest.starts_with(':') && !scheme.contains(['/', '#', '@']))
}

/// Whether a link of a crate's README, which is the crate's documentation, leads to an item: `crate::Client`.
fn is_item(target: &str) -> bool {
    target.contains("::")
}

/// The path below the root that a relative path on a page means; none if it leads out of the workspace.
fn resolve(from: &Path, file: &str) -> Option<PathBuf> {
    let mut path = from.parent()?.to_owned();
    for part in file.split('/') {
        match part {
            "" | "." => {}
            ".." if !path.pop() => return None,
            ".." => {}
            _ => path.push(part),
        }
    }
    Some(path)
}

fn list(anchors: &BTreeSet<String>) -> String {
    let anchors: Vec<_> = anchors.iter().map(|anchor| format!("#{anchor}")).collect();
    anchors.join(" ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::page::{doc_comments, read};
    use super::{in_comment, offenses};

    /// What is wrong with a page at `docs/here.md` beside which there are a `README.md` and `docs/there.md`.
    fn told(here: &str) -> Vec<String> {
        let pages = [
            ("README.md", "# House\n"),
            ("docs/here.md", here),
            ("docs/there.md", "# There\n\n## The `second` part\n"),
        ];
        let pages: BTreeMap<_, _> = pages
            .into_iter()
            .map(|(path, text)| (path.into(), read(text)))
            .collect();
        let others = ["docs", "crates/a/src/lib.rs"];
        let is_there = |path: &Path| {
            pages.contains_key(path) || others.iter().any(|other| Path::new(other) == path)
        };
        offenses(&pages, is_there)
    }

    #[test]
    fn links_that_lead_somewhere_pass() {
        let good = "# Here\n[a](there.md), [b](there.md#the-second-part), [c](#here), [d](../README.md#house),\n\
            [e](../crates/a/src/lib.rs), [f](../docs/), ![g](../docs/./there.md), [h](https://example.com/x#y),\n\
            [i](mailto:a@example.com), [j][ref], [`k`](crate::Client), `[l](nowhere.md)`\n\n[ref]: there.md\n\n\
            ```text\n[m](nowhere.md)\n```\n";
        assert_eq!(told(good), [""; 0]);
    }

    #[test]
    fn each_dead_link_is_told_with_its_line() {
        for (link, problem) in [
            ("[a](nowhere.md)", "there is no docs/nowhere.md"),
            ("![a](nowhere.svg)", "there is no docs/nowhere.svg"),
            (
                "[a][ref]\n\n[ref]: nowhere.md",
                "there is no docs/nowhere.md",
            ),
            (
                "| x |\n|---|\n| [a](nowhere.md) |",
                "there is no docs/nowhere.md",
            ),
            (
                "[a](there.md#third)",
                "no such heading; it has #the-second-part #there",
            ),
            ("[a](#there)", "docs/here.md has no such heading"),
            ("[a](../../README.md)", "out of the workspace"),
            ("[a](/docs/there.md)", "there is no docs/docs/there.md"),
            ("[a](../crates/a/src/lib.rs#L3)", "goes stale"),
        ] {
            let told = told(&format!("# Here\n\n{link}\n"));
            assert_eq!(told.len(), 1, "{link}: {told:?}");
            assert!(told[0].contains(problem), "{link}: {told:?}");
            let line = if link.starts_with('|') { 5 } else { 3 };
            assert!(
                told[0].starts_with(&format!("docs/here.md:{line}: ")),
                "{told:?}"
            );
        }
    }

    #[test]
    fn doc_comments_link_to_items_addresses_and_their_own_headings() {
        let source = concat!(
            "/// See [`Call`], [a](Call::send), [b](crate::page), [c](https://example.com/), [d](#errors).\n",
            "///\n/// # Errors\n///\n/// None.\nfn good() {}\n\n    //! [e](../docs/here.md)\n",
            "    //! [f](#none)\n// [g](nowhere.md)\n//// [g](nowhere.md)\n/// Not of the above: [h](stores.md).\n",
        );
        let comments = doc_comments(source);
        let starts: Vec<_> = comments.iter().map(|(first, _)| *first).collect();
        assert_eq!(starts, [1, 8, 12]);
        let told: Vec<_> = comments
            .iter()
            .map(|(_, text)| {
                in_comment(&read(text))
                    .map(|(line, _)| line)
                    .collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(told, [vec![], vec![1, 2], vec![1]]);
    }
}
