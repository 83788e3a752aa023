//! Runs every test, example and the demo, after the fast checks, and adds up what passed.

use std::fs;
use std::ops::AddAssign;
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Result, ensure};
use cargo_metadata::Package;
use xshell::{Cmd, cmd};

use crate::check;
use crate::foreign;
use crate::guides;
use crate::report::{Outcome, Report};
use crate::watched;
use crate::workspace::{Workspace, features_of, providers, root};

/// The programs that every provider has.
const OF_EACH: &[(&str, &str, &str)] = &[("", "doctor", ""), ("", "quickstart", "")];

/// The other programs that show something: their crate, their name, and the features that they need.
const EXAMPLES: &[(&str, &str, &str)] = &[
    ("comm100", "export_chats", ""),
    ("comm100", "fleet", "redis"),
    ("comm100", "one_process", ""),
    ("comm100", "several_processes", "file-store"),
    ("communic8", "add_recipients", ""),
    ("webcommander", "low_stock", "older"),
];

/// After so long without a word a test hangs: the longest takes a minute, and what is built first a few.
const STANDSTILL: Duration = Duration::from_secs(15 * 60);

/// The feature that marks a crate whose TLS is a choice.
const RUSTLS: &str = "rustls";

/// Check, then test everything: unit, integration and doc tests, examples, demo.
#[derive(Debug, clap::Args)]
pub(crate) struct Test {
    /// Test one crate only.
    #[arg(short, long, value_name = "CRATE")]
    package: Option<String>,
}

impl Test {
    /// Runs all steps, whatever becomes of each, and prints the table and the sum.
    pub(crate) fn run(&self, workspace: &Workspace) -> Result<ExitCode> {
        let packages = match &self.package {
            Some(name) => vec![workspace.package(name)?],
            None => workspace.packages(),
        };
        let mut report = Report::new("step");
        let mut sum = Tally::default();
        check::fast(workspace, &mut report);
        for Pass { names, features } in plan(&packages) {
            let title = format!("test {} {}", names.join(" "), features.join(" "));
            let named = names.iter().flat_map(|name| ["-p", name]);
            let command = cmd!(
                workspace.shell,
                "cargo test --no-fail-fast {named...} {features...}"
            );
            report.step(title.trim(), || cargo_test(command, &mut sum));
        }
        let providers = providers()?;
        for package in &packages {
            let name = package.name.as_str();
            let is_provider = providers.iter().any(|it| it == name);
            let of_each = OF_EACH.iter().filter(|_| is_provider);
            let others = EXAMPLES.iter().filter(|(owner, ..)| *owner == name);
            for (_, example, features) in others.chain(of_each) {
                let command = cmd!(
                    workspace.shell,
                    "cargo run -q -p {name} --features={features} --example {example}"
                );
                report.step(format!("example {name} {example}"), || {
                    keeps_secrets(workspace, command)
                });
            }
        }
        if packages.iter().any(|package| *package.name == "demo") {
            let command = cmd!(workspace.shell, "cargo run -q -p demo");
            report.step("demo", || keeps_secrets(workspace, command));
            guides::follow_all(workspace, &mut report)?;
        }
        print!("{}", report.table());
        println!("{} passed, {} failed", sum.passed, sum.failed);
        Ok(report.exit_code())
    }
}

/// Crates to test with a set of features.
struct Pass<'p> {
    names: Vec<&'p str>,
    /// As arguments of cargo.
    features: Vec<String>,
}

/// Each crate with each set of features to test, each set once: rustls alone is what some have by default. The sets are the
/// outer loop, so that crates with the same set follow each other and share what was built.
///
/// Crates without such a choice go together, for cargo then builds what they share once. Not so xtask: with the features
/// of the others its program, which is running, would be another.
fn plan<'p>(packages: &[&'p Package]) -> Vec<Pass<'p>> {
    let has_choice = |package: &&Package| package.features.contains_key(RUSTLS);
    let has_more =
        |package: &&&Package| package.features.get("default") != Some(&vec![RUSTLS.to_owned()]);
    let (choosing, others): (Vec<&Package>, Vec<&Package>) =
        packages.iter().partition(|package| has_choice(package));
    let pass = |package: &&'p Package, features: &[String]| Pass {
        names: vec![&package.name],
        features: features.to_vec(),
    };
    let only = ["--no-default-features", "--features", RUSTLS].map(str::to_owned);
    let all = |package: &Package| ["--features".to_owned(), features_of(package).join(",")];
    let mut plan: Vec<_> = choosing.iter().map(|package| pass(package, &[])).collect();
    let (own, together): (Vec<&str>, Vec<&str>) = others
        .iter()
        .map(|package| package.name.as_str())
        .partition(|name| *name == env!("CARGO_PKG_NAME"));
    let groups = [together, own]
        .into_iter()
        .filter(|names| !names.is_empty());
    plan.extend(groups.map(|names| Pass {
        names,
        features: Vec::new(),
    }));
    let smaller = choosing.iter().filter(has_more);
    plan.extend(smaller.map(|package| pass(package, &only)));
    plan.extend(choosing.iter().map(|package| pass(package, &all(package))));
    plan
}

