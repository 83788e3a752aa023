//! Releases a small workspace to a registry on loopback, well and badly.

use std::fs;
use std::process::Command;

use crate::house::House;

const DATE: &str = "2026-01-02";

/// What a table says of its steps: name and result.
fn results(stdout: &str) -> Vec<String> {
    let table = stdout.split_once("result   seconds\n").expect("a table").1;
    let rows = table.lines().take_while(|line| !line.is_empty());
    let row = |line: &str| {
        let (name, rest) = line
            .rsplit_once("  ")
            .map_or((line, ""), |_| line.split_once("  ").expect("columns"));
        format!(
            "{name}: {}",
            rest.split_whitespace().next().unwrap_or_default()
        )
    };
    rows.map(row).collect()
}

#[test]
fn a_dry_run_tells_all_that_would_happen_and_does_nothing() {
    let house = House::new();
    let before = house.traces();
    let told = house
        .release(&["prepare", "alpha", "--date", DATE])
        .must_succeed()
        .stdout;
    assert_eq!(house.traces(), before);
    assert!(house.registry.tried().is_empty());
    let tree = house.root().join("target/prepare");
    let tree = tree.display();
    let head = house.git(&["rev-parse", "HEAD"]);
    let head = head.trim();
    let expected = format!(
        "\
crate   from   to     why
kernel  0.1.0  0.1.0  first release; 1 added; alpha needs it
alpha   0.1.0  0.1.0  first release; 1 added

This is a dry run. With --execute, step by step, or else nothing of it:

a tree of its own
  $ git worktree add --force --force --detach {tree} HEAD
versions and changelogs
  crates/kernel/CHANGELOG.md: Unreleased -> 0.1.0 (2026-01-02): 1 added
  crates/alpha/CHANGELOG.md: Unreleased -> 0.1.0 (2026-01-02): 1 added
commit
  $ git commit --quiet --all -m 'chore(release): kernel 0.1.0, alpha 0.1.0' -m 'kernel: first release; 1 added; alpha needs it.
alpha: first release; 1 added.'
cargo test --quiet --workspace --lib
  $ cargo test --quiet --workspace --lib
packages, each by itself
  $ cargo package --locked -p kernel -p alpha
tags
  $ git tag -a kernel-v0.1.0 -m 'kernel 0.1.0'
  $ git tag -a alpha-v0.1.0 -m 'alpha 0.1.0'
into this tree
  $ git update-ref -m release HEAD 'kernel-v0.1.0^{{commit}}' {head}
  $ git read-tree -m -u {head} 'kernel-v0.1.0^{{commit}}'

After that, `cargo xtask release publish` publishes kernel, alpha.
"
    );
    assert_eq!(told, expected);
}

