//! Guards who depends on whom: crates, rooms of auth-core, and foreign crates.

mod arrows;
mod imports;
mod rooms;
mod tokens;
mod tree;

use std::fs;

use anyhow::{Context as _, Result};
use xshell::cmd;

use self::imports::Source;
use crate::check::files::rust_files;
use crate::report::{Outcome, verdict};
use crate::workspace::{Workspace, providers, read, root};

/// Runs every guard and names all offenses together.
pub(super) fn check(workspace: &Workspace) -> Result<Outcome> {
    let providers = providers()?;
    let mut offenses = arrows::offenses(&arrows::of(&workspace.packages()), &providers);
    let sources = core_sources()?;
    offenses.extend(imports::offenses(&sources));
    offenses.extend(vendor_names(&sources, &providers));
    let mut counts = Vec::new();
    for provider in &providers {
        let tree = cmd!(
            workspace.shell,
            "cargo tree -p {provider} -e normal --prefix none --no-dedupe"
        );
        let crates = tree::parse(&read(&tree)?);
        offenses.extend(tree::offenses(provider, &crates, &providers));
        counts.push(format!("{provider} {}", tree::count(&crates)));
    }
    verdict(&offenses)?;
    Ok(Outcome::Passed(format!(
        "crates in a program: {}",
        counts.join(", ")
    )))
}

/// Where auth-core has a word that is to become the name of a provider.
pub(crate) fn in_core(name: &str) -> Result<Vec<String>> {
    Ok(vendor_names(&core_sources()?, &[name.to_owned()]))
}

/// The files of auth-core, by their paths below `src`.
fn core_sources() -> Result<Vec<Source>> {
    let directory = root()?.join("crates/auth-core/src");
    let mut sources = Vec::new();
    for path in rust_files(&directory)? {
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        sources.push(Source {
            path: path.strip_prefix(&directory)?.to_owned(),
            text,
        });
    }
    Ok(sources)
}

/// Lines of auth-core, code or documentation, that name a vendor.
fn vendor_names(sources: &[Source], providers: &[String]) -> Vec<String> {
    let mut offenses = Vec::new();
    for Source { path, text } in sources {
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.to_lowercase();
            offenses.extend(
                providers
                    .iter()
                    .filter(|vendor| line.contains(*vendor))
                    .map(|vendor| {
                        let path = path.display();
                        format!(
                            "auth-core/src/{path}:{number} names {vendor}: \
                         say what is particular as data of a dialect, in the provider's crate"
                        )
                    }),
            );
        }
    }
    offenses
}

#[cfg(test)]
mod tests {
    use super::{Source, vendor_names};

    #[test]
    fn a_vendor_is_found_in_code_and_in_comments_whatever_its_case() {
        let source = |text: &str| Source {
            path: "http.rs".into(),
            text: text.to_owned(),
        };
        let vendors = ["comm100".to_owned(), "webcommander".to_owned()];
        let harmless = source("// Any vendor.\nfn send() {}");
        assert!(vendor_names(&[harmless], &vendors).is_empty());
        let source = source("\n/// As Comm100 does.\nconst IS_WEBCOMMANDER: ();");
        let offenses = vendor_names(&[source], &vendors);
        assert_eq!(offenses.len(), 2);
        assert!(
            offenses[0].starts_with("auth-core/src/http.rs:2 names comm100"),
            "{offenses:?}"
        );
    }
}
