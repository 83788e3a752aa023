//! What goes over the wire in the tests: byte by byte, and what the sandbox has to refuse.

use super::{Parts, fields, is_code, refreshes};
use crate::new_provider::answers::{Answers, Body, Proof};

/// The body of a token request of the tests' client, as it is on the wire.
fn body(answers: &Answers, is_refresh: bool) -> String {
    let fields = fields(answers, is_refresh);
    let value = |field: &str| match (field, is_refresh) {
        ("grant_type", true) => "refresh_token",
        ("grant_type", false) if is_code(answers) => "authorization_code",
        ("grant_type", false) => "client_credentials",
        ("refresh_token", _) => "refresh-1",
        ("code", _) => "c0de/of+page=1",
        ("redirect_uri", _) => "https://app.example.com/callback",
        ("client_id", _) => "app-1",
        ("client_secret", _) => "s3cret/of+app 1",
        _ => "",
    };
    let encoded = |text: &str| {
        let text = text
            .replace('/', "%2F")
            .replace('+', "%2B")
            .replace('=', "%3D");
        text.replace(':', "%3A").replace(' ', "+")
    };
    match answers.body {
        Body::Form => {
            let pairs = fields
                .iter()
                .map(|it| format!("{it}={}", encoded(value(it))));
            pairs.collect::<Vec<_>>().join("&")
        }
        Body::Json => {
            let members = fields
                .iter()
                .map(|it| format!("\"{it}\":\"{}\"", value(it)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
    }
}

/// Every request of the client as it has to come.
pub(super) fn wire(answers: &Answers) -> Parts {
    let raw = |text: &str| match text.contains('"') {
        true => format!("r#\"{text}\"#"),
        false => format!("{text:?}"),
    };
    let kind = match answers.body {
        Body::Form => "application/x-www-form-urlencoded",
        Body::Json => "application/json",
    };
    let mut headers = vec![format!("(\"content-type\", {kind:?})")];
    match answers.proof {
        // The Base64 of `app-1:s3cret%2Fof%2Bapp+1`.
        Proof::Basic => headers.insert(
            0,
            "(\"authorization\", \"Basic YXBwLTE6czNjcmV0JTJGb2YlMkJhcHArMQ==\")".to_owned(),
        ),
        // The Base64 of `app-1:s3cret/of+app 1`.
        Proof::BearerBase64 => headers.insert(
            0,
            "(\"authorization\", \"Bearer YXBwLTE6czNjcmV0L29mK2FwcCAx\")".to_owned(),
        ),
        Proof::Body | Proof::None => {}
    }
    let first = body(answers, false);
    // The verifier is made up anew each time.
    let (first, end) = match (is_code(answers), answers.body) {
        (true, Body::Json) => (first.trim_end_matches("\"}").to_owned(), "\"}"),
        _ => (first, ""),
    };
    let refresh = body(answers, true);
    let mut answer = vec!["\"access_token\":\"access-{n}\"".to_owned()];
    if answers.has_token_type {
        answer.push("\"token_type\":\"Bearer\"".to_owned());
    }
    answer.push("\"expires_in\":3600".to_owned());
    if refreshes(answers) {
        answer.push("\"refresh_token\":\"refresh-{n}\"".to_owned());
    }
    let renewal = match (is_code(answers), refreshes(answers)) {
        (true, false) => "{{end_test}}",
        _ => "{{renewal_file}}",
    };
    let renews = !is_code(answers) || refreshes(answers);
    let type_case = match answers.has_token_type {
        true => "(json(200, r#\"{\"access_token\":\"t\"}\"#), ErrorKind::Decode),",
        false => "",
    };
    vec![
        ("renewal_test", renewal.to_owned()),
        ("token_headers", headers.join(", ")),
        ("first_body", raw(&first)),
        ("first_end", raw(end)),
        (
            "refresh_constant",
            match refreshes(answers) {
                true => format!("const REFRESH: &str = {};", raw(&refresh)),
                false => String::new(),
            },
        ),
        (
            "renewal_body",
            if refreshes(answers) {
                "REFRESH"
            } else {
                "FIRST"
            }
            .to_owned(),
        ),
        (
            "renewal_use",
            if renews { "" } else { "ErrorKind, " }.to_owned(),
        ),
        (
            "token_answer",
            raw(&format!("{{{{{}}}}}", answer.join(","))),
        ),
        (
            "second_probe",
            match renews {
                true => "probe(&client).await.expect(\"an answer\");",
                false => "probe(&client).await.expect_err(\"a person is needed\");",
            }
            .to_owned(),
        ),
        ("exchanges", if renews { "4" } else { "2" }.to_owned()),
        ("token_type_case", type_case.to_owned()),
        (
            "refused_kind",
            match is_code(answers) {
                true => "Reauthorize",
                false => "Unauthorized",
            }
            .to_owned(),
        ),
        (
            "call_401",
            match renews {
                true => "(401, ErrorKind::Unauthorized),",
                // What can't be renewed needs the person, whatever the answer said.
                false => "",
            }
            .to_owned(),
        ),
    ]
}

/// A token request to the sandbox, written by hand.
fn by_hand(body: Body, proof: Proof, extra: &str) -> String {
    let begin = match proof {
        Proof::Basic => "basic()",
        Proof::BearerBase64 => "bearer()",
        Proof::Body | Proof::None => "token()",
    };
    let client = match proof {
        Proof::Body => "&{CLIENT}",
        Proof::None => "&{ID}",
        Proof::Basic | Proof::BearerBase64 => "",
    };
    let form = match (client, extra) {
        ("", "") => "&grant".to_owned(),
        _ => format!("&format!(\"{{grant}}{client}{extra}\")"),
    };
    match body {
        Body::Form => format!("{begin}.form({form})"),
        Body::Json => format!("{begin}.json(&members({form}))"),
    }
}

/// The form that the sandbox takes, and those that it refuses.
pub(super) fn refused(answers: &Answers) -> Parts {
    let (body, proof) = (answers.body, answers.proof);
    let other = match body {
        Body::Form => Body::Json,
        Body::Json => Body::Form,
    };
    let mut bad = vec![
        ("another type of body", by_hand(other, proof, "")),
        (
            "a parameter that no row has",
            by_hand(body, proof, "&scope=all"),
        ),
    ];
    for (what, proof) in [
        ("the client in the body", Proof::Body),
        ("the client by HTTP Basic", Proof::Basic),
        ("the client behind Bearer", Proof::BearerBase64),
        ("the client's id alone", Proof::None),
    ] {
        if proof != answers.proof {
            bad.push((what, by_hand(body, proof, "")));
        }
    }
    let bad = bad
        .iter()
        .map(|(what, request)| format!("({what:?}, {request})"));
    let bad = bad.collect::<Vec<_>>().join(", ");
    let (begin, uses) = match is_code(answers) {
        true => ("let grant = grant(&sandbox).await;", "use {{name}}::Url;"),
        false => (
            "let grant = \"grant_type=client_credentials\".to_owned();",
            "use {{name}}::{Client, ErrorKind, Url};",
        ),
    };
    vec![
        ("raw_begin", begin.to_owned()),
        ("raw_good", by_hand(body, proof, "")),
        ("raw_bad", bad),
        ("refused_uses", uses.to_owned()),
    ]
}
