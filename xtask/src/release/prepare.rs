//! Prepares a release: versions, changelogs, all checks, one commit and a tag for each crate, or nothing at all.
//!
//! Everything is done and tried in a tree of its own, a work tree of git below target/; the person's tree gets the commit
//! at the very end, if all went well. So there is nothing to restore, however it ends.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs::{self, File};
use std::iter;
use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Context as _, Result, ensure};
use cargo_metadata::Package;
use chrono::{DateTime, NaiveDate, Utc};
use xshell::{Shell, cmd};

use super::changelog::Changelog;
use super::plan::{Candidate, Release, plan};
use super::semver::{self, Baseline};
use super::step::{Action, Shells, Step, carry_out, word};
use super::version::Level;
use super::{columns, crates, git, manifest, registry};
use crate::tool;
use crate::workspace::{Workspace, root};

/// The release's own tree, below the directory that cargo builds into.
const TREE: &str = "prepare";

/// Decide versions, close changelogs, check and package everything, commit and tag: all of it, or nothing.
#[derive(Debug, clap::Args)]
pub(super) struct Prepare {
    /// The crates to release; none means all whose changelogs have something unreleased.
    crates: Vec<String>,
    /// Raise the named crates by this, where it is no less than what their changelogs ask for.
    #[arg(long, requires = "crates", value_name = "LEVEL")]
    bump: Option<Level>,
    /// The date in the changelogs; today's otherwise (UTC).
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: Option<NaiveDate>,
    /// Do it, instead of saying what would be done.
    #[arg(long)]
    execute: bool,
}

/// A published crate, with what compares it with its last release.
struct Subject<'w> {
    package: &'w Package,
    /// Below the workspace's root.
    place: String,
    baseline: Option<Baseline>,
}

impl Prepare {
    /// Says what would be done, or does it.
    pub(super) fn run(&self, workspace: &Workspace) -> Result<ExitCode> {
        let shell = &workspace.shell;
        git::ensure_clean(shell)?;
        git::ensure_on_branch(shell)?;
        let subjects = subjects(workspace)?;
        let candidates = candidates(&subjects)?;
        let mut remarks = silent(shell, &subjects, &candidates)?;
        let unreleased = unreleased(&candidates);
        let releases = plan(candidates, &self.crates, self.bump)?;
        if releases.is_empty() {
            println!("Nothing is unreleased in the changelog of a published crate.");
            return Ok(ExitCode::SUCCESS);
        }
        for Release { name, to, .. } in &releases {
            let tag = git::tag(name, to);
            ensure!(
                git::tagged(shell, &tag).is_none(),
                "there is a tag {tag} already, which is not in the history of this branch: if a `prepare` that was cut off \
                 left it over, `git tag -d {tag}`"
            );
            let Subject {
                package, baseline, ..
            } = &subjects[name];
            // Without any release it was looked for already.
            ensure!(
                baseline.is_none() || !registry::is_out(shell, package, to)?,
                "{name} {to} is out already, and its tag is not here: `git fetch --tags`, and pull what was released"
            );
        }
        remarks.extend(left_behind(&subjects, &releases, &unreleased));
        print!("{}", overview(&releases, &remarks));
        let is_compared = |release: &Release| subjects[&release.name].baseline.is_some();
        let semver = match self.execute && releases.iter().any(is_compared) {
            true => semver::TOOL.find_or_install(workspace)?,
            false => semver::TOOL.name.to_owned(),
        };
        let head = git::commit(shell, "HEAD").context("there is no commit yet")?;
        let steps = self.steps(workspace, &subjects, &releases, &semver, &head)?;
        if self.execute {
            return execute(workspace, &steps, &releases, &head);
        }
        println!("\nThis is a dry run. With --execute, step by step, or else nothing of it:\n");
        for step in &steps {
            print!("{step}");
        }
        let order: Vec<_> = releases.iter().map(|r| r.name.as_str()).collect();
        println!(
            "\nAfter that, `cargo xtask release publish` publishes {}.",
            order.join(", ")
        );
        Ok(ExitCode::SUCCESS)
    }

