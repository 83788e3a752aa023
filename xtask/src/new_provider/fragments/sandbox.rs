//! What the sandbox wants of a sign-in and of a call.

use super::{Parts, fields, is_code, refreshes};
use crate::new_provider::answers::{Answers, Body, Grant, Proof};

/// How the sandbox lets a call in.
pub(super) fn admit(answers: &Answers) -> String {
    let is_key = answers.grant == Grant::StaticKey;
    let token = match &answers.header {
        None => "bearer::token(inbound)?".to_owned(),
        Some(header) => format!("bearer::bare(inbound, {header:?})?"),
    };
    let idle = match &answers.header {
        None => String::new(),
        Some(_) => "if inbound.headers.contains_key(\"authorization\") {\n    \
             return Err(Problem::malformed(\"an Authorization header, though the token goes elsewhere\"));\n}\n"
            .to_owned(),
    };
    match is_key {
        true => format!("{idle}let key = {token};"),
        false => format!("{idle}bearer::honor(state, {token}, &AUDIENCE)?;"),
    }
}

/// The token endpoint.
pub(super) fn sandbox(upper: &str, answers: &Answers) -> Parts {
    let must = |is_refresh| {
        let fields = fields(answers, is_refresh);
        let fields = fields.into_iter().filter(|it| *it != "grant_type");
        fields
            .map(|it| format!("Must({it:?})"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let encoding = match answers.body {
        Body::Form => "Form",
        Body::Json => "Json",
    };
    let refresh_grant = match refreshes(answers) {
        true => format!(
            "Grant {{ name: \"refresh_token\", encoding: Encoding::{encoding}, body: &[{}], query: &[] }},",
            must(true)
        ),
        false => String::new(),
    };
    let takes_params = matches!(answers.proof, Proof::Body | Proof::None);
    let has_fields = is_code(answers) || takes_params || refreshes(answers);
    let fields_use = match (is_code(answers), has_fields) {
        (true, _) => "use crate::strict::Field::{self, May, Must};",
        (false, true) => "use crate::strict::Field::Must;",
        (false, false) => "",
    };
    let needs_request = is_code(answers) || takes_params || refreshes(answers);
    let read = match needs_request {
        true => "let request = strict::sign_in(inbound, GRANTS, notes)?;",
        false => "strict::sign_in(inbound, GRANTS, notes)?;",
    };
    let check = match answers.proof {
        Proof::Body | Proof::None => "client(inbound, &request.body)?;",
        Proof::Basic | Proof::BearerBase64 => "client(inbound)?;",
    };
    let first = match is_code(answers) {
        true => format!(
            "code::exchange(state, &request.body, {upper}_CLIENT_ID, &AUDIENCE, {})?",
            refreshes(answers)
        ),
        false => format!(
            "state.issue(&AUDIENCE, Origin::ClientCredentials, {})",
            refreshes(answers)
        ),
    };
    let issue = match refreshes(answers) {
        true => format!(
            "if request.grant == \"refresh_token\" {{\n    let lifetime = state.token_lifetime();\n    \
             let token = request.body.need(\"refresh_token\");\n    \
             state.tokens.rotate(token, &AUDIENCE, lifetime).map_err(bearer::refresh_refused)?\n}} else {{\n    {first}\n}}"
        ),
        false => first,
    };
    let mut members = vec!["\"access_token\": issued.access"];
    if answers.has_token_type {
        members.push("\"token_type\": \"Bearer\"");
    }
    members.push("\"expires_in\": issued.expires_in()");
    if refreshes(answers) {
        members.push("\"refresh_token\": issued.refresh");
    }
    let (uses, form_use, client) = client_check(upper, answers);
    vec![
        ("Body", encoding.to_owned()),
        ("grant_fields", must(false)),
        ("refresh_grant", refresh_grant),
        ("sandbox_uses", uses),
        ("sandbox_form_use", form_use),
        ("sandbox_field_use", fields_use.to_owned()),
        (
            "sandbox_params_use",
            if takes_params { ", Params" } else { "" }.to_owned(),
        ),
        ("sign_in_start", format!("{read}\n{check}")),
        ("issue", issue),
        (
            "token_body",
            format!(
                "let body = json!({{\n        {},\n    }});",
                members.join(",\n        ")
            ),
        ),
        ("client_check", client),
    ]
}

/// How the sandbox judges the client: what it uses, and the function.
fn client_check(upper: &str, answers: &Answers) -> (String, String, String) {
    let base64 =
        "use base64::Engine as _;\nuse base64::engine::general_purpose::STANDARD;".to_owned();
    let wrong =
        "Err(Problem::credentials(Some(\"invalid_client\"), \"wrong client_id or client_secret\"))";
    let no_header = "if inbound.headers.contains_key(\"authorization\") {\n    return Err(Problem::malformed(\n        \
         \"an Authorization header at a token endpoint that reads the client from the body\",\n    ));\n}\n";
    match answers.proof {
        Proof::Body => (
            String::new(),
            String::new(),
            format!(
                "/// The client stands in the body, and nowhere else.\n\
                 fn client(inbound: &Inbound, body: &Params) -> Result<(), Problem> {{\n{no_header}\
                 if body.need(\"client_id\") != {upper}_CLIENT_ID || body.need(\"client_secret\") != {upper}_CLIENT_SECRET {{\n\
                 return {wrong};\n}}\nOk(())\n}}"
            ),
        ),
        Proof::None => (
            String::new(),
            String::new(),
            format!(
                "/// The client only names itself.\n\
                 fn client(inbound: &Inbound, body: &Params) -> Result<(), Problem> {{\n{no_header}\
                 if body.need(\"client_id\") != {upper}_CLIENT_ID {{\nreturn {};\n}}\nOk(())\n}}",
                wrong.replace(" or client_secret", "")
            ),
        ),
        Proof::BearerBase64 => (
            base64,
            String::new(),
            format!(
                "/// The client's pair stands behind `Bearer`.\n\
                 fn client(inbound: &Inbound) -> Result<(), Problem> {{\n\
                 let pair = STANDARD.decode(bearer::token(inbound)?);\n\
                 let pair = pair.map_err(|_| Problem::malformed(\"the client is not in padded standard Base64\"))?;\n\
                 if pair != format!(\"{{{upper}_CLIENT_ID}}:{{{upper}_CLIENT_SECRET}}\").as_bytes() {{\n\
                 return {wrong};\n}}\nOk(())\n}}"
            ),
        ),
        Proof::Basic => (
            base64,
            "use crate::form;".to_owned(),
            format!(
                "/// The client proves itself by HTTP Basic, each half form-encoded (RFC 6749, section 2.3.1).\n\
                 fn client(inbound: &Inbound) -> Result<(), Problem> {{\n\
                 let malformed = || Problem::malformed(\"the Authorization header is no `Basic` of a form-encoded pair\");\n\
                 let header = inbound.header(\"authorization\")?;\n\
                 let pair = header.and_then(|it| it.strip_prefix(\"Basic \")).ok_or_else(malformed)?;\n\
                 let pair = STANDARD.decode(pair).map_err(|_| malformed())?;\n\
                 let pair = String::from_utf8(pair).map_err(|_| malformed())?;\n\
                 let (id, secret) = pair.split_once(':').ok_or_else(malformed)?;\n\
                 let halves = form::parse(&format!(\"id={{id}}&secret={{secret}}\")).map_err(|_| malformed())?;\n\
                 let values: Vec<&str> = halves.iter().map(|(_, value)| value.as_str()).collect();\n\
                 if values != [{upper}_CLIENT_ID, {upper}_CLIENT_SECRET] {{\nreturn {wrong};\n}}\nOk(())\n}}"
            ),
        ),
    }
}
