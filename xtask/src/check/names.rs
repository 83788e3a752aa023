//! Compares the names of auth-core's spans and events with the page that promises them.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context as _, Result};

use super::files::rust_files;
use crate::report::{Outcome, verdict};
use crate::workspace::root;

/// The page, below the workspace's root.
const PAGE: &str = "docs/observability.md";
/// What every name begins with.
const PREFIX: &str = "auth_core.";
/// Spans and events come from these macros, by their level.
const LEVELS: [&str; 5] = ["trace", "debug", "info", "warn", "error"];

/// A name and its level.
type Promise = (String, String);

/// Fails where the code and the page differ, and where an event has no name.
pub(super) fn check() -> Result<Outcome> {
    let root = root()?;
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    for path in rust_files(&root.join("crates/auth-core/src"))? {
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let (named, nameless) = used_in(&text);
        used.extend(named);
        let file = path.strip_prefix(root)?.display().to_string();
        wrong.extend(nameless.map(|line| format!("{file}:{line}: a span or event without a name")));
    }
    let page = fs::read_to_string(root.join(PAGE)).with_context(|| PAGE.to_owned())?;
    let promised = promised_in(&page);
    let say = |(name, level): &Promise, problem: &str| format!("`{name}` ({level}) {problem}");
    wrong.extend(
        used.difference(&promised)
            .map(|it| say(it, "is not in docs/observability.md")),
    );
    wrong.extend(
        promised
            .difference(&used)
            .map(|it| say(it, "is promised and nowhere used")),
    );
    verdict(&wrong)?;
    Ok(Outcome::Passed(format!("{} names", used.len())))
}

/// The named spans and events of a file, and the lines of those without a name.
fn used_in(text: &str) -> (BTreeSet<Promise>, impl Iterator<Item = usize>) {
    let mut named = BTreeSet::new();
    let mut nameless = Vec::new();
    for level in LEVELS {
        for kind in ["!(", "_span!("] {
            let macro_call = format!("tracing::{level}{kind}");
            for (at, _) in text.match_indices(&macro_call) {
                match name_in(&text[at + macro_call.len()..]) {
                    Some(name) => drop(named.insert((name, level.to_owned()))),
                    None => nameless.push(text[..at].lines().count() + 1),
                }
            }
        }
    }
    (named, nameless.into_iter())
}

/// The name in a macro's arguments: the first text, behind nothing but `name:` or `parent: None,`.
fn name_in(arguments: &str) -> Option<String> {
    let (before, rest) = arguments.split_once('"')?;
    let before = before.replace("parent: None,", "").replace("name:", "");
    let (name, _) = rest.split_once('"')?;
    (before.trim().is_empty() && name.starts_with(PREFIX)).then(|| name.to_owned())
}

/// The names in the page's tables: the first column is the name, the second the level.
fn promised_in(page: &str) -> BTreeSet<Promise> {
    let row = |line: &str| {
        let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
        let name = cells.next()?.strip_prefix('`')?.strip_suffix('`')?;
        let level = cells.next()?;
        name.starts_with(PREFIX)
            .then(|| (name.to_owned(), level.to_owned()))
    };
    page.lines().filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::{promised_in, used_in};

    #[test]
    fn names_are_read_from_events_and_spans() {
        let (named, nameless) = used_in(concat!(
            "tracing::debug!(\n    name: \"auth_core.a.b\",\n    %error,\n    \"told\"\n);\n",
            "tracing::info_span!(\n    parent: None,\n    \"auth_core.c\",\n    x = 1,\n);\n",
            "\ntracing::warn!(%error, \"without\");\n",
        ));
        let named: Vec<_> = named
            .iter()
            .map(|(name, level)| format!("{name} {level}"))
            .collect();
        assert_eq!(named, ["auth_core.a.b debug", "auth_core.c info"]);
        assert_eq!(nameless.collect::<Vec<_>>(), [12]);
    }

    #[test]
    fn only_rows_with_a_name_promise_one() {
        let page =
            "| name | level |\n|---|---|\n| `auth_core.a` | info | x |\n| `other` | info |\n";
        let promised = promised_in(page);
        assert_eq!(promised.len(), 1);
        assert!(promised.contains(&("auth_core.a".to_owned(), "info".to_owned())));
    }
}
