//! Decides which crates are released, in which order, from which version to which, and why. Touches nothing.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use cargo_metadata::semver::Version;

use super::changelog::{Changelog, uses};
use super::crates::{Needs, in_order};
use super::version::{Level, Need, is_compatible, next, raise};

/// A crate that could be released.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) name: String,
    /// What its manifest says.
    pub(super) version: Version,
    /// The last version that was released; none yet, if none was.
    pub(super) last: Option<Version>,
    pub(super) changelog: Changelog,
    pub(super) needs: Needs,
}

/// What becomes of one crate.
#[derive(Debug)]
pub(super) struct Release {
    pub(super) name: String,
    pub(super) from: Version,
    pub(super) to: Version,
    /// In words for a person.
    pub(super) why: String,
    /// The changelog, with what is added to it; still to be closed.
    pub(super) changelog: Changelog,
}

/// The releases, each after those that it needs. `named` are the crates that a person asked for; none means all whose
/// changelogs have something unreleased. `level` is what the named ones are raised by, if the changelogs allow so little.
///
/// # Errors
/// A crate that was asked for has nothing to tell, or its manifest and its last release disagree.
pub(super) fn plan(
    mut candidates: BTreeMap<String, Candidate>,
    named: &[String],
    level: Option<Level>,
) -> Result<Vec<Release>> {
    let wanted = wanted(&candidates, named)?;
    let needs = |name: &String| (name.clone(), candidates[name].needs.clone());
    let needs: BTreeMap<_, _> = wanted.keys().map(needs).collect();
    let mut releases: Vec<Release> = Vec::new();
    for name in in_order(&needs)? {
        let candidate = candidates.remove(&name).context("each is planned once")?;
        let asked = level.filter(|_| named.contains(&name));
        let release = release(candidate, asked, &wanted[&name], &releases);
        releases.push(release.with_context(|| name)?);
    }
    Ok(releases)
}

/// The crates to release, each with why if not for its own sake.
fn wanted(
    candidates: &BTreeMap<String, Candidate>,
    named: &[String],
) -> Result<BTreeMap<String, String>> {
    let mut wanted: BTreeMap<String, String> = BTreeMap::new();
    for name in named {
        ensure!(
            candidates.contains_key(name),
            "no published crate is called `{name}`; there are {}",
            candidates.keys().cloned().collect::<Vec<_>>().join(", ")
        );
        wanted.insert(name.clone(), String::new());
    }
    if named.is_empty() {
        let tells = |candidate: &&Candidate| candidate.changelog.need().is_some();
        let telling = candidates.values().filter(tells);
        wanted.extend(telling.map(|candidate| (candidate.name.clone(), String::new())));
    }
    loop {
        let mut more = BTreeMap::new();
        for candidate in candidates.values() {
            let Candidate { name, last, .. } = candidate;
            if wanted.contains_key(name) {
                let needed = candidate.needs.all();
                let is_missing =
                    |needed: &&String| candidates.get(*needed).is_some_and(|c| c.last.is_none());
                more.extend(
                    needed
                        .filter(is_missing)
                        .map(|n| (n.clone(), format!("{name} needs it"))),
                );
            } else if last.is_some()
                && candidate
                    .needs
                    .uses
                    .iter()
                    .any(|used| wanted.contains_key(used))
            {
                more.insert(name.clone(), String::new());
            }
        }
        more.retain(|name, _| !wanted.contains_key(name));
        if more.is_empty() {
            return Ok(wanted);
        }
        wanted.extend(more);
    }
}

