//! Compares what published crates tell the registry and docs.rs with what they are.

use std::fs;

use cargo_metadata::Package;

use crate::workspace::{Workspace, features_of, root};

/// The registry's limits: this many keywords and categories, and this many letters in a keyword.
const MOST: usize = 5;
const LONGEST: usize = 20;

/// Each package carries them, for both licenses ask that their text goes along: copies of those of the root, or links to
/// them, which cargo packages as files.
pub(crate) const LICENSES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

/// What is missing or wrong in the manifests of the crates that are published.
pub(super) fn offenses(workspace: &Workspace) -> Vec<String> {
    let published = workspace.libraries().into_iter();
    published.flat_map(offenses_of).collect()
}

fn offenses_of(package: &Package) -> Vec<String> {
    let mut found = Vec::new();
    let name = package.name.as_str();
    for (what, words) in [
        ("keywords", &package.keywords),
        ("categories", &package.categories),
    ] {
        if words.is_empty() || words.len() > MOST {
            let count = words.len();
            found.push(format!("{name} has {count} {what}: give it 1 to {MOST}"));
        }
    }
    for keyword in package.keywords.iter().filter(|it| it.len() > LONGEST) {
        found.push(format!(
            "{name}'s keyword `{keyword}` has over {LONGEST} letters"
        ));
    }
    if package.description.is_none() {
        found.push(format!("{name} has no description"));
    }
    if package.readme.is_none() {
        found.push(format!("{name} has no readme"));
    }
    for license in LICENSES {
        // A checkout that knows no links has a short file with the path in their place.
        let own = fs::read(package.manifest_path.with_file_name(license)).ok();
        let text = root()
            .ok()
            .and_then(|root| fs::read(root.join(license)).ok());
        if own.is_none() || own != text {
            found.push(format!(
                "{name} has no {license} like the root's: `ln -s ../../{license} crates/{name}/`"
            ));
        }
    }
    let mut built: Vec<&str> = package.metadata["docs"]["rs"]["features"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|feature| feature.as_str())
        .collect();
    built.sort_unstable();
    let mut wanted = features_of(package);
    wanted.sort_unstable();
    if built != wanted {
        found.push(format!(
            "{name}: `features` of [package.metadata.docs.rs] should be {wanted:?}"
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{offenses, offenses_of};
    use crate::workspace::Workspace;

    #[test]
    fn published_crates_say_what_they_are() {
        let workspace = Workspace::open().expect("a workspace");
        assert_eq!(offenses(&workspace), [""; 0]);
    }

    #[test]
    fn what_is_missing_is_told() {
        let workspace = Workspace::open().expect("a workspace");
        let mut package = workspace.package("auth-core").expect("a package").clone();
        package.keywords = vec!["a-keyword-that-is-too-long".to_owned()];
        package.categories.clear();
        package.description = None;
        package.manifest_path = package.manifest_path.with_file_name("elsewhere/Cargo.toml");
        package.metadata["docs"]["rs"]["features"] = serde_json::json!(["rustls"]);
        let told = offenses_of(&package);
        assert_eq!(told.len(), 6, "{told:?}");
    }
}
