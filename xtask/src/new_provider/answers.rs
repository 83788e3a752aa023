//! Collects what an OAuth server can differ in: from flags, from the document, or from whoever sits at the terminal.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use anyhow::{Result, bail, ensure};
use clap::ValueEnum;

use super::adopt::Endpoints;

/// What is exchanged for a token, or sent in the place of one.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum Grant {
    /// The application signs in for itself.
    ClientCredentials,
    /// A person approves in the browser, with PKCE.
    AuthorizationCode,
    /// A key goes with each call; nothing is exchanged.
    StaticKey,
}

/// How the body of a token request is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum Body {
    Form,
    Json,
}

/// How the client proves itself at the token endpoint.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum Proof {
    /// `client_id` and `client_secret` in the body.
    Body,
    /// HTTP Basic, the standard.
    Basic,
    /// The pair in Base64 behind `Bearer`.
    BearerBase64,
    /// Only `client_id`: PKCE proves the rest.
    None,
}

/// What is known of refresh tokens.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum Refresh {
    Supported,
    None,
    /// They are issued, and no page says what to do with them.
    Undocumented,
}

/// The flags; what is missing is asked for on a terminal, or has the standard's value.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Flags {
    /// What is exchanged for a token
    #[arg(long, value_enum)]
    pub(super) grant: Option<Grant>,
    /// Where tokens come from, from the host's root [default: what the document's security schemes say]
    #[arg(long, value_name = "PATH")]
    pub(super) token_path: Option<String>,
    /// Where a person is asked, from the host's root [default: what the document's security schemes say]
    #[arg(long, value_name = "PATH")]
    pub(super) authorize_path: Option<String>,
    /// How the body of a token request is written [default: form]
    #[arg(long, value_enum)]
    pub(super) body: Option<Body>,
    /// How the client proves itself [default: basic, and none with an authorization code]
    #[arg(long, value_enum)]
    pub(super) client_proof: Option<Proof>,
    /// The header that holds the token on a call, bare unless it is `authorization`, which has `Bearer`
    /// [default: authorization]
    #[arg(long, value_name = "NAME")]
    pub(super) token_header: Option<String>,
    /// What is known of refresh tokens [default: supported with an authorization code, else none]
    #[arg(long, value_enum)]
    pub(super) refresh: Option<Refresh>,
    /// Token answers have no `token_type`
    #[arg(long)]
    pub(super) no_token_type: bool,
}

/// Everything that a server differs in.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answers {
    pub(super) grant: Grant,
    /// Empty with a static key.
    pub(super) token_path: String,
    /// Empty unless people approve.
    pub(super) authorize_path: String,
    pub(super) body: Body,
    pub(super) proof: Proof,
    /// `None` stands for `Authorization: Bearer`.
    pub(super) header: Option<String>,
    pub(super) refresh: Refresh,
    pub(super) has_token_type: bool,
}