    /// All that is to be done, the last steps being those that the person's tree sees.
    fn steps(
        &self,
        workspace: &Workspace,
        subjects: &BTreeMap<String, Subject<'_>>,
        releases: &[Release],
        semver: &str,
        head: &str,
    ) -> Result<Vec<Step>> {
        let shell = &workspace.shell;
        let tree = word(&workspace.target().join(TREE));
        let mut steps = vec![
            Step::new("a tree of its own").here([
                "git", "worktree", "add", "--force", "--force", "--detach", &tree, "HEAD",
            ]),
            Step {
                title: "versions and changelogs".to_owned(),
                actions: self.writes(shell, subjects, releases)?,
            },
        ];
        let each: Vec<_> = releases
            .iter()
            .map(|r| format!("{} {}", r.name, r.to))
            .collect();
        let subject = format!("chore(release): {}", each.join(", "));
        let why = releases.iter().map(|r| format!("{}: {}.", r.name, r.why));
        let body = why.collect::<Vec<_>>().join("\n");
        steps.push(Step::new("commit").in_tree([
            "git", "commit", "--quiet", "--all", "-m", &subject, "-m", &body,
        ]));
        for Release { name, .. } in releases {
            let Subject {
                package,
                place,
                baseline,
            } = &subjects[name];
            if let Some(baseline) = baseline {
                let words = semver::command(shell, semver, (package, place), baseline)?;
                steps.push(Step::new(format!("semver {name}")).in_tree(words));
            }
        }
        for check in workspace.release_checks()? {
            steps.push(Step::new(&check).in_tree(check.split_whitespace()));
        }
        let packages = releases.iter().flat_map(|r| ["-p", &r.name]);
        steps.push(
            Step::new("packages, each by itself")
                .in_tree(["cargo", "package", "--locked"].into_iter().chain(packages)),
        );
        let mut tags = Step::new("tags");
        for (Release { name, to, .. }, message) in releases.iter().zip(&each) {
            tags = tags.in_tree(["git", "tag", "-a", &git::tag(name, to), "-m", message]);
        }
        steps.push(tags);
        let first = releases.first().context("there is a release")?;
        let commit = format!("{}^{{commit}}", git::tag(&first.name, &first.to));
        // A merge writes files first, and leaves them where the branch can't be moved. These two do all or nothing, each;
        // and the first is easily undone.
        steps.push(
            Step::new("into this tree")
                .here(["git", "update-ref", "-m", "release", "HEAD", &commit, head])
                .here(["git", "read-tree", "-m", "-u", head, &commit]),
        );
        Ok(steps)
    }

    /// The files with their new texts.
    fn writes(
        &self,
        shell: &Shell,
        subjects: &BTreeMap<String, Subject<'_>>,
        releases: &[Release],
    ) -> Result<Vec<Action>> {
        let date = self
            .date
            .unwrap_or_else(|| DateTime::<Utc>::from(SystemTime::now()).date_naive());
        let date = date.format("%Y-%m-%d").to_string();
        let raised: Vec<&Release> = releases.iter().filter(|r| r.from != r.to).collect();
        let listed = raised
            .iter()
            .map(|r| format!("{} {}", r.name, r.to))
            .collect::<Vec<_>>()
            .join(", ");
        let mut writes = Vec::new();
        let mut write =
            |path: String, what: String, change: &dyn Fn(String) -> Result<String>| -> Result<()> {
                let old = shell.read_file(&path)?;
                let text = change(old.clone()).with_context(|| path.clone())?;
                if text != old {
                    writes.push(Action::Write { path, text, what });
                }
                Ok(())
            };
        write(
            "Cargo.toml".to_owned(),
            format!("asks for {listed}"),
            &|mut text| {
                for Release { name, to, .. } in &raised {
                    text = manifest::with_requirement(&text, name, to)?;
                }
                Ok(text)
            },
        )?;
        for Release {
            name,
            from,
            to,
            changelog,
            ..
        } in releases
        {
            let place = &subjects[name].place;
            let told = changelog.summary();
            if from != to {
                write(
                    format!("{place}/Cargo.toml"),
                    format!("version {from} -> {to}"),
                    &|text| manifest::with_version(&text, to),
                )?;
            }
            write(
                format!("{place}/CHANGELOG.md"),
                format!("Unreleased -> {to} ({date}): {told}"),
                &|_| Ok(changelog.close(to, &date)),
            )?;
        }
        let locks = cmd!(shell, "git ls-files *Cargo.lock").quiet().read()?;
        for lock in locks.lines() {
            write(lock.to_owned(), listed.clone(), &|mut text| {
                for Release { name, to, .. } in &raised {
                    text = manifest::with_locked(&text, name, to)?;
                }
                Ok(text)
            })?;
        }
        Ok(writes)
    }
}