#[test]
fn what_is_cut_off_in_the_middle_is_finished_by_running_it_again() {
    let house = House::new();
    // Left over from a `prepare` that was killed.
    house.git(&["worktree", "add", "--quiet", "--detach", "target/prepare"]);
    house.write("target/prepare/crates/alpha/CHANGELOG.md", "half");
    house.git(&["worktree", "lock", "target/prepare"]);
    let prepared = house
        .release(&["prepare", "--date", DATE, "--execute"])
        .must_succeed();
    assert_eq!(
        results(&prepared.stdout),
        [
            "a tree of its own: ok",
            "versions and changelogs: ok",
            "commit: ok",
            "cargo test --quiet --workspace --lib: ok",
            "packages, each by itself: ok",
            "tags: ok",
            "into this tree: ok",
        ]
    );
    assert_eq!(
        house.read("crates/beta/CHANGELOG.md"),
        "# Changelog\n\n## Unreleased\n\n## 0.1.0 (2026-01-02)\n\n### Added\n\n- All of beta.\n"
    );
    assert_eq!(house.git(&["status", "--porcelain"]), "");
    assert_eq!(
        house.git(&["tag", "--points-at", "HEAD"]),
        "alpha-v0.1.0\nbeta-v0.1.0\nkernel-v0.1.0\n"
    );
    assert_eq!(house.git(&["worktree", "list"]).lines().count(), 1);

    let dry = house.release(&["publish"]).must_succeed().stdout;
    assert_eq!(
        dry,
        "\
crate   version  state
alpha   0.1.0    prepared, not out
beta    0.1.0    prepared, not out
kernel  0.1.0    prepared, not out

This is a dry run. With --execute, in this order:

  $ cargo publish --locked -p kernel -p alpha -p beta
"
    );
    assert!(house.registry.tried().is_empty());
    // Alone it can't go: what it needs would not be out.
    let alone = house.release(&["publish", "beta"]).must_fail();
    assert!(
        alone.contains("beta needs kernel, which is prepared, not out"),
        "{alone}"
    );

    house.registry.refuse_once("beta");
    let cut = house.release(&["publish", "--execute"]).must_fail();
    assert!(cut.contains("the registry is being moved"), "{cut}");
    assert!(cut.contains("beta    0.1.0    prepared, not out"), "{cut}");
    assert!(cut.contains("alpha   0.1.0    out\n"), "{cut}");
    assert_eq!(
        house.registry.tried(),
        ["kernel-0.1.0 200", "alpha-0.1.0 200", "beta-0.1.0 503"]
    );

    let again = house.release(&["publish"]).must_succeed().stdout;
    assert!(
        again.contains("\n  $ cargo publish --locked -p beta\n"),
        "{again}"
    );
    let again = house
        .release(&["publish", "--execute"])
        .must_succeed()
        .stdout;
    assert!(again.contains("All of it is out."), "{again}");
    assert_eq!(house.registry.tried()[3..], ["beta-0.1.0 200"]);
    let over = house
        .release(&["publish", "--execute"])
        .must_succeed()
        .stdout;
    assert!(over.contains("Nothing is left to publish."), "{over}");
    assert_eq!(house.registry.tried().len(), 4);

    // A colleague has released the next version, and pushed neither commit nor tag.
    house.replace(
        "crates/beta/Cargo.toml",
        "version.workspace = true",
        "version = \"0.1.1\"",
    );
    house
        .run(
            "cargo",
            &["publish", "--quiet", "--allow-dirty", "-p", "beta"],
        )
        .must_succeed();
    house.git(&["checkout", "--quiet", "."]);
    house.replace(
        "crates/beta/CHANGELOG.md",
        "## Unreleased\n",
        "## Unreleased\n\n### Fixed\n\n- A fault.\n",
    );
    house.commit("fix(beta): a fault");
    let twice = house.release(&["prepare", "beta"]).must_fail();
    assert!(twice.contains("beta 0.1.1 is out already"), "{twice}");

    // A stranger can use it.
    house.write(
        "../stranger/src/main.rs",
        "fn main() {\n    assert_eq!(beta::next(), 2);\n}\n",
    );
    house.write(
        "../stranger/Cargo.toml",
        "[package]\nname = \"stranger\"\nedition = \"2024\"\n\n[dependencies]\nbeta = { version = \"0.1\", registry = \
         \"loopback\" }\n",
    );
    let stranger = house.root().join("../stranger");
    house
        .run_in(&stranger, "cargo", &["run", "--quiet"])
        .must_succeed();
}

#[test]
fn a_package_that_is_not_whole_by_itself_leaves_no_trace() {
    let house = House::new();
    // All tests are green, but the file is not in the package.
    house.write("crates/words", "two");
    house.replace(
        "crates/beta/src/lib.rs",
        "kernel::number() + 1",
        "kernel::number() + include_str!(\"../../words\").len() as u32 - 2",
    );
    house.commit("feat(beta): read words");
    let before = house.traces();
    let (results, said) = fails(&house);
    assert_eq!(
        results[3..],
        [
            "cargo test --quiet --workspace --lib: ok",
            "packages, each by itself: FAILED",
            "tags: skipped",
            "into this tree: skipped",
        ],
        "{said}"
    );
    assert!(said.contains("couldn't read"), "{said}");
    assert_eq!(house.traces(), before);
    assert!(!house.root().join("target/prepare").exists());
}

#[test]
fn a_red_test_leaves_no_trace() {
    let house = House::new();
    house.replace(
        "crates/beta/src/lib.rs",
        "super::next(), 2",
        "super::next(), 3",
    );
    house.commit("test(beta): expect more");
    let before = house.traces();
    let (results, said) = fails(&house);
    assert_eq!(
        results[3], "cargo test --quiet --workspace --lib: FAILED",
        "{said}"
    );
    assert_eq!(house.traces(), before);
}

/// Git itself refuses a tag, or the branch; or a file was changed here meanwhile.
#[cfg(unix)]
#[test]
fn the_last_steps_leave_no_trace_either() {
    let house = House::new();
    let checks = "cargo test --quiet --workspace --lib";
    house.replace("Cargo.toml", checks, "true");
    house.commit("build: check nothing");
    let before = house.traces();
    for (refused, failed) in [
        ("refs/tags/beta-v", "tags"),
        ("refs/heads/main", "into this tree"),
    ] {
        house.refuse_updates_of(refused);
        let (results, said) = fails(&house);
        assert!(
            results.contains(&format!("{failed}: FAILED")),
            "{results:?}\n{said}"
        );
        assert_eq!(house.traces(), before, "{refused}");
    }
    house.refuse_updates_of("refs/nothing");
    let spoil = "cp .gitignore ../../crates/beta/CHANGELOG.md";
    house.replace("Cargo.toml", "\"true\"", &format!("\"{spoil}\""));
    house.commit("build: spoil the tree");
    let before = house.traces();
    let (results, said) = fails(&house);
    assert_eq!(results[6], "into this tree: FAILED", "{said}");
    assert_eq!(
        house.git(&["status", "--porcelain"]),
        " M crates/beta/CHANGELOG.md\n"
    );
    house.git(&["checkout", "--quiet", "crates/beta/CHANGELOG.md"]);
    assert_eq!(house.traces(), before);
}

