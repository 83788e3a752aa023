//! Adds the new provider to files that are there: each place is found by what stands around it, before anything is written.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use xshell::Shell;

use super::answers::{Answers, Grant};
use super::render::{Filling, formatted};

/// A file with its new text.
#[derive(Debug, PartialEq)]
pub(super) struct Edit {
    pub(super) path: String,
    pub(super) before: String,
    pub(super) after: String,
}

/// Where something is added, and what.
struct Insertion {
    path: &'static str,
    /// What it is found by, for whoever has to do it by hand.
    anchor: &'static str,
    text: String,
    place: Place,
}

enum Place {
    /// Before the anchor, which stands there once.
    Before,
    /// After the last row of the table that has the anchor as its heading.
    EndOfTable,
    /// In the alphabetical list of lines that begin with the anchor.
    Sorted,
    /// Before the next end of a list after the anchor.
    EndOfList,
    /// After the last link that begins with the anchor.
    AfterLinks,
    /// Among what was added since the last release, in the changelog that has the anchor as its heading.
    Changelog,
    /// Before the last line of the file, which is the anchor.
    BeforeEnd,
}

const SANDBOX: &str = "crates/vendor-sandbox";

/// All edits, none of them written yet.
pub(super) fn edits(
    root: &Path,
    shell: &Shell,
    filling: &Filling,
    answers: &Answers,
) -> Result<Vec<Edit>> {
    let mut edits: Vec<Edit> = Vec::new();
    for insertion in insertions(answers) {
        let text = filling.fill(&insertion.text)?;
        let path = insertion.path;
        let at = match edits.iter().position(|edit| edit.path == path) {
            Some(at) => at,
            None => {
                let before =
                    fs::read_to_string(root.join(path)).with_context(|| path.to_owned())?;
                let (path, after) = (path.to_owned(), before.clone());
                edits.push(Edit {
                    path,
                    before,
                    after,
                });
                edits.len() - 1
            }
        };
        let Some(after) = insertion.added_to(&edits[at].after, &text) else {
            bail!(
                "{path} has no `{}` any more, so that nothing was written: restore it, or add this by hand and teach \
                 xtask/src/new_provider/insert.rs the new place:\n{text}",
                insertion.anchor.trim()
            );
        };
        edits[at].after = after;
    }
    for edit in &mut edits {
        if edit.path.ends_with(".rs") {
            edit.after = formatted(shell, &edit.path, &edit.after)?;
        }
    }
    Ok(edits)
}

impl Insertion {
    /// The file's text with the insertion; `None` where the place isn't found.
    fn added_to(&self, file: &str, text: &str) -> Option<String> {
        let at = match self.place {
            Place::Before => {
                let (before, rest) = file.split_once(self.anchor)?;
                (!rest.contains(self.anchor)).then_some(before.len())?
            }
            Place::EndOfTable => {
                let start = file.find(self.anchor)?;
                let rest = &file[start..];
                start + rest.find("\n\n")? + 1
            }
            Place::Sorted => {
                let mut at = None;
                let mut end = 0;
                for line in file.split_inclusive('\n') {
                    let is_later = line.trim_end() > text.trim_end();
                    if line.starts_with(self.anchor) && (!is_later || at.is_none()) {
                        at = Some(if is_later { end } else { end + line.len() });
                    }
                    end += line.len();
                }
                at?
            }
            Place::EndOfList => {
                let start = file.find(self.anchor)?;
                start + file[start..].find("\n];")? + 1
            }
            Place::AfterLinks => {
                let start = file.rfind(self.anchor)?;
                start + file[start..].find(')')? + 1
            }
            Place::Changelog => {
                let start = file.find(self.anchor)? + self.anchor.len();
                let section = file[start..].split("\n## ").next()?;
                let added = "\n### Added\n\n";
                let Some(at) = section.find(added) else {
                    let (before, rest) = file.split_at(start);
                    return Some(format!("{before}{added}{text}{rest}"));
                };
                let list = start + at + added.len();
                let end = file[list..].find("\n\n").map(|end| end + 1);
                list + end.unwrap_or(file.len() - list)
            }
            Place::BeforeEnd => {
                let body = file.strip_suffix(self.anchor)?;
                body.len()
            }
        };
        let (before, rest) = file.split_at(at);
        Some(format!("{before}{text}{rest}"))
    }
}