/// The published crates, each with its last release: the greatest tag, or what the registry has.
fn subjects(workspace: &Workspace) -> Result<BTreeMap<String, Subject<'_>>> {
    let shell = &workspace.shell;
    let mut subjects = BTreeMap::new();
    for package in crates::published(workspace) {
        let baseline = match git::last_tagged(shell, &package.name)? {
            Some(version) => Some(Baseline::Tagged(version)),
            None => registry::newest(shell, package)?.map(Baseline::Published),
        };
        let place = workspace.place(package)?;
        let subject = Subject {
            package,
            place,
            baseline,
        };
        subjects.insert(package.name.to_string(), subject);
    }
    Ok(subjects)
}

fn candidates(subjects: &BTreeMap<String, Subject<'_>>) -> Result<BTreeMap<String, Candidate>> {
    let published: Vec<&Package> = subjects.values().map(|subject| subject.package).collect();
    let mut candidates = BTreeMap::new();
    for (
        name,
        Subject {
            package, baseline, ..
        },
    ) in subjects
    {
        let path = package.manifest_path.with_file_name("CHANGELOG.md");
        let text = fs::read_to_string(&path).with_context(|| path.to_string())?;
        let candidate = Candidate {
            name: name.clone(),
            version: package.version.clone(),
            last: baseline.as_ref().map(|baseline| baseline.version().clone()),
            changelog: Changelog::parse(&text).with_context(|| path.to_string())?,
            needs: crates::needs(package, &published),
        };
        candidates.insert(name.clone(), candidate);
    }
    Ok(candidates)
}

/// Remarks on crates that were changed since their last release, and whose changelogs say nothing of it.
fn silent(
    shell: &Shell,
    subjects: &BTreeMap<String, Subject<'_>>,
    candidates: &BTreeMap<String, Candidate>,
) -> Result<Vec<String>> {
    let mut remarks = Vec::new();
    for (
        name,
        Subject {
            place, baseline, ..
        },
    ) in subjects
    {
        let Some(Baseline::Tagged(version)) = baseline else {
            continue;
        };
        let tag = git::tag(name, version);
        let commits = git::commits_since(shell, &tag, place)?;
        if commits > 0 && candidates[name].changelog.need().is_none() {
            remarks.push(format!(
                "{name}: {commits} commits since {tag}, and nothing unreleased in its changelog"
            ));
        }
    }
    Ok(remarks)
}

/// The crates whose changelogs have something unreleased.
fn unreleased(candidates: &BTreeMap<String, Candidate>) -> BTreeSet<String> {
    let tell = candidates
        .values()
        .filter(|it| it.changelog.need().is_some());
    tell.map(|candidate| candidate.name.clone()).collect()
}

/// Remarks on crates that are tested with changes of another which are not released along.
fn left_behind(
    subjects: &BTreeMap<String, Subject<'_>>,
    releases: &[Release],
    unreleased: &BTreeSet<String>,
) -> Vec<String> {
    let published: Vec<&Package> = subjects.values().map(|subject| subject.package).collect();
    let mut remarks = Vec::new();
    for Release { name, .. } in releases {
        let uses = crates::needs(subjects[name].package, &published).uses;
        let stays = |used: &&String| {
            unreleased.contains(*used) && releases.iter().all(|other| other.name != **used)
        };
        remarks.extend(uses.iter().filter(stays).map(|used| {
            format!(
                "{name} is tested with what is unreleased in {used}, and goes out without it: name {used}, too, unless {name} \
                 does without"
            )
        }));
    }
    remarks
}

