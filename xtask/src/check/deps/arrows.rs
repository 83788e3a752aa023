//! Guards which crate may name which in its manifest.

use std::fmt;

use cargo_metadata::{DependencyKind, Package};

/// Stands for every provider in the tables.
const PROVIDER: &str = "a provider";

/// Who may depend on whom among ours, in programs as shipped.
const ALLOWED: &[(&str, &[&str])] = &[
    ("auth-core", &[]),
    // Its programs are the examples of comm100, which talk to the sandbox by default.
    ("browser", &["comm100", "vendor-sandbox"]),
    ("canary", &[]),
    ("demo", &[PROVIDER, "vendor-sandbox"]),
    ("hostile", &[]),
    ("invariants", &["auth-core", "canary"]),
    (PROVIDER, &["auth-core"]),
    ("trials", &["comm100", "webcommander"]),
    ("vendor-sandbox", &[]),
    ("walk", &["auth-core", "canary", "vendor-sandbox"]),
    ("xtask", &[]),
];

/// Who may depend on whom in tests and examples, besides the above.
const ALLOWED_IN_TESTS: &[(&str, &[&str])] = &[
    ("auth-core", &["canary", "vendor-sandbox"]),
    ("hostile", &["auth-core", PROVIDER]),
    (PROVIDER, &["canary", "vendor-sandbox", "walk"]),
    ("trials", &["vendor-sandbox"]),
];

/// Foreign crates that only one of ours may name, in tests too.
const FOREIGN: &[(&str, &str)] = &[("oauth2", "auth-core"), ("reqwest", "auth-core")];

/// One line of a manifest.
#[derive(Debug)]
pub(super) struct Arrow {
    from: String,
    to: String,
    kind: DependencyKind,
    /// It points to a directory of this workspace, not to a registry.
    is_ours: bool,
}

impl fmt::Display for Arrow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, kind, .. } = self;
        write!(f, "{from} -> {to} ({kind})")
    }
}

/// Every dependency that the workspace's manifests declare.
pub(super) fn of(packages: &[&Package]) -> Vec<Arrow> {
    let arrows = packages.iter().flat_map(|package| {
        package.dependencies.iter().map(|dependency| Arrow {
            from: package.name.to_string(),
            to: dependency.name.clone(),
            kind: dependency.kind,
            is_ours: dependency.path.is_some(),
        })
    });
    arrows.collect()
}

/// The arrows that nobody agreed to, and the crates that the table doesn't know.
pub(super) fn offenses(arrows: &[Arrow], providers: &[String]) -> Vec<String> {
    let mut offenses = Vec::new();
    for arrow in arrows {
        if arrow.is_ours && !is_allowed(arrow, providers) {
            offenses.push(format!(
                "{arrow} is no agreed arrow: remove it from crates/{}/Cargo.toml, \
                 or agree on it in the tables of xtask/src/check/deps/arrows.rs",
                arrow.from
            ));
        }
        for (foreign, owner) in FOREIGN {
            if arrow.to == *foreign && arrow.from != *owner {
                offenses.push(format!(
                    "{arrow}: only {owner} may name {foreign}: use what {owner} offers instead"
                ));
            }
        }
    }
    offenses
}

fn is_allowed(arrow: &Arrow, providers: &[String]) -> bool {
    let is = |name: &str, entry: &str| {
        name == entry || entry == PROVIDER && providers.iter().any(|it| it == name)
    };
    let lists = |table: &[(&str, &[&str])]| {
        table
            .iter()
            .any(|(from, to)| is(&arrow.from, from) && to.iter().any(|to| is(&arrow.to, to)))
    };
    lists(ALLOWED) || (arrow.kind == DependencyKind::Development && lists(ALLOWED_IN_TESTS))
}

#[cfg(test)]
mod tests {
    use cargo_metadata::DependencyKind::{self, Build, Development, Normal};

    use super::{Arrow, offenses};

    fn count(from: &str, to: &str, kind: DependencyKind, is_ours: bool) -> usize {
        let (from, to) = (from.to_owned(), to.to_owned());
        let arrow = Arrow {
            from,
            to,
            kind,
            is_ours,
        };
        let providers = ["comm100", "communic8", "webcommander"].map(str::to_owned);
        offenses(&[arrow], &providers).len()
    }

    #[test]
    fn the_agreed_arrows_pass() {
        assert_eq!(count("comm100", "auth-core", Normal, true), 0);
        assert_eq!(count("comm100", "auth-core", Development, true), 0);
        assert_eq!(count("comm100", "vendor-sandbox", Development, true), 0);
        assert_eq!(count("browser", "vendor-sandbox", Normal, true), 0);
        assert_eq!(count("demo", "vendor-sandbox", Normal, true), 0);
        assert_eq!(count("hostile", "webcommander", Development, true), 0);
        assert_eq!(count("trials", "vendor-sandbox", Development, true), 0);
        assert_eq!(count("auth-core", "reqwest", Normal, false), 0);
        assert_eq!(count("xtask", "anyhow", Normal, false), 0);
    }

    #[test]
    fn every_other_arrow_among_ours_fails() {
        for (from, to, kind) in [
            ("comm100", "communic8", Normal),
            ("comm100", "communic8", Development),
            ("browser", "auth-core", Development),
            ("comm100", "vendor-sandbox", Normal),
            ("webcommander", "vendor-sandbox", Build),
            ("auth-core", "comm100", Development),
            ("hostile", "comm100", Normal),
            ("comm100", "hostile", Development),
            ("vendor-sandbox", "auth-core", Normal),
            ("xtask", "auth-core", Development),
            ("newcomer", "auth-core", Normal),
        ] {
            assert_eq!(count(from, to, kind, true), 1, "{from} -> {to} ({kind})");
        }
    }

    #[test]
    fn only_auth_core_names_the_engine_and_the_transport() {
        assert_eq!(count("comm100", "reqwest", Normal, false), 1);
        assert_eq!(count("vendor-sandbox", "reqwest", Development, false), 1);
        assert_eq!(count("demo", "oauth2", Normal, false), 1);
    }
}
