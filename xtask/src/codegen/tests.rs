//! Generates the tiny documents below `tests/openapi`, which hold one of each oddity, and compares with `tests/expected`.
//!
//! After a change on purpose, `BLESS=1 cargo test -p xtask codegen` writes what is expected anew: read the difference.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use super::exceptions::Exceptions;
use super::plan::{Layer, plan};
use super::{exercises, render, stats, write};
use crate::check::openapi::document;

fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/codegen/tests")
}

fn tiny() -> (Layer, Exceptions) {
    let directory = home().join("openapi");
    let exceptions = Exceptions::load(&directory).expect("the exceptions");
    let documents = document::load(&directory).expect("the documents");
    (plan(&documents, &exceptions).expect("a plan"), exceptions)
}

/// Everything that the tiny documents give.
fn files() -> write::Files {
    let (layer, exceptions) = tiny();
    let mut files = write::Files::new();
    for (path, text) in render::render(&layer) {
        files.insert(format!("src/{path}"), text);
    }
    for (path, text) in exercises::render("tiny", &layer) {
        files.insert(format!("tests/{path}"), text);
    }
    files.insert(
        "stats.txt".to_owned(),
        stats::table("tiny", &layer, &exceptions),
    );
    files
}

#[test]
fn one_of_each_oddity_becomes_what_is_expected() {
    let expected = home().join("expected");
    let everything = [String::new()];
    if env::var_os("BLESS").is_some() {
        write::write(&expected, &everything, &files()).expect("written");
    }
    write::compare(&expected, &everything, &files()).expect("as expected");
}

#[test]
fn the_same_documents_give_the_same_files() {
    assert_eq!(files(), files());
}

/// A plan of the tiny documents with one change, which must fail.
fn refused(file: &str, from: &str, to: &str) -> String {
    let copy = env::temp_dir().join(format!(
        "codegen-{}-{}",
        std::process::id(),
        from.len() * 1000 + to.len()
    ));
    fs::create_dir_all(&copy).expect("a directory");
    for entry in fs::read_dir(home().join("openapi")).expect("the documents") {
        let path = entry.expect("a file").path();
        let mut text = fs::read_to_string(&path).expect("text");
        if path.ends_with(file) {
            assert!(text.contains(from), "{file} has no {from:?}");
            text = text.replacen(from, to, 1);
        }
        fs::write(copy.join(path.file_name().expect("a name")), text).expect("written");
    }
    let exceptions = Exceptions::load(&copy);
    let planned = exceptions.and_then(|it| plan(&document::load(&copy)?, &it));
    fs::remove_dir_all(&copy).expect("removed");
    format!("{:#}", planned.expect_err("a refusal"))
}

#[test]
fn what_has_no_rule_is_told_with_its_place_and_cure() {
    for (file, from, to, told) in [
        (
            "plan.toml",
            "type = \"kind\"",
            "",
            "`Thing.type` can't be called `type`: name it below `fields` of plan.toml",
        ),
        (
            "plan.toml",
            "[paging.after]",
            "[paging.before]",
            "operation people.people.list: plan.toml has no paging `after`",
        ),
        ("plan.toml", "[types]", "[typos]", "unknown field `typos`"),
        (
            "plan.toml",
            "\"Frame\"",
            "\"List\"",
            "`List` means something else in generated files",
        ),
        (
            "plan.toml",
            "\"Frame\"",
            "\"a frame\"",
            "can't be called `a frame`: name it below `types` of plan.toml",
        ),
        (
            "plan.toml",
            "\"Thing.password\"",
            "\"Thing.passwort\"",
            "what nothing asks for: remove it or mend its name:\n  - secrets: Thing.passwort",
        ),
        (
            "plan.toml",
            "texts = [\"Thing.size\"]",
            "",
            "the values of `Thing.size` are no words, or two are the same word: list it below `texts`",
        ),
        (
            "people.yaml",
            "identity: name",
            "identity: nom",
            "`x-paging` names the identity `nom`, which Person has not",
        ),
        (
            "things.yaml",
            "name: into\n          in: query",
            "name: into\n          in: header",
            "no rule for the header `into`",
        ),
        (
            "things.yaml",
            "#/components/schemas/Thing'",
            "#/components/schemas/Nothing'",
            "leads nowhere",
        ),
        (
            "things.yaml",
            "operationId: things.parts.merge",
            "operationId: things.parts.move",
            "`move` can't be a method's name",
        ),
        (
            "things.yaml",
            "        price:\n",
            "        Made:\n          type: string\n        price:\n",
            "two fields would be called `made`",
        ),
        (
            "things.yaml",
            "        required: true\n        content:\n          application/json:\n            schema:\n              x-open",
            "        content:\n          application/json:\n            schema:\n              x-open",
            "no rule for a body that may be left out",
        ),
    ] {
        let error = refused(file, from, to);
        assert!(error.contains(told), "{from:?}: {error}");
    }
}
