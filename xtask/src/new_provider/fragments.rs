//! Writes the small parts of the templates that depend on the answers: rows, wire forms, and what the sandbox wants.

mod dialect;
mod sandbox;
mod wire;

use self::dialect::dialect;
use self::sandbox::{admit, sandbox};
use self::wire::{refused, wire};
use super::answers::{Answers, Grant, Proof, Refresh};

/// The parts by the names of their placeholders.
pub(super) type Parts = Vec<(&'static str, String)>;

/// All parts for the answers of a provider.
pub(super) fn of(name: &str, answers: &Answers) -> Parts {
    let upper = name.to_ascii_uppercase();
    let mut parts = dialect(answers);
    parts.extend(client(answers));
    parts.extend(wire(answers));
    if answers.grant != Grant::StaticKey {
        parts.extend(refused(answers));
        parts.extend(sandbox(&upper, answers));
    }
    parts.push(("admit", admit(answers)));
    parts.push(("call_header", call_header(answers, "access-1", "KEY")));
    parts
}

fn is_code(answers: &Answers) -> bool {
    answers.grant == Grant::AuthorizationCode
}

/// Whether a refresh token is used.
fn refreshes(answers: &Answers) -> bool {
    answers.refresh != Refresh::None && answers.grant != Grant::StaticKey
}

fn grant_type(answers: &Answers) -> &'static str {
    match answers.grant {
        Grant::AuthorizationCode => "AuthorizationCode",
        _ => "ClientCredentials",
    }
}

/// The parameters of a token request's body, by the names of the standard, but `code_verifier` always last.
fn fields(answers: &Answers, is_refresh: bool) -> Vec<&'static str> {
    let mut fields = vec!["grant_type"];
    match (is_refresh, is_code(answers)) {
        (true, _) => fields.push("refresh_token"),
        (false, true) => fields.extend(["code", "redirect_uri"]),
        (false, false) => {}
    }
    match answers.proof {
        Proof::Body => fields.extend(["client_id", "client_secret"]),
        Proof::None => fields.push("client_id"),
        Proof::Basic | Proof::BearerBase64 => {}
    }
    if is_code(answers) && !is_refresh {
        fields.push("code_verifier");
    }
    fields
}

/// What the client and its settings have only where there is a secret, or a pair that a colon ends.
fn client(answers: &Answers) -> Parts {
    let secret = |text: &str| {
        if answers.has_secret() {
            text.to_owned()
        } else {
            String::new()
        }
    };
    let has_colon = answers.proof == Proof::BearerBase64;
    let id = if is_code(answers) { "client.id" } else { "id" };
    let id_check = format!(
        "if {id}.contains(':') {{\n    return Err(Error::config(\"client_id\", \
         \"holds a colon, which ends the id in the pair\"));\n}}"
    );
    let id_case = match is_code(answers) {
        true => "(with_client(\"a:b\", REDIRECT_URI), \"client_id\"),",
        false => "(credentials(\"a:b\", CLIENT_SECRET), \"client_id\"),",
    };
    let when = |is: bool, text: &str| if is { text.to_owned() } else { String::new() };
    vec![
        ("id_check", when(has_colon, &id_check)),
        ("id_case", when(has_colon, id_case)),
        (
            "secret_parameter",
            secret("client_secret: impl Into<SecretSource>,\n"),
        ),
        ("secret_member", secret("secret: client_secret.into(),\n")),
        ("secret_field", secret("secret: SecretSource,\n")),
        ("secret_uses", secret("Secret, SecretSource, ")),
        ("secret_literal", secret("\"client-secret\", ")),
        ("secret_variable", secret("`{{NAME}}_CLIENT_SECRET` ")),
        (
            "secret_need",
            secret("need(\"{{NAME}}_CLIENT_SECRET\")?,\n"),
        ),
        (
            "secret_principal",
            secret("principal.client_secret = Some(client.secret);\n"),
        ),
        (
            "secret_check",
            secret(
                "if client.secret.known().is_some_and(Secret::is_empty) {\n    \
                 return Err(Error::config(\"client_secret\", \"is empty\"));\n}",
            ),
        ),
        (
            "secret_constant",
            secret("pub(crate) const CLIENT_SECRET: &str = \"s3cret/of+app 1\";\n"),
        ),
        ("secret_argument", secret("CLIENT_SECRET, ")),
        ("secret_name", secret("CLIENT_SECRET, ")),
        ("secret_type", secret("Secret, ")),
        ("secret_canary", secret("Secret::new(\"canary-secret\"), ")),
        (
            "secret_lookup",
            secret("(\"{{NAME}}_CLIENT_SECRET\", CLIENT_SECRET),\n"),
        ),
        (
            "secret_case",
            secret(
                "(Client::builder(BASE_URL).oauth_client(CLIENT_ID, \"\", REDIRECT_URI).tokens(tokens()), \
                 \"client_secret\"),",
            ),
        ),
        ("secret_credential", secret("{{NAME}}_CLIENT_SECRET, ")),
        (
            "secret_environment",
            secret("(\"{{NAME}}_CLIENT_SECRET\", {{NAME}}_CLIENT_SECRET.to_owned()),\n"),
        ),
        (
            "sandbox_credentials",
            format!(
                "credentials::{{{{NAME}}}}_CLIENT_ID, {}credentials::{{{{NAME}}}}_REDIRECT_URI",
                secret("credentials::{{NAME}}_CLIENT_SECRET, ")
            ),
        ),
        (
            "doc_credentials",
            format!(
                "credentials::{{{{NAME}}}}_CLIENT_ID, {}credentials::{{{{NAME}}}}_REDIRECT_URI",
                secret("credentials::{{NAME}}_CLIENT_SECRET, ")
            ),
        ),
    ]
}

/// The header of a call, with a token or, where nothing is exchanged, the key.
fn call_header(answers: &Answers, token: &str, key: &str) -> String {
    match (&answers.header, answers.grant) {
        (None, Grant::StaticKey) => {
            format!("(\"authorization\", &format!(\"Bearer {{{key}}}\"))")
        }
        (Some(header), Grant::StaticKey) => format!("({header:?}, {key})"),
        (None, _) => format!("(\"authorization\", \"Bearer {token}\")"),
        (Some(header), _) => format!("({header:?}, {token:?})"),
    }
}
