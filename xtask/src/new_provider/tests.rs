//! Every combination of answers fills every template in, and what comes of it is Rust.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use super::adopt::{Endpoints, adopt, read};
use super::answers::{Answers, Body, Flags, Grant, Proof, Refresh};
use super::name::Name;
use super::render::Filling;

const DOCUMENT: &str = include_str!("../../tests/fixtures/library.yaml");

type Ask = fn(&str, &str) -> anyhow::Result<String>;

/// All answers that can be given together.
fn all() -> Vec<Answers> {
    let mut all = Vec::new();
    for header in [None, Some("x-token".to_owned())] {
        let key = Flags {
            grant: Some(Grant::StaticKey),
            token_header: header.clone(),
            ..Flags::default()
        };
        all.push(key);
        for grant in [Grant::ClientCredentials, Grant::AuthorizationCode] {
            for body in [Body::Form, Body::Json] {
                for proof in [Proof::Body, Proof::Basic, Proof::BearerBase64, Proof::None] {
                    for refresh in [Refresh::Supported, Refresh::None, Refresh::Undocumented] {
                        for no_token_type in [true, false] {
                            all.push(Flags {
                                grant: Some(grant),
                                token_path: Some("/oauth/token".to_owned()),
                                authorize_path: (grant == Grant::AuthorizationCode)
                                    .then(|| "/oauth/authorize".to_owned()),
                                body: Some(body),
                                client_proof: Some(proof),
                                token_header: header.clone(),
                                refresh: Some(refresh),
                                no_token_type,
                            });
                        }
                    }
                }
            }
        }
    }
    let answers = all
        .iter()
        .map(|it| it.answers(&Endpoints::default(), None::<&mut Ask>));
    answers.filter_map(Result::ok).collect()
}

#[test]
fn every_combination_of_answers_is_filled_in_and_is_rust() {
    let adopted = adopt(&read(DOCUMENT).unwrap()).unwrap();
    let name = Name {
        name: "acme".to_owned(),
    };
    let directory = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    // Most files are the same for many answers.
    let mut seen = BTreeSet::new();
    let all = all();
    assert_eq!(all.len(), 2 + 2 * 2 * (3 + 4) * 3 * 2);
    for (number, answers) in all.iter().enumerate() {
        let filling = Filling::new(&name, answers, &adopted, 8107, "1.89")
            .with("version", "0.1.0".to_owned());
        for (path, text) in filling.texts(answers.grant).unwrap() {
            assert!(
                !text.contains("{{name}}") && !text.contains("{{NAME}}"),
                "{path}: {answers:?}"
            );
            // The root of the tests names files beside it.
            if path.ends_with(".rs") && !path.ends_with("main.rs") && !path.ends_with("lib.rs") {
                if !seen.insert(text.clone()) {
                    continue;
                }
                let file = path.replace('/', "_");
                let file = directory.path().join(format!("{number}_{file}"));
                fs::write(&file, text).unwrap();
                paths.push(file);
            }
        }
    }
    let output = Command::new("rustfmt")
        .args(["--edition", "2024"])
        .args(&paths)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
