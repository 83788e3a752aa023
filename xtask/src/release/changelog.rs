//! Reads what a changelog says is unreleased, and closes it under a version.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail, ensure};
use cargo_metadata::semver::Version;

use super::version::Need;

const UNRELEASED: &str = "## Unreleased";
/// How an entry begins that says what to write instead.
const BREAKING: &str = "Breaking:";

/// The sections, in the order in which they stand, with what an entry in them asks of the next version.
const SECTIONS: [(&str, Need); 6] = [
    ("Added", Need::Feature),
    ("Changed", Need::Feature),
    ("Deprecated", Need::Feature),
    ("Removed", Need::Breaking),
    ("Fixed", Need::Fix),
    ("Security", Need::Fix),
];
const CHANGED: usize = 1;

/// A changelog, taken apart round what is unreleased.
#[derive(Debug)]
pub(super) struct Changelog {
    before: String,
    /// Entries by the index of their section; each entry with its further lines.
    unreleased: BTreeMap<usize, Vec<String>>,
    after: String,
}

impl Changelog {
    /// Takes a changelog apart.
    ///
    /// # Errors
    /// There is no section `Unreleased`, or something in it is neither a heading that is agreed on nor an entry.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let mut lines = (1..).zip(text.lines());
        let mut before = String::new();
        loop {
            match lines.next() {
                Some((_, UNRELEASED)) => break,
                Some((number, line)) => {
                    ensure!(
                        !line.starts_with("## "),
                        "line {number}: `{UNRELEASED}` must be the first of the versions"
                    );
                    writeln!(before, "{line}")?;
                }
                None => bail!("it has no heading `{UNRELEASED}`"),
            }
        }
        let mut unreleased: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        let mut section = None;
        // Empty lines since the last that was not: between the paragraphs of an entry they stay.
        let mut gap = 0;
        let mut after = String::new();
        for (number, line) in lines {
            if !after.is_empty() || line.starts_with("## ") {
                writeln!(after, "{line}")?;
            } else if let Some(title) = line.strip_prefix("### ") {
                let index = section_of(title).with_context(|| format!("line {number}"))?;
                let is_new = unreleased.insert(index, Vec::new()).is_none();
                ensure!(is_new, "line {number}: `{title}` stands there twice");
                section = Some(index);
            } else if line.trim().is_empty() {
                gap += 1;
            } else {
                let entries = section.and_then(|index| unreleased.get_mut(&index));
                let entries =
                    entries.with_context(|| format!("line {number}: no `### ` above it"))?;
                match (line.starts_with("- "), entries.last_mut()) {
                    (true, _) => {
                        ensure!(
                            is_breaking(line) || !sounds_breaking(line),
                            "line {number}: write `- {BREAKING} …`, which is what the next version is decided by"
                        );
                        entries.push(line.to_owned());
                    }
                    (false, Some(entry)) if line.starts_with("  ") => {
                        write!(entry, "{}\n{line}", "\n".repeat(gap))?;
                    }
                    _ => bail!(
                        "line {number}: an entry begins with `- `, its further lines with two spaces"
                    ),
                }
                gap = 0;
            }
        }
        unreleased.retain(|_, entries| !entries.is_empty());
        Ok(Self {
            before,
            unreleased,
            after,
        })
    }

    /// What the unreleased entries ask of the next version; nothing where there are none.
    pub(super) fn need(&self) -> Option<Need> {
        let of_section = |(index, entries): (&usize, &Vec<String>)| {
            let breaks = entries.iter().any(|entry| is_breaking(entry));
            if breaks {
                Need::Breaking
            } else {
                SECTIONS[*index].1
            }
        };
        self.unreleased.iter().map(of_section).max()
    }

    /// How many entries of which kind are unreleased: `2 added, 1 fixed`.
    pub(super) fn summary(&self) -> String {
        let entries = || self.unreleased.values().flatten();
        let mut parts: Vec<String> = self
            .unreleased
            .iter()
            .map(|(index, entries)| {
                format!("{} {}", entries.len(), SECTIONS[*index].0.to_lowercase())
            })
            .collect();
        let breaking = entries().filter(|entry| is_breaking(entry)).count();
        if breaking > 0 {
            parts.push(format!("{breaking} of them breaking"));
        }
        parts.join(", ")
    }

    /// Adds an entry under `Changed`, a sentence.
    pub(super) fn add_changed(&mut self, sentence: &str) {
        let entries = self.unreleased.entry(CHANGED).or_default();
        entries.push(format!("- {sentence}"));
    }

    /// The changelog with its unreleased entries under a version and a date, and nothing unreleased.
    pub(super) fn close(&self, version: &Version, date: &str) -> String {
        let Self {
            before,
            unreleased,
            after,
        } = self;
        let mut text = format!("{before}{UNRELEASED}\n\n## {version} ({date})\n");
        for (index, entries) in unreleased {
            text.push_str(&format!("\n### {}\n\n", SECTIONS[*index].0));
            for entry in entries {
                text.push_str(entry);
                text.push('\n');
            }
        }
        if !after.is_empty() {
            text.push('\n');
            text.push_str(after);
        }
        text
    }
}

