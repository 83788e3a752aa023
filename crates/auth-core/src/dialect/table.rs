//! Writes a dialect as Markdown, for `docs/dialects.md`.

use std::fmt::Write as _;

use super::{
    BodyFormat, ClientProof, Dialect, KeyKind, Parameter, Place, Placement, Refresh, TokenRow,
};
use crate::grant::GrantType;

impl Dialect {
    /// The dialect's rows, rules and deviations as a Markdown section.
    pub fn to_markdown(&self) -> String {
        let mut text = format!("### `{}`\n\n", self.name);
        text.push_str(
            "| grant | request | body | client proof | parameters, in order | source |\n",
        );
        text.push_str("|---|---|---|---|---|---|\n");
        if let Some(row) = &self.authorize {
            let parameters = list(row.parameters);
            let request = format!("GET `{}`", row.path);
            line(
                &mut text,
                &[
                    "authorization URL",
                    &request,
                    "-",
                    "-",
                    &parameters,
                    row.source,
                ],
            );
            #[cfg(feature = "implicit")]
            if row.implicit {
                let same = "the same, with `response_type=token`";
                line(
                    &mut text,
                    &["implicit", &request, "-", "-", same, row.source],
                );
            }
        }
        for row in self.rows {
            row.describe(&mut text);
        }
        for row in self.keys {
            let (name, proof) = match row.kind {
                KeyKind::Basic => (
                    "API key",
                    "`Authorization: Basic base64(username:key)`".to_owned(),
                ),
                KeyKind::Token => ("static token", self.placement.in_words()),
            };
            line(
                &mut text,
                &[
                    name,
                    "any API call",
                    "-",
                    &proof,
                    &list(row.query),
                    row.source,
                ],
            );
        }
        let mut placement = self.placement.in_words();
        for other in self.other_placements {
            placement.push_str(", or on request ");
            placement.push_str(&other.in_words());
        }
        let refresh = match self.refresh {
            Refresh::Supported => {
                "400 and 401 mean that the refresh token is no longer good, and so does a failure under 200"
            }
            Refresh::Undocumented => {
                "undocumented; any 4xx leads to the original grant where that needs no person, and no other is tried"
            }
            Refresh::None => "none; a refresh token that comes all the same is not used",
        };
        // Writing to a string does not fail.
        let _ = write!(text, "\nAPI calls carry {placement}. Refresh: {refresh}.");
        if self.missing_token_type {
            text.push_str(" A missing `token_type` is read as `bearer`.");
        }
        if let Some(member) = self.answers.soft_failure {
            let _ = write!(
                text,
                " A success status with `{member}: false` is a failure."
            );
        }
        for rule in self.answers.limits {
            let sign = match (rule.code, rule.word) {
                (Some(code), _) => format!("code `{code}`"),
                (None, word) => format!("\"{}\" in code or message", word.unwrap_or_default()),
            };
            let _ = write!(
                text,
                " Status {} with {sign} means too many requests.",
                rule.status
            );
        }
        text.push_str("\n\nDepartures from the standard, each looked for on the wire by the conformance test:\n\n");
        let deviations = self.deviations();
        if deviations.is_empty() {
            text.push_str("- none\n");
        }
        for deviation in deviations {
            let _ = writeln!(text, "- {deviation}");
        }
        text
    }
}

impl TokenRow {
    fn describe(&self, text: &mut String) {
        let mut grant = self.grant.name().to_owned();
        if self.grant == GrantType::RefreshToken && !self.after.is_empty() {
            let after: Vec<_> = self.after.iter().map(|first| first.name()).collect();
            grant = format!("{grant}, after {}", after.join(" or "));
        }
        let mut format = self.format.in_words().to_owned();
        if let Some(other) = self.other_format {
            let _ = write!(format, ", or {} on request", other.in_words());
        }
        let find = |value: &str| {
            self.parameters
                .iter()
                .find(|parameter| parameter.value == value)
        };
        let proof = match (self.client, find("client_id"), find("client_secret")) {
            (ClientProof::Parameters, None, None) => "none",
            (ClientProof::Parameters, _, None) => "`client_id` in the body",
            (ClientProof::Parameters, _, Some(secret)) if secret.optional => {
                "`client_id` in the body, and `client_secret` if set"
            }
            (ClientProof::Parameters, ..) => "`client_id` and `client_secret` in the body",
            (ClientProof::Basic, ..) => "`Authorization: Basic`, id and secret form-encoded first",
            (ClientProof::BearerBase64, ..) => {
                "`Authorization: Bearer base64(client_id:client_secret)`"
            }
        };
        line(
            text,
            &[
                &grant,
                &format!("POST `{}`", self.path),
                &format,
                proof,
                &list(self.parameters),
                self.source,
            ],
        );
    }
}

impl BodyFormat {
    fn in_words(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Json => "JSON",
        }
    }
}

impl Placement {
    fn in_words(self) -> String {
        match self {
            Self::AuthorizationBearer => "`Authorization: Bearer T`".to_owned(),
            Self::AuthorizationRaw => "`Authorization: T`".to_owned(),
            Self::Header(name) => format!("`{name}: T`"),
        }
    }
}

fn list(parameters: &[Parameter]) -> String {
    if parameters.is_empty() {
        return "-".to_owned();
    }
    let one = |parameter: &Parameter| {
        let place = if parameter.place == Place::Query {
            " (query)"
        } else {
            ""
        };
        let optional = if parameter.optional { " (if set)" } else { "" };
        let from = if parameter.value == parameter.wire {
            String::new()
        } else {
            format!(" = {}", parameter.value)
        };
        format!("`{}`{from}{place}{optional}", parameter.wire)
    };
    parameters.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn line(text: &mut String, cells: &[&str]) {
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}