/// One release, after those before it are decided.
fn release(
    candidate: Candidate,
    asked: Option<Level>,
    needed_by: &str,
    before: &[Release],
) -> Result<Release> {
    let Candidate {
        name,
        version: from,
        last,
        mut changelog,
        needs,
    } = candidate;
    ensure!(
        from.pre.is_empty() && from.build.is_empty(),
        "{from} is a pre-release or has build metadata, and neither is released here: write {}.{}.{} into its manifest",
        from.major,
        from.minor,
        from.patch
    );
    let told = changelog.summary();
    let mut need = changelog.need();
    let mut why = Vec::new();
    let Some(last) = last else {
        ensure!(
            need.is_some(),
            "nothing is unreleased in its changelog: it says what the crate offers"
        );
        let to = asked.map_or_else(|| from.clone(), |level| raise(&from, level));
        why.extend(["first release".to_owned(), told, needed_by.to_owned()]);
        why.retain(|part| !part.is_empty());
        return Ok(Release {
            name,
            from,
            to,
            why: why.join("; "),
            changelog,
        });
    };
    ensure!(
        last == from,
        "its manifest says {from}, but the last release is {last}: put {last} back, the next version is found here"
    );
    if !told.is_empty() {
        why.push(told);
    }
    for other in before
        .iter()
        .filter(|other| needs.uses.contains(&other.name))
    {
        let is_compatible = is_compatible(&other.from, &other.to)?;
        changelog.add_changed(&uses(&other.name, &other.to, is_compatible));
        // Its signatures hold types of the other: what breaks there breaks here.
        need = need.max(Some(if is_compatible {
            Need::Fix
        } else {
            Need::Breaking
        }));
        why.push(format!("uses {} {}", other.name, other.to));
    }
    let need = need
        .context("nothing is unreleased in its changelog, nor is a crate that it uses released")?;
    let least = next(&from, need);
    let to = match asked {
        None => least,
        Some(level) => {
            let to = raise(&from, level);
            ensure!(
                to >= least,
                "{to} is too little for what its changelog says, which asks for {least}"
            );
            why.push(format!("--bump {level:?}").to_lowercase());
            to
        }
    };
    Ok(Release {
        name,
        from,
        to,
        why: why.join("; "),
        changelog,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Candidate, Release, plan};
    use crate::release::changelog::Changelog;
    use crate::release::crates::Needs;
    use crate::release::version::Level;

    const FIXED: &str = "### Fixed\n\n- A fault.\n";
    const ADDED: &str = "### Added\n\n- A thing.\n";
    const BREAKING: &str = "### Removed\n\n- A thing: write another.\n";

    fn candidate(name: &str, last: Option<&str>, unreleased: &str, uses: &[&str]) -> Candidate {
        Candidate {
            name: name.to_owned(),
            version: last.unwrap_or("0.1.0").parse().expect("a version"),
            last: last.map(|last| last.parse().expect("a version")),
            changelog: Changelog::parse(&format!("## Unreleased\n\n{unreleased}"))
                .expect("a changelog"),
            needs: Needs {
                uses: uses.iter().map(|&used| used.to_owned()).collect(),
                tested_with: Vec::new(),
            },
        }
    }

    fn all(candidates: Vec<Candidate>) -> BTreeMap<String, Candidate> {
        let named = |c: Candidate| (c.name.clone(), c);
        candidates.into_iter().map(named).collect()
    }

    fn told(releases: &[Release]) -> Vec<String> {
        let line = |r: &Release| format!("{} {} {}: {}", r.name, r.from, r.to, r.why);
        releases.iter().map(line).collect()
    }

    fn planned(
        candidates: Vec<Candidate>,
        named: &[&str],
        level: Option<Level>,
    ) -> Result<Vec<String>, String> {
        let named: Vec<_> = named.iter().map(|&name| name.to_owned()).collect();
        let releases = plan(all(candidates), &named, level);
        releases
            .map(|r| told(&r))
            .map_err(|error| format!("{error:#}"))
    }

    /// The kernel changed like this; alpha and beta use it, and only alpha has news of its own.
    fn house(kernel: &str) -> Vec<Candidate> {
        vec![
            candidate("alpha", Some("1.2.3"), ADDED, &["kernel"]),
            candidate("beta", Some("0.4.0"), "", &["kernel"]),
            candidate("kernel", Some("0.3.1"), kernel, &[]),
        ]
    }

    #[test]
    fn a_change_of_what_all_use_is_released_first_and_raises_all() {
        assert_eq!(
            planned(house(FIXED), &["kernel"], None).expect("a plan"),
            [
                "kernel 0.3.1 0.3.2: 1 fixed",
                "alpha 1.2.3 1.3.0: 1 added; uses kernel 0.3.2",
                "beta 0.4.0 0.4.1: uses kernel 0.3.2",
            ]
        );
    }

    #[test]
    fn what_breaks_there_breaks_here() {
        assert_eq!(
            planned(house(BREAKING), &[], None).expect("a plan"),
            [
                "kernel 0.3.1 0.4.0: 1 removed",
                "alpha 1.2.3 2.0.0: 1 added; uses kernel 0.4.0",
                "beta 0.4.0 0.5.0: uses kernel 0.4.0",
            ]
        );
    }

    #[test]
    fn one_crate_goes_alone_where_nothing_that_it_needs_is_missing() {
        assert_eq!(
            planned(house(FIXED), &["alpha"], None).expect("a plan"),
            ["alpha 1.2.3 1.3.0: 1 added"]
        );
    }

    #[test]
    fn what_was_never_released_comes_along_where_it_is_needed_and_keeps_its_version() {
        let mut alpha = candidate("alpha", None, ADDED, &["kernel"]);
        alpha.needs.tested_with.push("sandbox".to_owned());
        let house = vec![
            alpha,
            candidate("beta", None, ADDED, &["kernel"]),
            candidate("kernel", None, ADDED, &[]),
            candidate("sandbox", None, ADDED, &[]),
        ];
        assert_eq!(
            planned(house, &["alpha"], None).expect("a plan"),
            [
                "kernel 0.1.0 0.1.0: first release; 1 added; alpha needs it",
                "sandbox 0.1.0 0.1.0: first release; 1 added; alpha needs it",
                "alpha 0.1.0 0.1.0: first release; 1 added",
            ]
        );
    }

    #[test]
    fn a_person_may_ask_for_more_than_the_changelog_does_and_not_for_less() {
        assert_eq!(
            planned(house(FIXED), &["kernel"], Some(Level::Major)).expect("a plan")[0],
            "kernel 0.3.1 1.0.0: 1 fixed; --bump major"
        );
        assert_eq!(
            planned(house(BREAKING), &["kernel"], Some(Level::Patch)),
            Err(
                "kernel: 0.3.2 is too little for what its changelog says, which asks for 0.4.0"
                    .to_owned()
            )
        );
    }

    #[test]
    fn what_makes_no_release_is_refused() {
        let beta = planned(house(FIXED), &["beta"], None).expect_err("nothing to tell");
        assert!(
            beta.starts_with("beta: nothing is unreleased in its changelog"),
            "{beta}"
        );
        let wrong = planned(house(FIXED), &["gamma"], None).expect_err("no such crate");
        assert_eq!(
            wrong,
            "no published crate is called `gamma`; there are alpha, beta, kernel"
        );
        let mut ahead = candidate("kernel", Some("0.3.1"), FIXED, &[]);
        ahead.version = "0.4.0".parse().expect("a version");
        let ahead = planned(vec![ahead], &[], None).expect_err("raised by hand");
        assert!(
            ahead.contains("says 0.4.0, but the last release is 0.3.1"),
            "{ahead}"
        );
        let circle = vec![
            candidate("a", None, ADDED, &["b"]),
            candidate("b", None, ADDED, &["a"]),
        ];
        let circle = planned(circle, &[], None).expect_err("a circle");
        assert_eq!(circle, "these need each other in a circle: {\"a\", \"b\"}");
        assert!(
            planned(vec![candidate("a", Some("0.1.0"), "", &[])], &[], None)
                .expect("a plan")
                .is_empty()
        );
    }
}