/// A sentence for the changelog of what uses another crate of ours.
pub(super) fn uses(name: &str, version: &Version, is_compatible: bool) -> String {
    match is_compatible {
        true => format!("Uses {name} {version}."),
        false => {
            format!("{BREAKING} uses {name} {version}, whose changelog says what to write instead.")
        }
    }
}

fn is_breaking(entry: &str) -> bool {
    entry.starts_with(&format!("- {BREAKING}"))
}

/// Whether an entry begins as if it announced something that breaks, in whatever letters.
fn sounds_breaking(entry: &str) -> bool {
    let letters = entry.trim_start_matches(|c: char| !c.is_alphabetic());
    let first = letters.get(.."breaking".len());
    first.is_some_and(|first| first.eq_ignore_ascii_case("breaking"))
}

fn section_of(title: &str) -> Result<usize> {
    let found = SECTIONS.iter().position(|(name, _)| *name == title);
    found.with_context(|| {
        let known = SECTIONS.map(|(name, _)| name).join(", ");
        format!("no section is called `{title}`; there are {known}")
    })
}

#[cfg(test)]
mod tests {
    use super::{Changelog, uses};
    use crate::release::version::Need;

    const TEXT: &str = "# Changelog\n\n## Unreleased\n\n### Fixed\n\n- A fault.\n\n### Added\n\n- A thing that takes\n  two lines.\n\n  And a paragraph.\n- \
                        Another.\n\n## 0.1.0 (2026-01-02)\n\n### Added\n\n- Breaking: old.\n";

    fn parse(text: &str) -> Changelog {
        Changelog::parse(text).expect("a changelog")
    }

    #[test]
    fn closing_moves_the_entries_under_the_version_and_keeps_the_rest() {
        let mut changelog = parse(TEXT);
        changelog.add_changed(&uses("kernel", &"0.2.0".parse().expect("a version"), true));
        let closed = changelog.close(&"0.1.1".parse().expect("a version"), "2026-03-04");
        assert_eq!(
            closed,
            "# Changelog\n\n## Unreleased\n\n## 0.1.1 (2026-03-04)\n\n### Added\n\n- A thing that takes\n  two lines.\n\n  \
             And a paragraph.\n- Another.\n\n### Changed\n\n- Uses kernel 0.2.0.\n\n### Fixed\n\n- A fault.\n\n## 0.1.0 (2026-01-02)\n\n### \
             Added\n\n- Breaking: old.\n"
        );
        let again = parse(&closed);
        assert_eq!((again.need(), again.summary().as_str()), (None, ""));
    }

    #[test]
    fn the_strongest_entry_says_what_the_next_version_must_be() {
        assert_eq!(parse(TEXT).need(), Some(Need::Feature));
        assert_eq!(parse(TEXT).summary(), "2 added, 1 fixed");
        let of = |body: &str| parse(&format!("# Changelog\n\n## Unreleased\n{body}"));
        assert_eq!(of("").need(), None);
        assert_eq!(of("\n### Added\n").need(), None);
        assert_eq!(of("\n### Security\n\n- S.\n").need(), Some(Need::Fix));
        assert_eq!(of("\n### Removed\n\n- R.\n").need(), Some(Need::Breaking));
        let breaking = of("\n### Fixed\n\n- F.\n- Breaking: write x instead.\n");
        assert_eq!(breaking.need(), Some(Need::Breaking));
        assert_eq!(breaking.summary(), "2 fixed, 1 of them breaking");
    }

    #[test]
    fn what_nobody_would_find_again_is_refused() {
        for (text, complaint) in [
            ("# Changelog\n", "it has no heading `## Unreleased`"),
            (
                "## 0.1.0\n\n## Unreleased\n",
                "line 1: `## Unreleased` must be the first of the versions",
            ),
            (
                "## Unreleased\n\n- An entry.\n",
                "line 3: no `### ` above it",
            ),
            (
                "## Unreleased\n\n### Improved\n",
                "line 3: no section is called `Improved`; there are Added, Changed, Deprecated, Removed, Fixed, Security",
            ),
            (
                "## Unreleased\n\n### Fixed\n\nProse.\n",
                "line 5: an entry begins with `- `, its further lines with two spaces",
            ),
            (
                "## Unreleased\n\n### Fixed\n\n- A.\n\n### Fixed\n",
                "line 7: `Fixed` stands there twice",
            ),
            (
                "## Unreleased\n\n### Fixed\n\n- **Breaking change**: a.\n",
                "line 5: write `- Breaking: …`, which is what the next version is decided by",
            ),
        ] {
            let error = Changelog::parse(text).expect_err(text);
            assert_eq!(format!("{error:#}"), complaint);
        }
    }
}