/// Prepares everything, which must fail: the results of the steps, and all that was said.
fn fails(house: &House) -> (Vec<String>, String) {
    let ended = house.release(&["prepare", "--date", DATE, "--execute"]);
    let results = results(&ended.stdout);
    (results, ended.must_fail())
}

#[test]
fn what_can_only_be_done_by_half_is_refused_at_once() {
    let house = House::new();
    house.replace("crates/alpha/CHANGELOG.md", "### Added", "### Improved");
    let said = house.release(&["prepare", "alpha"]).must_fail();
    assert!(said.contains("the tree is not clean"), "{said}");
    assert!(
        house
            .release(&["publish"])
            .must_fail()
            .contains("the tree is not clean")
    );
    house.commit("docs(alpha): a section of its own");
    let said = house.release(&["prepare", "kernel"]).must_fail();
    assert!(
        said.contains("alpha/CHANGELOG.md: line 5: no section is called `Improved`"),
        "{said}"
    );
    house.git(&["revert", "--no-edit", "HEAD"]);
    house.git(&["tag", "alpha-v0.3.0"]);
    let said = house.release(&["prepare", "alpha"]).must_fail();
    assert!(
        said.contains("its manifest says 0.1.0, but the last release is 0.3.0"),
        "{said}"
    );
    let said = house.release(&["publish", "beta"]).must_fail();
    assert!(said.contains("beta is not prepared"), "{said}");
}

#[test]
fn a_release_that_would_be_on_no_branch_or_beside_others_is_refused() {
    let house = House::new();
    house.git(&["switch", "--quiet", "--detach"]);
    let said = house.release(&["prepare"]).must_fail();
    assert!(said.contains("no branch is checked out"), "{said}");
    house.git(&["switch", "--quiet", "main"]);
    house.git(&["branch", "upstream"]);
    house.git(&["branch", "--quiet", "--set-upstream-to=upstream"]);
    house.release(&["prepare"]).must_succeed();
    house.git(&["switch", "--quiet", "upstream"]);
    house.git(&["commit", "--quiet", "--allow-empty", "-m", "feat: more"]);
    house.git(&["tag", "alpha-v0.1.0"]);
    house.git(&["switch", "--quiet", "main"]);
    let said = house.release(&["prepare"]).must_fail();
    assert!(
        said.contains("main lacks 1 commits of its upstream"),
        "{said}"
    );
    // That of another branch, or of a release that was killed before its last step.
    house.git(&["branch", "--quiet", "--unset-upstream"]);
    let said = house.release(&["prepare", "alpha"]).must_fail();
    assert!(
        said.contains("there is a tag alpha-v0.1.0 already"),
        "{said}"
    );
    let said = house.release(&["publish", "alpha"]).must_fail();
    assert!(said.contains("git tag -d alpha-v0.1.0"), "{said}");
    house.git(&["tag", "-d", "alpha-v0.1.0"]);
    // A branch is no tag.
    house.git(&["branch", "alpha-v0.1.0"]);
    let said = house.release(&["publish", "alpha"]).must_fail();
    assert!(said.contains("alpha is not prepared"), "{said}");
}

#[test]
fn a_release_that_is_killed_before_its_files_arrive_is_finished_by_one_command() {
    let house = House::new();
    house.replace("Cargo.toml", "cargo test --quiet --workspace --lib", "true");
    house.commit("build: check nothing");
    house.write("target/prepare.lock", "");
    let lock = fs::File::open(house.root().join("target/prepare.lock")).expect("a file");
    lock.lock().expect("a lock");
    let said = house.release(&["prepare", "--execute"]).must_fail();
    assert!(said.contains("another `prepare` is at work"), "{said}");
    drop(lock);
    house
        .release(&["prepare", "--date", DATE, "--execute"])
        .must_succeed();
    let prepared = house.traces();
    house.git(&["read-tree", "-m", "-u", "HEAD", "HEAD~1"]);
    let said = house.release(&["publish"]).must_fail();
    let cure = "git read-tree -m -u HEAD~1 HEAD";
    assert!(said.contains(cure), "{said}");
    let words: Vec<_> = cure.split(' ').skip(1).collect();
    house.git(&words);
    assert_eq!(house.traces(), prepared);
}