fn insertions(answers: &Answers) -> Vec<Insertion> {
    let insertion = |path, place, anchor, text: &str| Insertion {
        path,
        anchor,
        text: text.to_owned(),
        place,
    };
    let (setup, call, needs, constants, secrets) = match answers.grant {
        Grant::ClientCredentials => (
            "client credentials",
            "`client_credentials(id, secret)`",
            "",
            format!("{CLIENT}{SECRET}"),
            "    {{NAME}}_CLIENT_SECRET,\n",
        ),
        Grant::AuthorizationCode if answers.has_secret() => (
            "authorization code",
            "`authorization_request()`, `authorization_code(code)`",
            "`oauth_client` with secret and redirect URI",
            format!("{CLIENT}{SECRET}{PERSON}"),
            "    {{NAME}}_CLIENT_SECRET,\n    {{NAME}}_PASSWORD,\n",
        ),
        Grant::AuthorizationCode => (
            "authorization code",
            "`authorization_request()`, `authorization_code(code)`",
            "`oauth_client` with redirect URI",
            format!("{CLIENT}{PERSON}"),
            "    {{NAME}}_PASSWORD,\n",
        ),
        Grant::StaticKey => (
            "API key",
            "`api_key(key)`",
            "",
            KEY.to_owned(),
            "    {{NAME}}_API_KEY,\n",
        ),
    };
    let endpoint = match answers.grant {
        Grant::ClientCredentials => "`POST {{token_path}}`",
        Grant::AuthorizationCode => "`POST {{token_path}}`, `GET {{authorize_path}}`",
        Grant::StaticKey => "-",
    };
    vec![
        insertion(
            "Cargo.toml",
            Place::Before,
            "canary = { path = \"crates/canary\"",
            "{{name}} = { path = \"crates/{{name}}\", version = \"{{version}}\", default-features = false }\n",
        ),
        insertion(
            "README.md",
            Place::AfterLinks,
            "](docs/guides/",
            ", [{{Title}}](docs/guides/{{name}}.md)",
        ),
        insertion(
            "README.md",
            Place::EndOfTable,
            "| vendor | generation | sign-in |",
            &format!("| {{{{Title}}}} | | {setup} | {call} | {needs} | |\n"),
        ),
        insertion(
            "README.md",
            Place::EndOfTable,
            "| crate | areas on by default |",
            "| {{name}} | `{{area}}` | |\n",
        ),
        Insertion {
            path: "crates/vendor-sandbox/src/credentials.rs",
            place: Place::Before,
            anchor: "/// Those of these values that open something",
            text: constants,
        },
        insertion(
            "crates/vendor-sandbox/src/credentials.rs",
            Place::EndOfList,
            "pub const SECRETS: &[&str] = &[",
            secrets,
        ),
        insertion(
            "crates/vendor-sandbox/src/lib.rs",
            Place::Sorted,
            "mod ",
            "mod {{name}};\n",
        ),
        insertion(
            "crates/vendor-sandbox/src/vendors.rs",
            Place::BeforeEnd,
            "}\n",
            &ROW.replace("SETUP", setup),
        ),
        insertion(
            "crates/vendor-sandbox/README.md",
            Place::EndOfTable,
            "| `Host` | plays | token endpoint |",
            &format!("| `{{{{Title}}}}` | the server of {{{{Title}}}} | {endpoint} |\n"),
        ),
        insertion(
            "crates/vendor-sandbox/CHANGELOG.md",
            Place::Changelog,
            "## Unreleased\n",
            "- {{Title}}: `Host::{{Title}}`, `Setup::{{Title}}`, its accounts and its operations.\n",
        ),
    ]
}

const CLIENT: &str = "/// {{Title}} application.\n\
    pub const {{NAME}}_CLIENT_ID: &str = \"sandbox-client\";\n";
const SECRET: &str = "/// Secret of the {{Title}} application.\n\
    pub const {{NAME}}_CLIENT_SECRET: &str = \"fake+client/secret:50%&x=ü\";\n";
const PERSON: &str = "/// Redirect URI registered for the {{Title}} application.\n\
    pub const {{NAME}}_REDIRECT_URI: &str = \"https://app.example.com/callback\";\n\
    /// Email of the person who signs in to {{Title}}.\n\
    pub const {{NAME}}_EMAIL: &str = \"person@example.com\";\n\
    /// Password of that person.\n\
    pub const {{NAME}}_PASSWORD: &str = \"person+pass/word:%43&d=é\";\n";
