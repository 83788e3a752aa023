//! Replays the committed corpora, and tries what a fixed seed makes of them.
#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};

use fastrand::Rng;
use invariants::{ALL, Check, Outcome};

/// How many inputs each target is tried with besides its corpus.
const TRIES: usize = 2_000;
/// All corpora together may have so many bytes.
const LARGEST: usize = 50 * 1024;

/// What stands out in one format or another.
const WORDS: &[&str] = &[
    "\"",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "true",
    "-1",
    "0",
    "1e400",
    "18446744073709551616",
    "\\",
    "\\u0000",
    "\\ud800",
    "\r\n",
    "\n\n",
    "\n",
    "\0",
    "\u{2028}",
    "\u{202e}",
    "é",
    "\u{feff}",
    "%",
    "%00",
    "%0d%0a",
    "%2B",
    "+",
    "&",
    "=",
    "?",
    "#",
    "/",
    "//",
    "\\\\",
    "..",
    "@",
    "https://evil.example",
    "//evil.example/",
    "$STATE",
    "code=",
    "state=",
    "error=",
    "lenient",
    "canary-access/token+1==",
    "canary-refresh/token+1",
    "canary-client/secret+1",
    "canary&pass=word?1",
    "canary-code/1",
    "63616e6172792d636c69656e742f7365637265742b31",
    "access_token",
    "token_type",
    "bearer",
    "expires_in",
    "nextPage",
];

fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    let mut paths: Vec<PathBuf> = fs::read_dir(&directory)
        .unwrap_or_else(|error| panic!("{}: {error}", directory.display()))
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    let read = |path: PathBuf| {
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        (name, fs::read(&path).expect("a file"))
    };
    paths.into_iter().map(read).collect()
}

#[test]
fn each_input_of_the_corpora_is_read_or_refused_as_its_name_says() {
    let mut size = 0;
    for (target, check) in ALL {
        let mut seen = Vec::new();
        for (name, input) in corpus(target) {
            size += input.len();
            eprintln!("{target}/{name}");
            let outcome = check(&input);
            let expected = match name.split('-').next() {
                Some("good") => Outcome::Accepted,
                Some("bad") => Outcome::Refused,
                _ => panic!("{target}/{name} is neither good nor bad"),
            };
            assert_eq!(outcome, expected, "{target}/{name}");
            seen.push(outcome);
        }
        for outcome in [Outcome::Accepted, Outcome::Refused] {
            assert!(seen.contains(&outcome), "{target}: nothing is {outcome:?}");
        }
    }
    assert!(size <= LARGEST, "the corpora have {size} bytes");
}

#[test]
fn every_target_has_a_binary() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/Cargo.toml");
    let manifest = fs::read_to_string(manifest).expect("a manifest");
    let binaries = manifest.lines().filter(|line| *line == "[[bin]]").count();
    assert_eq!(binaries, ALL.len());
    for (target, _) in ALL {
        assert!(
            manifest.contains(&format!("name = \"{target}\"")),
            "{target}"
        );
    }
}

/// What chance makes of `inputs`.
fn change(rng: &mut Rng, inputs: &[(String, Vec<u8>)]) -> Vec<u8> {
    let any = |rng: &mut Rng| inputs[rng.usize(0..inputs.len())].1.clone();
    let mut input = any(rng);
    for _ in 0..rng.usize(1..4) {
        let at = rng.usize(0..=input.len());
        let to = (at + rng.usize(0..12)).min(input.len());
        match rng.u8(0..6) {
            0 if at < input.len() => input[at] = rng.u8(..),
            1 => drop(input.drain(at..to)),
            2 => {
                let part = input[at..to].to_vec();
                input.splice(at..at, part);
            }
            3 => {
                let other = any(rng);
                let from = rng.usize(0..=other.len());
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
            4 => {
                let word = WORDS[rng.usize(0..WORDS.len())];
                input.splice(at..to, word.bytes());
            }
            _ => {
                let word = WORDS[rng.usize(0..WORDS.len())];
                input.splice(at..at, word.bytes());
            }
        }
    }
    input
}

fn try_out(target: &str, seed: u64) {
    let (_, check): &(&str, Check) = ALL
        .iter()
        .find(|(name, _)| *name == target)
        .expect("a target");
    let inputs = corpus(target);
    let mut rng = Rng::with_seed(seed);
    let mut accepted = 0;
    for number in 0..TRIES {
        let input = change(&mut rng, &inputs);
        let outcome = std::panic::catch_unwind(|| check(&input));
        let Ok(outcome) = outcome else {
            panic!(
                "{target}, input {number}: {:?}",
                String::from_utf8_lossy(&input)
            );
        };
        accepted += usize::from(outcome == Outcome::Accepted);
    }
    let share = TRIES / 50..TRIES - TRIES / 50;
    assert!(
        share.contains(&accepted),
        "{target}: {accepted} of {TRIES} are accepted"
    );
}

#[test]
fn no_token_answer_breaks_an_invariant() {
    try_out("token_answer", 1);
}

#[test]
fn no_error_body_breaks_an_invariant() {
    try_out("error_body", 2);
}

#[test]
fn no_callback_breaks_an_invariant() {
    try_out("callback", 3);
}

#[test]
fn no_next_page_breaks_an_invariant() {
    try_out("next_page", 4);
}

#[test]
fn no_webhook_breaks_an_invariant() {
    try_out("webhook", 5);
}

#[test]
fn no_store_file_breaks_an_invariant() {
    try_out("store_file", 6);
}
