//! Guards what a provider brings into its integrators' programs.

use std::collections::BTreeSet;

/// So many crates may a minimal program have, itself included.
const LIMIT: usize = 135;

/// Needed once, in one version: the transport, the TLS stack and the crypto provider.
const ONCE: &[&str] = &["aws-lc-rs", "reqwest", "rustls"];

/// A second TLS stack or crypto provider, or what belongs to tests.
const NEVER: &[&str] = &[
    "native-tls",
    "openssl",
    "openssl-sys",
    "ring",
    "vendor-sandbox",
];

/// The crates that `cargo tree --prefix none --no-dedupe` lists, each once: `name vX.Y.Z …`.
pub(super) fn parse(tree: &str) -> BTreeSet<String> {
    let lines = tree.lines().filter(|line| !line.trim().is_empty());
    lines
        .map(|line| line.replace(" (proc-macro)", "").replace(" (*)", ""))
        .collect()
}

/// The number of crates in a program that uses the provider and an async `main`.
pub(super) fn count(crates: &BTreeSet<String>) -> usize {
    let macros = usize::from(versions(crates, "tokio-macros") == 0);
    crates.len() + macros + 1
}

/// What the tree has and shouldn't, or hasn't and should.
pub(super) fn offenses(
    provider: &str,
    crates: &BTreeSet<String>,
    providers: &[String],
) -> Vec<String> {
    let why = |name: &str| format!("see `cargo tree -p {provider} -e normal -i {name}`");
    let mut offenses = Vec::new();
    for other in providers.iter().filter(|other| *other != provider) {
        if versions(crates, other) > 0 {
            offenses.push(format!("{provider} brings {other}: {}", why(other)));
        }
    }
    for name in NEVER {
        if versions(crates, name) > 0 {
            offenses.push(format!(
                "{provider} brings {name} by default: {}",
                why(name)
            ));
        }
    }
    for name in ONCE {
        let found = versions(crates, name);
        if found != 1 {
            offenses.push(format!(
                "{provider} brings {found} versions of {name} by default instead of one: {}",
                why(name)
            ));
        }
    }
    let count = count(crates);
    if count > LIMIT {
        offenses.push(format!(
            "a program with {provider} has {count} crates, {LIMIT} are the limit: \
             drop a dependency or a feature of one, or make it optional"
        ));
    }
    offenses
}

fn versions(crates: &BTreeSet<String>, name: &str) -> usize {
    crates
        .iter()
        .filter(|line| line.split(' ').next() == Some(name))
        .count()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{LIMIT, count, parse};

    fn offenses(provider: &str, crates: &BTreeSet<String>) -> Vec<String> {
        super::offenses(
            provider,
            crates,
            &["comm100".to_owned(), "communic8".to_owned()],
        )
    }

    const GOOD: &str = "comm100 v0.1.0 (crates/comm100)\nauth-core v0.1.0 (crates/auth-core)\n\
        reqwest v0.13.5\nrustls v0.23.1\naws-lc-rs v1.9.0\nserde_derive v1.0.0 (proc-macro)\n\
        serde_derive v1.0.0 (proc-macro) (*)\nrustls v0.23.1\n";

    #[test]
    fn each_crate_counts_once_plus_the_program_and_its_macros() {
        assert_eq!(count(&parse(GOOD)), 6 + 2);
        assert_eq!(
            count(&parse(&format!("{GOOD}tokio-macros v2.0.0 (proc-macro)\n"))),
            7 + 1
        );
    }

    #[test]
    fn a_lean_tree_passes() {
        assert!(offenses("comm100", &parse(GOOD)).is_empty());
    }

    #[test]
    fn each_unwanted_crate_is_named() {
        for (line, name) in [
            ("communic8 v0.1.0 (crates/communic8)", "communic8"),
            ("reqwest v0.12.0", "2 versions of reqwest"),
            ("aws-lc-rs v2.0.0", "2 versions of aws-lc-rs"),
            ("ring v0.17.0", "ring"),
            ("native-tls v0.2.0", "native-tls"),
            (
                "vendor-sandbox v0.1.0 (crates/vendor-sandbox)",
                "vendor-sandbox",
            ),
        ] {
            let offenses = offenses("comm100", &parse(&format!("{GOOD}{line}\n")));
            assert_eq!(offenses.len(), 1, "{line}: {offenses:?}");
            assert!(
                offenses[0].starts_with(&format!("comm100 brings {name}")),
                "{offenses:?}"
            );
        }
    }

    #[test]
    fn a_missing_stack_is_named() {
        let without = GOOD.replace("aws-lc-rs v1.9.0\n", "");
        let offenses = offenses("comm100", &parse(&without));
        assert!(
            offenses[0].contains("0 versions of aws-lc-rs"),
            "{offenses:?}"
        );
    }

    #[test]
    fn one_crate_too_many_fails() {
        let fillers = (0..LIMIT - 8).map(|number| format!("filler{number} v1.0.0\n"));
        let tree = GOOD.to_owned() + &fillers.collect::<String>();
        assert!(offenses("comm100", &parse(&tree)).is_empty());
        let offenses = offenses("comm100", &parse(&format!("{tree}straw v1.0.0\n")));
        assert!(offenses[0].contains("has 136 crates"), "{offenses:?}");
    }
}