/// Runs `cargo test` and counts the results in its output.
fn cargo_test(command: Cmd<'_>, sum: &mut Tally) -> Result<Outcome> {
    eprintln!("$ {command}");
    let mut here = Tally::default();
    let ended = watched::run(command.into(), STANDSTILL, |line| here += Tally::of(line));
    *sum += here;
    ended?;
    Ok(Outcome::Passed(format!("{} passed", here.passed)))
}

/// Runs a program against the sandbox, without the variables that would lead it elsewhere, with everything logged; and
/// looks in all that it shows for the sandbox's secrets.
fn keeps_secrets(workspace: &Workspace, command: Cmd<'_>) -> Result<Outcome> {
    eprintln!("$ {command}");
    let place = root()?.join("target/canary");
    fs::create_dir_all(&place)?;
    let (secrets, shown) = (place.join("secrets"), place.join("shown"));
    fs::write(&secrets, "")?;
    let file = fs::File::create(&shown)?;
    let mut command = Command::from(command);
    let status = foreign::without(&mut command)
        .env("RUST_LOG", "trace")
        .env("VENDOR_SANDBOX_SECRETS", &secrets)
        .stdout(file.try_clone()?)
        .stderr(file)
        .status()?;
    ensure!(
        status.success(),
        "it ended with {status}, and showed {}",
        shown.display()
    );
    let look = cmd!(
        workspace.shell,
        "cargo run -q -p canary -- {secrets} {shown}"
    );
    Ok(Outcome::Passed(look.read()?))
}

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Tally {
    passed: u64,
    failed: u64,
}

impl Tally {
    /// What a line of test output counts: nothing, unless it is a summary.
    fn of(line: &str) -> Self {
        let Some(summary) = line.strip_prefix("test result: ") else {
            return Self::default();
        };
        let count = |what: &str| {
            let words: Vec<_> = summary
                .split([' ', ';', '.'])
                .filter(|w| !w.is_empty())
                .collect();
            let pair = words.windows(2).find(|pair| pair[1] == what);
            pair.and_then(|pair| pair[0].parse().ok())
                .unwrap_or_default()
        };
        Self {
            passed: count("passed"),
            failed: count("failed"),
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

#[cfg(test)]
mod tests {
    use super::{Tally, plan};
    use crate::workspace::Workspace;

    #[test]
    fn no_set_of_features_is_tested_twice_and_none_is_left_out() {
        let workspace = Workspace::open().unwrap();
        let packages = workspace.packages();
        let plan = plan(&packages);
        let sets = |name: &str| -> Vec<String> {
            let own = plan.iter().filter(|pass| pass.names.contains(&name));
            own.map(|pass| pass.features.join(" ")).collect()
        };
        let alone = "--no-default-features --features rustls";
        let [default, all] = &sets("auth-core")[..] else {
            panic!("by default auth-core has rustls, and nothing else");
        };
        assert!(default.is_empty() && all.contains("redis") && all.contains("models"));
        let [default, smaller, all] = &sets("comm100")[..] else {
            panic!("by default comm100 has areas, too");
        };
        assert!(default.is_empty() && smaller == alone && all.contains("livechat"));
        for package in &packages {
            assert!(!sets(&package.name).is_empty(), "{}", package.name);
        }
        let with = |name: &str| plan.iter().find(|pass| pass.names.contains(&name)).unwrap();
        assert!(with("canary").names.contains(&"vendor-sandbox"));
        assert_eq!(with("xtask").names, ["xtask"]);
    }

    #[test]
    fn summaries_are_counted_and_nothing_else() {
        let ok = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out";
        let bad = "test result: FAILED. 3 passed; 2 failed; 0 ignored; finished in 0.10s";
        let mut sum = Tally::default();
        for line in [
            ok,
            bad,
            "test a ... ok",
            "running 5 tests",
            "4 passed; 4 failed",
        ] {
            sum += Tally::of(line);
        }
        assert_eq!(
            sum,
            Tally {
                passed: 15,
                failed: 2
            }
        );
    }
}