const KEY: &str = "/// Key of {{Title}}. ASCII, since it travels in a header.\n\
    pub const {{NAME}}_API_KEY: &str = \"fake+key/of:75%&y==\";\n";

/// The row of the sandbox's table of vendors.
const ROW: &str = "
    /// {{Title}}.
    {{Title}} = {{name}} {
        hosts {
            /// The server of {{Title}}.
            {{Title}} = \"{{name}}\",
        }
        setups {
            /// {{Title}} with {{sign_in}}.
            {{Title}} = \"{{Title}}, SETUP\",
        }
        documents {
            \"{{name}}\" on {{Title}},
        }
    }
";

/// How many hosts the sandbox has.
pub(super) fn hosts(root: &Path) -> Result<u16> {
    let path = format!("{SANDBOX}/src/vendors.rs");
    let text = fs::read_to_string(root.join(&path)).context(path)?;
    let mut hosts = 0;
    let mut is_inside = false;
    for line in text.lines().map(str::trim) {
        is_inside &= line != "}";
        hosts += u16::from(is_inside && line.contains(" = \""));
        is_inside |= line == "hosts {";
    }
    Ok(hosts)
}

#[cfg(test)]
mod tests {
    use super::{Insertion, Place};

    fn inserted(place: Place, anchor: &'static str, file: &str, text: &str) -> Option<String> {
        let insertion = Insertion {
            path: "a",
            anchor,
            text: String::new(),
            place,
        };
        insertion.added_to(file, text)
    }

    #[test]
    fn each_place_is_found_by_what_stands_around_it() {
        for (place, anchor, file, text, after) in [
            (Place::Before, "b", "a\nb\n", "x\n", "a\nx\nb\n"),
            (
                Place::EndOfTable,
                "| h |",
                "| h |\n|-|\n| 1 |\n\nz",
                "| 2 |\n",
                "| h |\n|-|\n| 1 |\n| 2 |\n\nz",
            ),
            (
                Place::Sorted,
                "mod ",
                "mod a;\nmod c;\n",
                "mod b;\n",
                "mod a;\nmod b;\nmod c;\n",
            ),
            (
                Place::Sorted,
                "mod ",
                "x\nmod b;\nmod c;\n",
                "mod a;\n",
                "x\nmod a;\nmod b;\nmod c;\n",
            ),
            (
                Place::Sorted,
                "mod ",
                "mod a;\nmod b;\n",
                "mod c;\n",
                "mod a;\nmod b;\nmod c;\n",
            ),
            (
                Place::EndOfList,
                "L",
                "L = [\n    A,\n];\n",
                "    B,\n",
                "L = [\n    A,\n    B,\n];\n",
            ),
            (
                Place::Changelog,
                "## U\n",
                "## U\n\n### Added\n\n- a\n\n## 1\n",
                "- b\n",
                "## U\n\n### Added\n\n- a\n- b\n\n## 1\n",
            ),
            (
                Place::Changelog,
                "## U\n",
                "## U\n\n## 1\n\n### Added\n\n- a\n",
                "- b\n",
                "## U\n\n### Added\n\n- b\n\n## 1\n\n### Added\n\n- a\n",
            ),
            (
                Place::AfterLinks,
                "](g/",
                "[A](g/a.md).",
                ", [B](g/b.md)",
                "[A](g/a.md), [B](g/b.md).",
            ),
            (
                Place::BeforeEnd,
                "}\n",
                "m! {\n    r\n}\n",
                "    s\n",
                "m! {\n    r\n    s\n}\n",
            ),
        ] {
            assert_eq!(inserted(place, anchor, file, text).as_deref(), Some(after));
        }
    }

    #[test]
    fn a_place_that_is_gone_is_none_and_one_that_is_double_too() {
        for place in [
            Place::Before,
            Place::EndOfTable,
            Place::Sorted,
            Place::EndOfList,
            Place::AfterLinks,
            Place::Changelog,
            Place::BeforeEnd,
        ] {
            assert_eq!(inserted(place, "anchor", "something else\n", "x"), None);
        }
        assert_eq!(inserted(Place::Before, "b", "b b", "x"), None);
    }
}
