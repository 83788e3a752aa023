//! Which answers are asked for, which have a default, and which are refused.

use anyhow::Result;

use super::{Answers, Body, Flags, Grant, Proof, Refresh};
use crate::new_provider::adopt::Endpoints;

type Ask = fn(&str, &str) -> Result<String>;

fn alone(flags: &Flags) -> Result<Answers> {
    flags.answers(&Endpoints::default(), None::<&mut Ask>)
}

fn flags(grant: Grant) -> Flags {
    Flags {
        grant: Some(grant),
        token_path: (grant != Grant::StaticKey).then(|| "/token".to_owned()),
        authorize_path: (grant == Grant::AuthorizationCode).then(|| "/page".to_owned()),
        ..Flags::default()
    }
}

#[test]
fn what_is_missing_without_a_terminal_is_named_by_its_flag() {
    let mut given = Flags::default();
    for (flag, grant) in [
        ("--grant", None),
        ("--authorize-path", Some(Grant::AuthorizationCode)),
        ("--token-path", Some(Grant::ClientCredentials)),
    ] {
        given.grant = grant;
        let error = alone(&given).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{flag} is needed")), "{error}");
    }
}

#[test]
fn the_standard_is_the_default() {
    let answers = alone(&flags(Grant::ClientCredentials)).unwrap();
    assert_eq!((answers.body, answers.proof), (Body::Form, Proof::Basic));
    assert_eq!((answers.refresh, answers.header), (Refresh::None, None));
    assert!(answers.has_token_type);
    let answers = alone(&flags(Grant::AuthorizationCode)).unwrap();
    assert_eq!(
        (answers.proof, answers.refresh),
        (Proof::None, Refresh::Supported)
    );
}

#[test]
fn the_document_says_where_the_endpoints_are() {
    let found = Endpoints {
        token: Some("/own/token".to_owned()),
        authorize: Some("/own/page".to_owned()),
    };
    let given = Flags {
        grant: Some(Grant::AuthorizationCode),
        ..Flags::default()
    };
    let answers = given.answers(&found, None::<&mut Ask>).unwrap();
    assert_eq!(answers.token_path, "/own/token");
    assert_eq!(answers.authorize_path, "/own/page");
}

#[test]
fn only_what_no_flag_says_is_asked_and_never_a_secret() {
    let mut asked = Vec::new();
    let mut ask = |what: &str, _: &str| {
        asked.push(what.to_owned());
        Ok(if what.contains("exchanged") {
            "client-credentials"
        } else {
            ""
        }
        .to_owned())
    };
    let given = Flags {
        token_path: Some("/token".to_owned()),
        body: Some(Body::Json),
        ..Flags::default()
    };
    let answers = given
        .answers(&Endpoints::default(), Some(&mut ask))
        .unwrap();
    assert_eq!(answers.body, Body::Json);
    assert_eq!(asked.len(), 5, "{asked:?}");
    assert!(asked.iter().all(|it| !it.contains("secret")), "{asked:?}");
}

#[test]
fn what_cannot_be_is_refused() {
    let changed = |grant, change: fn(&mut Flags)| {
        let mut flags = flags(grant);
        change(&mut flags);
        alone(&flags).unwrap_err().to_string()
    };
    let (machine, person) = (Grant::ClientCredentials, Grant::AuthorizationCode);
    for (error, word) in [
        (
            changed(machine, |it| it.client_proof = Some(Proof::None)),
            "--client-proof",
        ),
        (
            changed(machine, |it| it.token_path = Some("oauth".into())),
            "--token-path",
        ),
        (
            changed(machine, |it| it.token_path = Some("/a b".into())),
            "--token-path",
        ),
        (
            changed(machine, |it| it.authorize_path = Some("/a".into())),
            "--authorize-path",
        ),
        (
            changed(person, |it| it.authorize_path = Some("/token".into())),
            "the same",
        ),
        (
            changed(machine, |it| it.token_header = Some("cookie".into())),
            "--token-header",
        ),
        (
            changed(machine, |it| it.token_header = Some("a b".into())),
            "--token-header",
        ),
        (
            changed(Grant::StaticKey, |it| it.body = Some(Body::Json)),
            "--body",
        ),
        (
            changed(Grant::StaticKey, |it| it.no_token_type = true),
            "--no-token-type",
        ),
    ] {
        assert!(error.contains(word), "{error}");
    }
}