/// The table of releases, and the remarks.
fn overview(releases: &[Release], remarks: &[String]) -> String {
    let head = ["crate", "from", "to", "why"].map(str::to_owned);
    let row = |release: &Release| {
        let Release {
            name,
            from,
            to,
            why,
            ..
        } = release;
        [name.clone(), from.to_string(), to.to_string(), why.clone()]
    };
    let rows: Vec<_> = [head].into_iter().chain(releases.iter().map(row)).collect();
    let mut text = columns(&rows);
    for remark in remarks {
        text.push_str(&format!("\nRemark: {remark}.\n"));
    }
    text
}

/// Takes the steps, and takes back what they left if one fails.
fn execute(
    workspace: &Workspace,
    steps: &[Step],
    releases: &[Release],
    head: &str,
) -> Result<ExitCode> {
    let here = &workspace.shell;
    let tree = workspace.target().join(TREE);
    fs::create_dir_all(workspace.target())?;
    let alone = File::create(tree.with_extension("lock"))?;
    ensure!(
        alone.try_lock().is_ok(),
        "another `prepare` is at work in {}: wait for it",
        tree.display()
    );
    remove_tree(here, &tree)?;
    let shells = Shells {
        here,
        tree: &shell_in(&tree, workspace.target())?,
    };
    let report = carry_out(steps, &shells);
    if report.has_failed() {
        let made = git::commit(shells.tree, "HEAD").filter(|commit| commit != head);
        undo(here, releases, head, made.as_deref())?;
    }
    remove_tree(here, &tree)?;
    print!("{}", report.table());
    match report.has_failed() {
        true => {
            println!("\nNothing was prepared: the tree, its commits and tags are what they were.")
        }
        false => {
            println!("\nPrepared. Look at it with `git show`, then `cargo xtask release publish`.")
        }
    }
    Ok(report.exit_code())
}

/// A shell in the release's own tree; dependencies and tools are built once for both trees.
fn shell_in(tree: &Path, target: &Path) -> Result<Shell> {
    let shell = Shell::new()?;
    shell.change_dir(tree);
    shell.set_var("CARGO_TARGET_DIR", target);
    let tools = root()?.join(tool::PLACE).join("bin");
    let paths = env::var_os("PATH").unwrap_or_default();
    let paths = iter::once(tools).chain(env::split_paths(&paths));
    shell.set_var("PATH", env::join_paths(paths)?);
    Ok(shell)
}

/// Takes back what other trees can see of a release that failed: the branch and the tags, as far as they stand at the commit
/// that was made for it. A tag at another commit came from elsewhere meanwhile.
fn undo(shell: &Shell, releases: &[Release], head: &str, made: Option<&str>) -> Result<()> {
    let Some(made) = made else {
        return Ok(());
    };
    if git::commit(shell, "HEAD").as_deref() == Some(made) {
        cmd!(shell, "git update-ref -m undone HEAD {head} {made}").run()?;
    }
    for Release { name, to, .. } in releases {
        let tag = git::tag(name, to);
        if git::tagged(shell, &tag).as_deref() == Some(made) {
            cmd!(shell, "git tag -d {tag}").run()?;
        }
    }
    Ok(())
}

/// Removes the release's own tree, be it of this run or left over from one that was killed.
fn remove_tree(shell: &Shell, tree: &Path) -> Result<()> {
    if tree.exists() {
        cmd!(shell, "git worktree remove --force --force {tree}")
            .quiet()
            .ignore_status()
            .ignore_stderr()
            .run()?;
    }
    if tree.exists() {
        fs::remove_dir_all(tree).with_context(|| tree.display().to_string())?;
    }
    Ok(())
}
