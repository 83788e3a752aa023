//! The rows of a dialect, and what of them departs from the standard.

use super::{Parts, fields, grant_type, is_code, refreshes};
use crate::new_provider::answers::{Answers, Body, Grant, Proof, Refresh};

/// What `src/dialect.rs` consists of.
pub(super) fn dialect(answers: &Answers) -> Parts {
    let row = |is_refresh: bool| {
        let grant = if is_refresh {
            "RefreshToken"
        } else {
            grant_type(answers)
        };
        let fields = fields(answers, is_refresh);
        let parameters: Vec<_> = fields
            .iter()
            .map(|it| format!("Parameter::body(\"{it}\")"))
            .collect();
        let mut row = format!(
            "TokenRow::new(GrantType::{grant}, {:?}, &[{}])",
            answers.token_path,
            parameters.join(", ")
        );
        if is_refresh {
            row.push_str(&format!(".after(&[GrantType::{}])", grant_type(answers)));
        }
        if answers.body == Body::Json {
            row.push_str(".format(BodyFormat::Json)");
        }
        match answers.proof {
            Proof::Basic => row.push_str(".client(ClientProof::Basic)"),
            Proof::BearerBase64 => row.push_str(".client(ClientProof::BearerBase64)"),
            Proof::Body | Proof::None => {}
        }
        row + ".source(SOURCE)"
    };
    let mut uses = vec!["Dialect"];
    let mut calls = String::new();
    let mut rows = Vec::new();
    if answers.grant == Grant::StaticKey {
        uses.extend(["KeyKind", "KeyRow", "Refresh"]);
        calls.push_str(".keys(&[KeyRow::new(KeyKind::Token, &[], SOURCE)]).refresh(Refresh::None)");
    } else {
        uses.extend(["GrantType", "Parameter", "TokenRow"]);
        rows.push(row(false));
        if refreshes(answers) {
            rows.push(row(true));
        }
        if answers.body == Body::Json {
            uses.push("BodyFormat");
        }
        if matches!(answers.proof, Proof::Basic | Proof::BearerBase64) {
            uses.push("ClientProof");
        }
        match answers.refresh {
            Refresh::Supported => {}
            Refresh::None => calls.push_str(".refresh(Refresh::None)"),
            Refresh::Undocumented => calls.push_str(".refresh(Refresh::Undocumented)"),
        }
        if answers.refresh != Refresh::Supported {
            uses.push("Refresh");
        }
        if !answers.has_token_type {
            calls.push_str(".missing_token_type()");
        }
    }
    if is_code(answers) {
        uses.push("AuthorizeRow");
        let names = [
            "client_id",
            "response_type",
            "redirect_uri",
            "code_challenge",
            "code_challenge_method",
            "state",
        ];
        let names: Vec<_> = names
            .iter()
            .map(|it| format!("Parameter::query(\"{it}\")"))
            .collect();
        calls.push_str(&format!(
            ".authorize(AuthorizeRow::new({:?}, &[{}], SOURCE))",
            answers.authorize_path,
            names.join(", ")
        ));
    }
    if let Some(header) = &answers.header {
        uses.push("Placement");
        calls.push_str(&format!(".placement(Placement::Header({header:?}))"));
    }
    uses.sort_unstable();
    vec![
        ("dialect_uses", uses.join(", ")),
        (
            "dialect_constants",
            "/// Where each row is documented: put the vendor's page and section in its place.\n\
             const SOURCE: &str = \"as told to `cargo xtask new-provider`\";\n\n"
                .to_owned(),
        ),
        ("token_rows", rows.join(", ")),
        ("dialect_calls", calls),
        ("deviations", deviations(answers)),
        ("GrantType", grant_type(answers).to_owned()),
    ]
}

/// Every departure from the standard, in the order in which the dialect lists them.
fn deviations(answers: &Answers) -> String {
    let mut all = Vec::new();
    let first = if is_code(answers) {
        "authorization code"
    } else {
        "client credentials"
    };
    let mut stages = Vec::new();
    if answers.grant != Grant::StaticKey {
        stages.push(first.to_owned());
        if refreshes(answers) {
            stages.push(format!("refresh after {first}"));
        }
    }
    for stage in stages {
        if answers.body == Body::Json {
            all.push(format!("{stage}: the body is JSON, not a form"));
        }
        if answers.proof == Proof::BearerBase64 {
            all.push(format!(
                "{stage}: the client's pair stands in Base64 behind `Bearer`, not `Basic`"
            ));
        }
    }
    if let Some(header) = &answers.header {
        all.push(format!(
            "API call: the token travels bare in a header called `{header}`"
        ));
    }
    if !answers.has_token_type {
        all.push("token answer: `token_type` is missing and read as `bearer`".to_owned());
    }
    let all: Vec<_> = all.iter().map(|it| format!("{it:?}")).collect();
    all.join(", ")
}
