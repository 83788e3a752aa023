//! Guards which foreign crates' types stand in the signatures of the published crates: their majors become ours.
//!
//! The public API is what rustdoc says it is, as JSON. That is an unstable output, for which the pinned compiler is told to
//! take unstable flags; what is built so has a directory of its own. Nothing of the API depends on the TLS stack, which takes
//! longer to build than all the rest, so that it stays out.

mod agreed;
mod api;

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, Result};
use xshell::cmd;

use self::agreed::{AGREED, PROVIDER};
use self::api::Api;
use crate::report::{Outcome, verdict};
use crate::workspace::{Workspace, features_of, providers, root};

/// What rustdoc writes into.
const PLACE: &str = "target/external-types";

/// The feature that brings the TLS stack.
const TLS: &str = "rustls";

/// Where a crate's types stand in the public API of one of ours.
type Sightings = BTreeMap<(String, String), Vec<String>>;

/// Asks rustdoc for the public API of every published crate, and compares what is foreign in it with what was agreed.
pub(super) fn check(workspace: &Workspace) -> Result<Outcome> {
    let libraries = workspace.libraries();
    let mut arguments = Vec::new();
    for package in &libraries {
        let name = package.name.as_str();
        arguments.extend(["-p".to_owned(), name.to_owned()]);
        for feature in features_of(package).into_iter().filter(|it| *it != TLS) {
            arguments.extend(["--features".to_owned(), format!("{name}/{feature}")]);
        }
    }
    cmd!(
        workspace.shell,
        "cargo doc --no-deps --no-default-features --target-dir {PLACE} {arguments...}"
    )
    .env("RUSTC_BOOTSTRAP", "1")
    .env("RUSTDOCFLAGS", "-Z unstable-options --output-format json")
    .run()?;
    let mut sightings = Sightings::new();
    for package in &libraries {
        let name = package.name.as_str();
        let path = root()?
            .join(PLACE)
            .join("doc")
            .join(name.replace('-', "_"))
            .with_extension("json");
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let api = Api::read(&text).with_context(|| path.display().to_string())?;
        for (foreign, places) in api.foreign() {
            sightings.insert((name.to_owned(), foreign), places);
        }
    }
    let names: Vec<&str> = libraries.iter().map(|it| it.name.as_str()).collect();
    verdict(&offenses(&sightings, AGREED, &names, &providers()?))?;
    let foreign: Vec<_> = AGREED.iter().map(|(foreign, ..)| *foreign).collect();
    Ok(Outcome::Passed(foreign.join(", ")))
}

/// What stands in an API without having been agreed, and what was agreed and stands nowhere.
fn offenses(
    sightings: &Sightings,
    agreed: &[(&str, &[&str], &str)],
    ours: &[&str],
    providers: &[String],
) -> Vec<String> {
    let is_provider = |our: &str| providers.iter().any(|it| it == our);
    let mut offenses = Vec::new();
    for ((our, foreign), places) in sightings {
        let is_agreed = agreed.iter().any(|(name, of, _)| {
            let of_providers = of.contains(&PROVIDER) && is_provider(our);
            name == foreign && (of.contains(&our.as_str()) || of_providers)
        });
        if !is_agreed && !ours.iter().any(|name| name.replace('-', "_") == *foreign) {
            let first = places.first().map_or("", String::as_str);
            offenses.push(format!(
                "{foreign} stands in the public API of {our} at {} places, the first is {first}: hide it behind a type of \
                 ours, or agree on it, with the reason, in xtask/src/check/external_types/agreed.rs",
                places.len()
            ));
        }
    }
    for (foreign, of, _) in agreed {
        let all = providers.iter().map(String::as_str);
        let all = all.filter(|_| of.contains(&PROVIDER));
        for our in of.iter().copied().filter(|it| *it != PROVIDER).chain(all) {
            if !sightings.contains_key(&(our.to_owned(), (*foreign).to_owned())) {
                offenses.push(format!(
                    "{foreign} no longer stands in the public API of {our}: take it out of \
                     xtask/src/check/external_types/agreed.rs"
                ));
            }
        }
    }
    offenses
}

#[cfg(test)]
mod tests {
    use super::{AGREED, Sightings, offenses};

    const TABLE: &[(&str, &[&str], &str)] = &[("http", &["auth-core"], "words of HTTP")];

    fn seen(pairs: &[(&str, &str)]) -> Sightings {
        let place = vec!["crates/auth-core/src/http.rs:3 `send`".to_owned()];
        let pairs = pairs.iter();
        pairs
            .map(|(our, foreign)| (((*our).to_owned(), (*foreign).to_owned()), place.clone()))
            .collect()
    }

    fn told(pairs: &[(&str, &str)]) -> Vec<String> {
        offenses(
            &seen(pairs),
            TABLE,
            &["auth-core", "comm100"],
            &["comm100".to_owned()],
        )
    }

    #[test]
    fn what_was_agreed_and_what_is_ours_passes() {
        let pairs = [("auth-core", "http"), ("comm100", "auth_core")];
        assert_eq!(told(&pairs), [""; 0]);
    }

    #[test]
    fn what_was_not_agreed_is_told_with_its_place_for_each_of_ours() {
        let pairs = [
            ("auth-core", "http"),
            ("auth-core", "reqwest"),
            ("comm100", "http"),
        ];
        let told = told(&pairs);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].starts_with("reqwest stands in the public API of auth-core"));
        assert!(told[0].contains("http.rs:3 `send`"), "{told:?}");
        assert!(told[1].starts_with("http stands in the public API of comm100"));
    }

    #[test]
    fn what_was_agreed_in_vain_is_told() {
        let told = told(&[]);
        assert!(told[0].starts_with("http no longer stands"), "{told:?}");
    }

    #[test]
    fn every_agreement_has_its_reason_and_is_made_once() {
        let mut names: Vec<_> = AGREED.iter().map(|(name, ..)| *name).collect();
        assert!(names.is_sorted(), "{names:?}");
        names.dedup();
        assert_eq!(names.len(), AGREED.len());
        assert!(
            AGREED
                .iter()
                .all(|(_, of, reason)| !of.is_empty() && !reason.is_empty())
        );
    }
}
