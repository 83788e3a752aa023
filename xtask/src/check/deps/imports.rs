//! Guards which room of auth-core imports which, by reading the source.
//!
//! Tests count like all other code: what needs more rooms than its own may import is a test of
//! their interplay and has its place in `tests/it`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::rooms::{FOREIGN, column, may_import};
use super::tokens::{Token, tokens};

/// The crate's root, which may name every room and belongs to none.
const ROOT: &str = "lib";

/// One file, by its path below `src`.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) text: String,
}

/// Every import that the plan of rooms doesn't allow.
pub(super) fn offenses(sources: &[Source]) -> Vec<String> {
    let root = sources
        .iter()
        .find(|source| source.path == Path::new("lib.rs"));
    let exports = root
        .map(|source| exports(&tokens(&source.text)))
        .unwrap_or_default();
    let mut offenses = Vec::new();
    let mut level = Vec::new();
    for source in sources {
        let tokens = tokens(&source.text);
        let (room, depth) = place(&source.path);
        let at = |line: usize| format!("auth-core/src/{}:{line}", source.path.display());
        for (foreign, token) in foreign(&room, &tokens) {
            let owners = FOREIGN.iter().filter(|(name, _)| *name == foreign);
            let owners: Vec<_> = owners
                .flat_map(|(_, rooms)| rooms.iter().copied())
                .collect();
            offenses.push(format!(
                "{}: `{room}` names {foreign}: only {} may; wrap what is needed there",
                at(token.line),
                owners.join(" and ")
            ));
        }
        if room == ROOT {
            continue;
        }
        if column(&room).is_none() {
            offenses.push(format!(
                "{}: the plan has no room `{room}`: add it to a column in xtask/src/check/deps/rooms.rs",
                at(1)
            ));
            continue;
        }
        for name in root_names(&tokens, depth) {
            let target = match exports.get(name.text) {
                Some(exported) if column(name.text).is_none() => exported,
                _ => name.text,
            };
            if column(target).is_none() {
                offenses.push(format!(
                    "{}: `{room}` imports `crate::{target}`, which is neither a room of the plan \
                     (xtask/src/check/deps/rooms.rs) nor re-exported from one: name its room",
                    at(name.line)
                ));
            } else if !may_import(&room, target) {
                offenses.push(format!(
                    "{}: `{room}` imports `{target}`, which isn't to its left: \
                     move what is shared to the left, or pass it in as an argument",
                    at(name.line)
                ));
            } else if room != target && column(&room) == column(target) {
                level.push((room.clone(), target.to_owned(), at(name.line)));
            }
        }
    }
    offenses.extend(circles(&level));
    offenses
}

/// The room that a file belongs to, and how many modules deep it is.
fn place(path: &Path) -> (String, usize) {
    let module = path.with_extension("");
    let parts: Vec<_> = module
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    let depth = parts.len();
    (parts.into_iter().next().unwrap_or_default(), depth)
}

/// The crate's own exports: what `crate::Name` stands for, by the room it comes from.
fn exports<'s>(tokens: &[Token<'s>]) -> BTreeMap<&'s str, &'s str> {
    let mut exports = BTreeMap::new();
    let is_path = |text: &str| !["::", "crate", "self"].contains(&text);
    for (at, token) in tokens.iter().enumerate() {
        if token.text == "use" {
            let item = tokens[at + 1..].iter().map(|token| token.text);
            let mut names = item
                .take_while(|text| *text != ";")
                .filter(|text| is_path(text));
            if let Some(room) = names.next() {
                exports.extend(names.map(|name| (name, room)));
            }
        }
    }
    exports
}

/// The foreign crates that a room names though the plan reserves them for others.
fn foreign<'t, 's>(
    room: &str,
    tokens: &'t [Token<'s>],
) -> impl Iterator<Item = (&'static str, &'t Token<'s>)> {
    let reserved = FOREIGN.iter().filter(|(_, rooms)| !rooms.contains(&room));
    let reserved: Vec<_> = reserved.map(|(name, _)| *name).collect();
    tokens.iter().filter_map(move |token| {
        reserved
            .iter()
            .find(|name| **name == token.text)
            .map(|name| (*name, token))
    })
}

/// The first names of all paths that start at the crate's root: `crate::name`, `crate::{name, ..}`
/// and `super::..::name` where there are enough `super`s. `depth` is that of the file.
fn root_names<'t, 's>(tokens: &'t [Token<'s>], depth: usize) -> Vec<&'t Token<'s>> {
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text);
    let mut names = Vec::new();
    // For each open brace, whether it is that of a module within the file.
    let mut braces = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match text(at) {
            "{" => braces.push(at >= 2 && text(at - 2) == "mod"),
            "}" => {
                braces.pop();
            }
            "crate" if text(at + 1) == "::" => names.extend(heads(&tokens[at + 2..])),
            "super" => {
                let start = at;
                while text(at + 1) == "::" && text(at + 2) == "super" {
                    at += 2;
                }
                let supers = (at - start) / 2 + 1;
                let depth = depth + braces.iter().filter(|is_module| **is_module).count();
                if supers >= depth && text(at + 1) == "::" {
                    names.extend(heads(&tokens[at + 2..]));
                }
            }
            _ => {}
        }
        at += 1;
    }
    names
}

/// The first name of a path, or those of all paths of a group. Macros have no room.
fn heads<'t, 's>(path: &'t [Token<'s>]) -> Vec<&'t Token<'s>> {
    let Some(first) = path.first() else {
        return Vec::new();
    };
    if first.text != "{" {
        let is_macro = path.get(1).is_some_and(|token| token.text == "!");
        return if is_macro { Vec::new() } else { vec![first] };
    }
    let mut heads = Vec::new();
    let mut depth = 0_usize;
    for (at, token) in path.iter().enumerate() {
        match token.text {
            "{" => depth += 1,
            "}" if depth == 1 => break,
            "}" => depth -= 1,
            "," | "self" => {}
            _ if depth == 1 && ["{", ","].contains(&path[at - 1].text) => heads.push(token),
            _ => {}
        }
    }
    heads
}

/// Imports between rooms of one column that close a circle.
fn circles(level: &[(String, String, String)]) -> Vec<String> {
    let leads = |from: &str, to: &str| {
        let mut reached = BTreeSet::from([from]);
        loop {
            let next = level
                .iter()
                .filter(|(a, b, _)| reached.contains(&**a) && !reached.contains(&**b));
            let next: Vec<&str> = next.map(|(_, b, _)| b.as_str()).collect();
            if next.is_empty() {
                return reached.contains(to);
            }
            reached.extend(next);
        }
    };
    let closing = level.iter().filter(|(from, to, _)| leads(to, from));
    let describe = |(from, to, at): &(String, String, String)| {
        format!("{at}: `{from}` imports `{to}`, which leads back to `{from}`: break the circle")
    };
    closing.map(describe).collect()
}

#[cfg(test)]
mod tests;