#[test]
fn who_is_tested_with_more_than_goes_out_is_told() {
    let house = House::new();
    house.release_for_the_first_time();
    house.unreleased("kernel", "### Fixed\n\n- A fault.\n");
    house.unreleased("alpha", "### Added\n\n- A thing.\n");
    house.commit("feat: more");
    let told = house.release(&["prepare", "alpha"]).must_succeed().stdout;
    assert!(
        told.contains("alpha is tested with what is unreleased in kernel"),
        "{told}"
    );
    let told = house.release(&["prepare"]).must_succeed().stdout;
    assert!(!told.contains("is tested with"), "{told}");
}

#[test]
fn a_change_of_the_kernel_raises_who_uses_it() {
    let house = House::new();
    house.release_for_the_first_time();
    house.unreleased("kernel", "### Removed\n\n- `zero`: write 0.\n");
    house.commit("feat(kernel): remove zero");
    let told = house
        .release(&["prepare", "kernel", "--date", DATE])
        .must_succeed()
        .stdout;
    for line in [
        "kernel  0.1.0  0.2.0  1 removed\n",
        "alpha   0.1.0  0.2.0  uses kernel 0.2.0\n",
        "beta    0.1.0  0.2.0  uses kernel 0.2.0\n",
        "  Cargo.toml: asks for kernel 0.2.0, alpha 0.2.0, beta 0.2.0\n",
        "  crates/alpha/Cargo.toml: version 0.1.0 -> 0.2.0\n",
        "  crates/alpha/CHANGELOG.md: Unreleased -> 0.2.0 (2026-01-02): 1 changed, 1 of them breaking\n",
        "  Cargo.lock: kernel 0.2.0, alpha 0.2.0, beta 0.2.0\n",
        "semver beta\n  $ cargo-semver-checks semver-checks -p beta --baseline-rev beta-v0.1.0 --only-explicit-features\n",
    ] {
        assert!(told.contains(line), "{line}{told}");
    }
}

/// With the tool, where it is installed: to build it takes minutes.
#[test]
fn what_the_changelog_hides_is_found() {
    let house = House::new();
    let own = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../target/tools/bin/cargo-semver-checks"
    );
    let is_there = |program: &&str| Command::new(program).arg("--version").output().is_ok();
    if !["cargo-semver-checks", own].iter().any(is_there) {
        eprintln!(
            "skipped: cargo-semver-checks is not installed; `cargo xtask release prepare` installs it"
        );
        return;
    }
    house.replace("Cargo.toml", "cargo test --quiet --workspace --lib", "true");
    house.release_for_the_first_time();
    house.replace(
        "crates/kernel/src/lib.rs",
        "pub fn number()",
        "pub fn one()",
    );
    for user in ["alpha", "beta"] {
        house.replace(
            &format!("crates/{user}/src/lib.rs"),
            "kernel::number()",
            "kernel::one()",
        );
    }
    house.unreleased("kernel", "### Fixed\n\n- A name.\n");
    house.commit("fix(kernel): call it one");
    let before = house.traces();
    let (results, said) = fails(&house);
    assert_eq!(results[3], "semver kernel: FAILED", "{said}");
    assert!(said.contains("kernel::number"), "{said}");
    assert_eq!(house.traces(), before);

    house.replace(
        "crates/kernel/CHANGELOG.md",
        "- A name.",
        "- Breaking: write `one` instead of `number`.",
    );
    house.commit("docs(kernel): say so");
    house
        .release(&["prepare", "--date", DATE, "--execute"])
        .must_succeed();
    let manifest = house.read("Cargo.toml");
    assert!(
        manifest.contains("path = \"crates/kernel\", version = \"0.2.0\", registry = \"loopback\" } # what all use\n"),
        "{manifest}"
    );
    for user in ["alpha", "beta"] {
        assert!(
            house
                .read(&format!("crates/{user}/Cargo.toml"))
                .contains("\nversion = \"0.2.0\"\n")
        );
        let changelog = house.read(&format!("crates/{user}/CHANGELOG.md"));
        let line = "## 0.2.0 (2026-01-02)\n\n### Changed\n\n- Breaking: uses kernel 0.2.0, whose changelog says what to write instead.\n";
        assert!(changelog.contains(line), "{changelog}");
    }
    assert!(
        house
            .release(&["publish"])
            .must_succeed()
            .stdout
            .contains("-p kernel -p alpha -p beta")
    );
}
