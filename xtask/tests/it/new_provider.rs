//! Makes a fourth provider in a copy of the workspace, and has it pass its tests and the guards; and sees what can't be made
//! refused, with nothing written.

use std::fs;
use std::process::Command;
use std::time::Instant;

use crate::copy::Copy;

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/library.yaml");
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/adding-a-provider.md");

/// The commands of a page's blocks of one language, with what stands for something else filled in.
fn commands(language: &str) -> Vec<Vec<String>> {
    let page = fs::read_to_string(PAGE).expect("a page");
    let page = page.replace("<name>", "acme").replace("<file>", DOCUMENT);
    let fence = format!("```{language}\n");
    let blocks = page.split(fence.as_str()).skip(1);
    let blocks = blocks.map(|rest| rest.split("```").next().unwrap_or_default());
    let lines: Vec<String> = blocks.flat_map(str::lines).map(str::to_owned).collect();
    let words = |line: &String| line.split_whitespace().map(str::to_owned).collect();
    lines.iter().map(words).collect()
}

fn run(copy: &Copy, command: &[String]) {
    let begin = Instant::now();
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["cargo", "xtask", arguments @ ..] => copy.xtask(arguments),
        [program, arguments @ ..] => copy.run(program, arguments),
        [] => panic!("an empty line"),
    }
    .must_succeed();
    eprintln!(
        "{:5.1} s  {}",
        begin.elapsed().as_secs_f64(),
        command.join(" ")
    );
}

#[test]
fn the_page_makes_a_fourth_provider_that_passes_its_tests_and_the_guards() {
    let copy = Copy::fresh("page");
    let made = commands("console");
    assert_eq!(made.len(), 1, "{made:?}");
    run(&copy, &made[0]);
    // A second provider beside it, of another kind: it is compiled, with warnings as errors.
    let second = [
        "new-provider",
        "brixo",
        "--openapi",
        DOCUMENT,
        "--grant",
        "authorization-code",
        "--client-proof",
        "basic",
        "--token-header",
        "x-access-token",
    ];
    copy.xtask(&second).must_succeed();
    let again = copy.xtask(&second).must_fail();
    assert!(
        again.contains("there is a crate called `brixo` already"),
        "{again}"
    );
    for license in ["LICENSE-APACHE", "LICENSE-MIT"] {
        let own = copy.read(&format!("crates/acme/{license}"));
        assert_eq!(own, copy.read(license));
    }
    let copy = copy.settled("workspace");
    let followed = commands("sh");
    assert_eq!(followed.len(), 3, "{followed:?}");
    for command in &followed {
        run(&copy, command);
    }
    for command in [
        "cargo check -q -p brixo --all-targets",
        "cargo test -q -p brixo --doc",
    ] {
        let words: Vec<_> = command.split(' ').map(str::to_owned).collect();
        run(&copy, &words);
    }
    pages_hold(&copy);
}

/// The tests of the demo that look at pages need nothing but the standard library: they are run by themselves.
fn pages_hold(copy: &Copy) {
    let directory = tempfile::tempdir().expect("a directory");
    let program = directory.path().join("pages");
    let built = Command::new("rustc")
        .args(["--test", "--edition", "2024", "-o"])
        .arg(&program)
        .arg(copy.path("crates/demo/tests/pages.rs"))
        .env("CARGO_MANIFEST_DIR", copy.path("crates/demo"))
        .status();
    assert!(built.expect("rustc").success());
    let ended = Command::new(&program).output().expect("the tests");
    assert!(
        ended.status.success(),
        "{}",
        String::from_utf8_lossy(&ended.stdout)
    );
}

/// A copy in which nothing was changed by what `attempt` does, and what that says.
fn refused(name: &str, prepare: impl FnOnce(&Copy), arguments: &[&str]) -> String {
    let copy = Copy::fresh(name);
    prepare(&copy);
    let before = copy.everything();
    let told = copy
        .xtask(&[&["new-provider"], arguments].concat())
        .must_fail();
    assert!(
        copy.everything() == before,
        "something was left behind: {told}"
    );
    told
}

fn with(document: &'static str) -> [&'static str; 5] {
    [
        "acme",
        "--openapi",
        document,
        "--grant",
        "client-credentials",
    ]
}

#[test]
fn a_place_that_is_gone_is_told_before_anything_is_written() {
    let file = "crates/vendor-sandbox/src/credentials.rs";
    let told = refused(
        "no-place",
        |copy| {
            copy.replace(
                file,
                "/// Those of these values that open something",
                "/// Secrets",
            )
        },
        &with(DOCUMENT),
    );
    assert!(
        told.contains(file) && told.contains("ACME_CLIENT_ID"),
        "{told}"
    );
}

#[test]
fn what_cannot_be_written_to_its_end_is_taken_back() {
    let told = refused(
        "no-room",
        // A file where a directory has to be: some twenty files come before it.
        |copy| copy.write("crates/vendor-sandbox/openapi/acme", ""),
        &with(DOCUMENT),
    );
    assert!(
        told.contains("acme.json can't be written; all is as it was"),
        "{told}"
    );
}

#[test]
fn names_that_are_not_free_are_refused() {
    let copy = Copy::fresh("names");
    let before = copy.everything();
    for (name, word) in [
        ("comm100", "already"),
        ("Acme", "small letters"),
        ("my-vendor", "small letters"),
        ("async", "Rust has another meaning"),
        ("serde", "depends on"),
        ("token", "vendor-sandbox/src/token.rs"),
        ("session", "auth-core uses the word"),
    ] {
        let told = copy.xtask(&[
            "new-provider",
            name,
            "--openapi",
            DOCUMENT,
            "--grant",
            "static-key",
        ]);
        let told = told.must_fail();
        assert!(told.contains(word), "{name}: {told}");
    }
    let told = copy
        .xtask(&["new-provider", "acme", "--openapi", DOCUMENT])
        .must_fail();
    assert!(told.contains("--grant is needed"), "{told}");
    assert!(copy.everything() == before);
}
