//! Says which version comes after another, and whether programs that use the one can use the other.

use anyhow::Result;
use cargo_metadata::semver::{Version, VersionReq};
use clap::ValueEnum;

/// What a change asks of the next version, the least first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Need {
    /// Nobody who compiles against the crate sees more than a mended fault.
    Fix,
    /// There is more than before, and all that was is still there.
    Feature,
    /// Some programs that compile no longer do, or do something else.
    Breaking,
}

/// The part of a version that is raised; what stands behind it becomes zero.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum Level {
    Patch,
    Minor,
    Major,
}

/// The least version after `from` that says what changed, as cargo reads versions: below 1.0.0 the second number is
/// the one that breaks, below 0.1.0 the third.
pub(super) fn next(from: &Version, need: Need) -> Version {
    let level = match (from.major, from.minor, need) {
        (0, 0, _) => Level::Patch,
        (0, _, Need::Breaking) => Level::Minor,
        (0, ..) | (_, _, Need::Fix) => Level::Patch,
        (_, _, Need::Feature) => Level::Minor,
        (_, _, Need::Breaking) => Level::Major,
    };
    raise(from, level)
}

/// The version after `from` that has one part raised.
pub(super) fn raise(from: &Version, level: Level) -> Version {
    match level {
        Level::Patch => Version::new(from.major, from.minor, from.patch + 1),
        Level::Minor => Version::new(from.major, from.minor + 1, 0),
        Level::Major => Version::new(from.major + 1, 0, 0),
    }
}

/// Whether who asked for `from` may be given `to`.
pub(super) fn is_compatible(from: &Version, to: &Version) -> Result<bool> {
    Ok(VersionReq::parse(&from.to_string())?.matches(to))
}

#[cfg(test)]
mod tests {
    use cargo_metadata::semver::Version;

    use super::{Level, Need, is_compatible, next, raise};

    fn version(text: &str) -> Version {
        text.parse().expect("a version")
    }

    #[test]
    fn the_part_that_is_raised_is_the_one_that_cargo_reads() {
        for (from, fix, feature, breaking) in [
            ("0.0.3", "0.0.4", "0.0.4", "0.0.4"),
            ("0.1.4", "0.1.5", "0.1.5", "0.2.0"),
            ("1.2.3", "1.2.4", "1.3.0", "2.0.0"),
        ] {
            for (need, to) in [
                (Need::Fix, fix),
                (Need::Feature, feature),
                (Need::Breaking, breaking),
            ] {
                let got = next(&version(from), need);
                assert_eq!(got, version(to), "{from} {need:?}");
            }
            assert!(!is_compatible(&version(from), &version(breaking)).expect("a version"));
        }
        assert!(is_compatible(&version("0.1.4"), &version("0.1.5")).expect("a version"));
        assert!(is_compatible(&version("1.2.3"), &version("1.3.0")).expect("a version"));
    }

    #[test]
    fn a_level_that_is_asked_for_is_meant_literally() {
        for (level, to) in [
            (Level::Patch, "0.4.3"),
            (Level::Minor, "0.5.0"),
            (Level::Major, "1.0.0"),
        ] {
            assert_eq!(raise(&version("0.4.2"), level), version(to));
        }
    }
}