impl Flags {
    /// What the flow that was asked for is called in a document.
    pub(super) fn flow(&self) -> &'static str {
        match self.grant {
            Some(Grant::AuthorizationCode) => "authorizationCode",
            _ => "clientCredentials",
        }
    }

    /// Completes them, asking only where somebody can answer.
    pub(super) fn complete(&self, found: &Endpoints) -> Result<Answers> {
        let is_terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
        self.answers(found, is_terminal.then_some(&mut asked))
    }

    /// Completes them by `ask`, which gets a question and the answer that an empty line stands for.
    pub(super) fn answers(
        &self,
        found: &Endpoints,
        mut ask: Option<&mut impl FnMut(&str, &str) -> Result<String>>,
    ) -> Result<Answers> {
        let mut question = |flag: &str, given: Option<String>, what: &str, usual: &str| {
            if let Some(given) = given {
                return Ok(given);
            }
            let answer = match &mut ask {
                Some(ask) => ask(what, usual)?,
                None => usual.to_owned(),
            };
            let answer = if answer.trim().is_empty() {
                usual
            } else {
                answer.trim()
            };
            ensure!(!answer.is_empty(), "{flag} is needed: {what}");
            Ok(answer.to_owned())
        };
        let grant = choice(
            "--grant",
            question(
                "--grant",
                self.grant.map(name),
                "what is exchanged for a token (client-credentials, authorization-code, static-key)",
                "",
            )?,
        )?;
        if grant == Grant::StaticKey {
            self.refuse_exchange()?;
        }
        let is_code = grant == Grant::AuthorizationCode;
        let exchanges = grant != Grant::StaticKey;
        let (mut token_path, mut authorize_path) = (String::new(), String::new());
        let (mut body, mut proof, mut refresh) = (Body::Form, Proof::None, Refresh::None);
        let mut has_token_type = true;
        if is_code {
            authorize_path = question(
                "--authorize-path",
                self.authorize_path.clone(),
                "where a person is asked, from the host's root, such as /oauth/authorize",
                found.authorize.as_deref().unwrap_or_default(),
            )?;
        } else {
            ensure!(
                self.authorize_path.is_none(),
                "--authorize-path goes with --grant authorization-code"
            );
        }
        if exchanges {
            token_path = question(
                "--token-path",
                self.token_path.clone(),
                "where tokens come from, from the host's root, such as /oauth/token",
                found.token.as_deref().unwrap_or_default(),
            )?;
            body = choice(
                "--body",
                question(
                    "--body",
                    self.body.map(name),
                    "how the body of a token request is written (form, json)",
                    "form",
                )?,
            )?;
            proof = choice(
                "--client-proof",
                question(
                    "--client-proof",
                    self.client_proof.map(name),
                    "how the client proves itself (body, basic, bearer-base64, none)",
                    if is_code { "none" } else { "basic" },
                )?,
            )?;
            refresh = choice(
                "--refresh",
                question(
                    "--refresh",
                    self.refresh.map(name),
                    "what is known of refresh tokens (supported, none, undocumented)",
                    if is_code { "supported" } else { "none" },
                )?,
            )?;
            let without = question(
                "--no-token-type",
                self.no_token_type.then(|| "yes".to_owned()),
                "whether token answers lack `token_type` (yes, no)",
                "no",
            )?;
            has_token_type = match without.as_str() {
                "no" => true,
                "yes" => false,
                other => bail!("--no-token-type: `{other}` is neither yes nor no"),
            };
        }
        let header = question(
            "--token-header",
            self.token_header.clone(),
            "the header that holds the token on a call",
            "authorization",
        )?;
        let header = header.to_ascii_lowercase();
        let answers = Answers {
            grant,
            token_path,
            authorize_path,
            body,
            proof,
            header: (header != "authorization").then_some(header),
            refresh,
            has_token_type,
        };
        answers.check()?;
        Ok(answers)
    }

    /// With a key nothing is exchanged, so that nothing of an exchange can be said.
    fn refuse_exchange(&self) -> Result<()> {
        for (flag, is_given) in [
            ("--token-path", self.token_path.is_some()),
            ("--body", self.body.is_some()),
            ("--client-proof", self.client_proof.is_some()),
            ("--refresh", self.refresh.is_some()),
            ("--no-token-type", self.no_token_type),
        ] {
            ensure!(
                !is_given,
                "{flag} says something of an exchange, and --grant static-key has none"
            );
        }
        Ok(())
    }
}

impl Answers {
    /// Refuses what can't be.
    fn check(&self) -> Result<()> {
        for (flag, path) in [
            ("--token-path", &self.token_path),
            ("--authorize-path", &self.authorize_path),
        ] {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-~".contains(c);
            let fits = path.starts_with('/') && path.len() > 1 && path.chars().all(is_plain);
            let climbs = path
                .split('/')
                .any(|segment| [".", ".."].contains(&segment));
            ensure!(
                path.is_empty() || fits && !path.ends_with('/') && !path.contains("//") && !climbs,
                "{flag}: `{path}` is no path from the host's root, such as /oauth/token"
            );
        }
        ensure!(
            self.token_path.is_empty() || self.token_path != self.authorize_path,
            "--token-path and --authorize-path are the same"
        );
        ensure!(
            self.grant != Grant::ClientCredentials || self.proof != Proof::None,
            "--client-proof none proves nothing with --grant client-credentials"
        );
        if let Some(header) = &self.header {
            let is_plain =
                |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
            ensure!(
                !header.is_empty() && header.chars().all(is_plain),
                "--token-header: `{header}` is no name of a header"
            );
            ensure!(
                !TAKEN.contains(&header.as_str()),
                "--token-header: `{header}` has a meaning of its own"
            );
        }
        Ok(())
    }

    /// Whether there is a client secret.
    pub(super) fn has_secret(&self) -> bool {
        self.proof != Proof::None
    }
}

/// Headers that a call has for other reasons, or that no program may set.
const TAKEN: &[&str] = &[
    "accept",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "host",
    "idempotency-key",
    "transfer-encoding",
    "user-agent",
];

/// A value as its flag writes it.
fn name(value: impl ValueEnum) -> String {
    let value = value.to_possible_value();
    value
        .map(|value| value.get_name().to_owned())
        .unwrap_or_default()
}

fn choice<T: ValueEnum>(flag: &str, text: String) -> Result<T> {
    T::from_str(&text, true).map_err(|_| anyhow::anyhow!("{flag}: `{text}` is none of the choices"))
}

/// Asks on the terminal. No question is for a secret.
fn asked(what: &str, usual: &str) -> Result<String> {
    let usual = match usual {
        "" => String::new(),
        usual => format!(" [{usual}]"),
    };
    eprint!("{what}{usual}: ");
    io::stderr().flush()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line)
}

#[cfg(test)]
mod tests;
