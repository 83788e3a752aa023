//! Compiles each library crate with each set of features that somebody might choose.

use anyhow::Result;
use cargo_metadata::Package;
use xshell::cmd;

use crate::report::{Outcome, verdict};
use crate::workspace::{NATIVE_TLS, Workspace, features_of};

/// Runs `cargo check` for every crate and set, and names all sets that don't compile.
pub(super) fn check(workspace: &Workspace) -> Result<Outcome> {
    let Workspace { shell, .. } = workspace;
    let has_openssl = cmd!(shell, "pkg-config --exists openssl").run().is_ok();
    let mut failures = Vec::new();
    for package in workspace.libraries() {
        let name = package.name.as_str();
        for set in &sets(package, has_openssl) {
            if cmd!(shell, "cargo check -q -p {name} {set...}")
                .run()
                .is_err()
            {
                let set = set.join(" ");
                failures.push(format!(
                    "`cargo check -p {name} {set}` fails: see its output above"
                ));
            }
        }
    }
    verdict(&failures)?;
    Ok(Outcome::Passed(match has_openssl {
        true => String::new(),
        false => "native-tls skipped: pkg-config finds no openssl".to_owned(),
    }))
}

/// The arguments of each set: the defaults, none, each feature alone, and all but native-tls.
fn sets(package: &Package, with_native_tls: bool) -> Vec<Vec<String>> {
    let mut alone = features_of(package);
    let all = alone.join(",");
    if with_native_tls && package.features.contains_key(NATIVE_TLS) {
        alone.push(NATIVE_TLS);
    }
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect();
    let mut sets = vec![Vec::new()];
    if !package.features.is_empty() {
        sets.push(words("--no-default-features"));
    }
    sets.extend(
        alone
            .iter()
            .map(|f| words(&format!("--no-default-features --features {f}"))),
    );
    if !all.is_empty() {
        sets.push(words(&format!("--features {all}")));
    }
    sets
}

#[cfg(test)]
mod tests {
    use super::sets;
    use crate::workspace::{NATIVE_TLS, Workspace, features_of};

    fn of(name: &str, with_native_tls: bool) -> Vec<String> {
        let workspace = Workspace::open().unwrap();
        let sets = sets(workspace.package(name).unwrap(), with_native_tls);
        sets.iter().map(|set| set.join(" ")).collect()
    }

    #[test]
    fn a_crate_is_compiled_with_no_feature_with_each_and_with_all() {
        let sets = of("communic8", false);
        let workspace = Workspace::open().unwrap();
        let features = features_of(workspace.package("communic8").unwrap());
        assert_eq!(sets[..2], ["", "--no-default-features"]);
        for feature in &features {
            let alone = format!("--no-default-features --features {feature}");
            assert!(sets.contains(&alone), "{alone}: {sets:?}");
        }
        assert_eq!(
            sets.last().unwrap(),
            &format!("--features {}", features.join(","))
        );
        assert_eq!(sets.len(), features.len() + 3);
        assert!(!sets.iter().any(|set| set.contains(NATIVE_TLS)));
    }

    #[test]
    fn native_tls_is_tried_alone_where_it_can_be_built() {
        let sets = of("communic8", true);
        let with: Vec<_> = sets.iter().filter(|set| set.contains(NATIVE_TLS)).collect();
        assert_eq!(with, ["--no-default-features --features native-tls"]);
    }

    #[test]
    fn a_crate_without_features_is_compiled_once() {
        assert_eq!(of("vendor-sandbox", false), [""]);
    }
}
