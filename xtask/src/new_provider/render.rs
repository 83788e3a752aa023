//! Fills the templates below `xtask/templates` in: every file of a new crate that no generator writes.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};
use xshell::{Shell, cmd};

use super::adopt::Adopted;
use super::answers::{Answers, Grant};
use super::{Name, fragments};
use crate::codegen::names::singular;

macro_rules! template {
    ($path:literal) => {
        include_str!(concat!("../../templates/", $path))
    };
}

/// A template and where its text goes, below the crate or, with a leading `/`, below the workspace.
type Template = (&'static str, &'static str);

const COMMON: &[Template] = &[
    ("Cargo.toml", template!("common/Cargo.toml")),
    ("CHANGELOG.md", template!("common/CHANGELOG.md.in")),
    ("README.md", template!("common/README.md.in")),
    ("examples/dialects.rs", template!("common/dialects.rs")),
    ("examples/doctor.rs", template!("common/doctor.rs")),
    ("examples/quickstart.rs", template!("common/quickstart.rs")),
    ("src/dialect.rs", template!("common/dialect.rs")),
    ("src/lib.rs", template!("common/lib.rs")),
    ("tests/it/canary.rs", template!("common/canary.rs")),
    ("tests/it/fixture.rs", template!("common/fixture.rs")),
    ("tests/it/main.rs", template!("common/main.rs")),
    ("tests/it/typed.rs", template!("common/typed.rs")),
    ("/docs/guides/{{name}}.md", template!("common/guide.md.in")),
];

/// What both grants with a token endpoint have.
const TOKEN: &[Template] = &[
    ("tests/it/conformance.rs", template!("token/conformance.rs")),
    ("tests/it/errors.rs", template!("token/errors.rs")),
    ("tests/it/raw.rs", template!("token/raw.rs")),
    ("tests/it/refused.rs", template!("token/refused.rs")),
];

const CLIENT_CREDENTIALS: &[Template] = &[
    ("src/client.rs", template!("client_credentials/client.rs")),
    (
        "tests/it/settings.rs",
        template!("client_credentials/settings.rs"),
    ),
    ("tests/it/wire.rs", template!("client_credentials/wire.rs")),
    (
        "/crates/vendor-sandbox/src/{{name}}.rs",
        template!("client_credentials/sandbox.rs"),
    ),
];

const AUTHORIZATION_CODE: &[Template] = &[
    ("src/client.rs", template!("authorization_code/client.rs")),
    (
        "tests/it/settings.rs",
        template!("authorization_code/settings.rs"),
    ),
    ("tests/it/wire.rs", template!("authorization_code/wire.rs")),
    (
        "/crates/vendor-sandbox/src/{{name}}.rs",
        template!("authorization_code/sandbox.rs"),
    ),
];

const STATIC_KEY: &[Template] = &[
    ("src/client.rs", template!("static_key/client.rs")),
    (
        "tests/it/conformance.rs",
        template!("static_key/conformance.rs"),
    ),
    ("tests/it/errors.rs", template!("static_key/errors.rs")),
    ("tests/it/raw.rs", template!("static_key/raw.rs")),
    ("tests/it/refused.rs", template!("static_key/refused.rs")),
    ("tests/it/settings.rs", template!("static_key/settings.rs")),
    ("tests/it/wire.rs", template!("static_key/wire.rs")),
    (
        "/crates/vendor-sandbox/src/{{name}}.rs",
        template!("static_key/sandbox.rs"),
    ),
];

/// Files by path below the workspace's root.
pub(super) type Files = BTreeMap<String, String>;

/// What the templates are filled in with.
pub(super) struct Filling {
    values: BTreeMap<&'static str, String>,
}

impl Filling {
    /// `port` is where the vendor's host comes to stand in a sandbox whose ports begin at 8100.
    pub(super) fn new(
        name: &Name,
        answers: &Answers,
        adopted: &Adopted,
        port: u16,
        rust: &str,
    ) -> Self {
        let mut values = BTreeMap::from([
            ("name", name.name.clone()),
            ("NAME", name.upper()),
            ("Title", name.title()),
            ("area", adopted.area.clone()),
            ("docs_url", adopted.page.clone()),
            ("server", adopted.server.clone()),
            ("probe", adopted.probe.path.clone()),
            ("token_path", answers.token_path.clone()),
            ("authorize_path", answers.authorize_path.clone()),
            ("rust", rust.to_owned()),
            (
                "end_test",
                template!("authorization_code/end.rs").to_owned(),
            ),
            (
                "renewal_file",
                template!("client_credentials/renewal.rs").to_owned(),
            ),
            ("resources", resources(adopted)),
            ("doc_call", doc_call(adopted)),
        ]);
        values.extend(fragments::of(&name.name, answers));
        values.extend(by_grant(answers));
        values.extend(guide(answers, port));
        Self { values }
    }

    /// The same with one more value.
    pub(super) fn with(mut self, key: &'static str, value: String) -> Self {
        self.values.insert(key, value);
        self
    }

    /// Every file of the crate, formatted.
    pub(super) fn files(&self, shell: &Shell, grant: Grant) -> Result<Files> {
        let mut files = self.texts(grant)?;
        for (path, text) in &mut files {
            if path.ends_with(".rs") {
                *text = formatted(shell, path, text)?;
            }
        }
        Ok(files)
    }

    /// Every file of the crate as the templates have it.
    pub(super) fn texts(&self, grant: Grant) -> Result<Files> {
        let own: &[&[Template]] = match grant {
            Grant::ClientCredentials => &[COMMON, TOKEN, CLIENT_CREDENTIALS],
            Grant::AuthorizationCode => &[COMMON, TOKEN, AUTHORIZATION_CODE],
            Grant::StaticKey => &[COMMON, STATIC_KEY],
        };
        let mut files = Files::new();
        for (path, template) in own.iter().copied().flatten() {
            let text = self.fill(template)?;
            let path = self.fill(path)?;
            let path = match path.strip_prefix('/') {
                Some(path) => path.to_owned(),
                None => format!("crates/{}/{path}", self.values["name"]),
            };
            files.insert(path, text);
        }
        Ok(files)
    }

    /// The same without lines that hold nothing but a placeholder that nothing fills.
    fn without_empty_lines(&self, text: &str) -> String {
        let is_empty = |line: &&str| {
            let key = line
                .trim()
                .strip_prefix("{{")
                .and_then(|it| it.strip_suffix("}}"));
            key.and_then(|key| self.values.get(key))
                .is_some_and(String::is_empty)
        };
        text.split_inclusive('\n')
            .filter(|line| !is_empty(line))
            .collect()
    }

    /// A text with every placeholder filled in; what fills one may hold others.
    pub(super) fn fill(&self, template: &str) -> Result<String> {
        let mut text = template.to_owned();
        for _ in 0..8 {
            text = self.without_empty_lines(&text);
            let filled = self.filled_once(&text)?;
            if filled == text {
                return Ok(text);
            }
            text = filled;
        }
        bail!("placeholders fill each other in a circle:\n{text}")
    }

    /// A text with every placeholder filled in that stands in it now.
    fn filled_once(&self, text: &str) -> Result<String> {
        let is_name = |key: &str| {
            let mut letters = key.chars();
            !key.is_empty() && letters.all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            filled.push_str(before);
            match after.split_once("}}").filter(|(key, _)| is_name(key)) {
                Some((key, behind)) => {
                    let value = self.values.get(key);
                    filled.push_str(value.with_context(|| format!("nothing fills `{key}`"))?);
                    rest = behind;
                }
                // Braces of Rust and JSON, which stay.
                None => {
                    filled.push_str("{{");
                    rest = after;
                }
            }
        }
        filled.push_str(rest);
        Ok(filled)
    }
}

/// Rust as rustfmt lays it out.
pub(super) fn formatted(shell: &Shell, path: &str, text: &str) -> Result<String> {
    let output = cmd!(shell, "rustfmt --edition 2024 --emit stdout")
        .stdin(text)
        .quiet()
        .ignore_status()
        .output()?;
    ensure!(
        output.status.success(),
        "rustfmt does not take {path}: {}\n{text}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}

/// The rows of the README's table.
fn resources(adopted: &Adopted) -> String {
    let rows = adopted.resources.iter().map(|(name, calls)| {
        let calls: Vec<_> = calls.iter().map(|it| format!("`{it}`")).collect();
        format!("| `{name}()` | {} |", calls.join(", "))
    });
    rows.collect::<Vec<_>>().join("\n")
}

/// A typed call, for the README.
fn doc_call(adopted: &Adopted) -> String {
    let probe = &adopted.probe;
    let (area, resource, verb) = (&adopted.area, &probe.resource, &probe.verb);
    match probe.is_list {
        true => {
            let one = singular(resource);
            let one = if one == *resource {
                "item".to_owned()
            } else {
                one
            };
            format!(
                "let mut {resource} = client.{area}().{resource}().list().stream();\n\
                 while let Some({one}) = {resource}.try_next().await? {{\n    println!(\"{{{one}:?}}\");\n}}"
            )
        }
        false => format!(
            "let answer = client.{area}().{resource}().{verb}().send().await?;\nprintln!(\"{{answer:?}}\");"
        ),
    }
}

/// The texts that differ from grant to grant as a whole.
fn by_grant(answers: &Answers) -> Vec<(&'static str, String)> {
    let secret = |text: &str| {
        if answers.has_secret() {
            text.to_owned()
        } else {
            String::new()
        }
    };
    let url = "sandbox.url(Host::{{Title}})";
    let (sign_in, variables, names, fixture, last): (&str, String, String, &str, &str) = match answers.grant {
        Grant::ClientCredentials => (
            "OAuth 2.0 client credentials",
            "| `{{NAME}}_BASE_URL` | the server's address |\n| `{{NAME}}_CLIENT_ID` | the application's id |\n\
             | `{{NAME}}_CLIENT_SECRET` | the application's secret |"
                .to_owned(),
            "`{{NAME}}_BASE_URL`, `{{NAME}}_CLIENT_ID` and `{{NAME}}_CLIENT_SECRET`".to_owned(),
            template!("client_credentials/fixture.rs"),
            template!("client_credentials/refused_last.rs"),
        ),
        Grant::AuthorizationCode => (
            "OAuth 2.0 authorization codes with PKCE",
            format!(
                "| `{{{{NAME}}}}_BASE_URL` | the server's address |\n| `{{{{NAME}}}}_CLIENT_ID` | the application's id |\n{}\
                 | `{{{{NAME}}}}_REDIRECT_URI` | the address that is registered for the application |",
                secret("| `{{NAME}}_CLIENT_SECRET` | the application's secret |\n")
            ),
            format!(
                "`{{{{NAME}}}}_BASE_URL`, `{{{{NAME}}}}_CLIENT_ID`,\n//! {}and `{{{{NAME}}}}_REDIRECT_URI`",
                secret("`{{NAME}}_CLIENT_SECRET` ")
            ),
            template!("authorization_code/fixture.rs"),
            template!("authorization_code/refused_last.rs"),
        ),
        Grant::StaticKey => (
            "a key",
            "| `{{NAME}}_BASE_URL` | the server's address |\n| `{{NAME}}_API_KEY` | the key |".to_owned(),
            "`{{NAME}}_BASE_URL` and `{{NAME}}_API_KEY`".to_owned(),
            template!("static_key/fixture.rs"),
            "",
        ),
    };
    let built = match answers.grant {
        Grant::ClientCredentials => format!(
            "let client = Client::builder({url})\n    .client_credentials(credentials::{{{{NAME}}}}_CLIENT_ID, \
             credentials::{{{{NAME}}}}_CLIENT_SECRET)"
        ),
        Grant::AuthorizationCode => format!(
            "let builder = Client::builder({url})\n    .oauth_client({{{{sandbox_credentials}}}}){{{{with_settings}}}};\n\
             let (url, pending) = builder.authorization_request()?.start()?;\n\
             // A person opens `url` and approves; here, the sandbox does.\n\
             let callback = sandbox.approve(url.as_str()).await?;\n\
             let client = builder.authorization_code(pending.check(&callback)?)"
        ),
        Grant::StaticKey => {
            format!(
                "let client = Client::builder({url})\n    .api_key(credentials::{{{{NAME}}}}_API_KEY)"
            )
        }
    };
    let end = match answers.grant {
        Grant::AuthorizationCode => ".build()?;",
        _ => "\n    .build()?;",
    };
    let in_doc = built.replace("{{with_settings}}", "") + end;
    let in_program = match answers.grant {
        Grant::AuthorizationCode => {
            built.replace("{{with_settings}}", ".settings(settings)") + ".build()?;"
        }
        _ => built + "\n    .settings(settings)\n    .build()?;",
    };
    let real = match answers.grant {
        Grant::AuthorizationCode => {
            "let (url, pending) = builder.authorization_request()?.start()?;\n\
             println!(\"Open {url}, approve, and paste the address that you are sent to:\");\n\
             let mut callback = String::new();\n\
             std::io::stdin().read_line(&mut callback)?;\n\
             let client = builder.authorization_code(pending.check(callback.trim())?).build()?;"
        }
        _ => "let client = builder.build()?;",
    };
    let no_renewal = match answers.grant {
        Grant::AuthorizationCode => "a person signs in again when the token ends",
        Grant::ClientCredentials => "the sign-in can't be repeated",
        Grant::StaticKey => "a key has no lifetime",
    };
    let raw_good = match &answers.header {
        None => {
            "Raw::new(\"GET\", PROBE).header(\"authorization\", format!(\"Bearer {}\", credentials::{{NAME}}_API_KEY))"
                .to_owned()
        }
        Some(header) => format!("Raw::new(\"GET\", PROBE).header({header:?}, credentials::{{{{NAME}}}}_API_KEY)"),
    };
    let mut values = vec![
        ("sign_in", sign_in.to_owned()),
        ("variables", variables),
        ("variable_names", names),
        ("fixture", fixture.to_owned()),
        ("raw_last", last.to_owned()),
        ("doc_client", in_doc),
        ("quickstart_sandbox", in_program),
        ("quickstart_real", real.to_owned()),
        ("no_renewal", no_renewal.to_owned()),
        (
            "cannot_renew",
            match answers.grant {
                Grant::AuthorizationCode => {
                    "session.token_set().is_none_or(|tokens| tokens.refresh_token().is_none())"
                }
                _ => "!session.can_renew()",
            }
            .to_owned(),
        ),
    ];
    if answers.grant == Grant::StaticKey {
        values.push(("raw_good", raw_good));
    }
    values
}

/// The parts of the guide.
fn guide(answers: &Answers, port: u16) -> Vec<(&'static str, String)> {
    let base =
        format!("| the server's address | `{{{{NAME}}}}_BASE_URL` | `http://127.0.0.1:{port}` |");
    let id = "| the application's id | `{{NAME}}_CLIENT_ID` | `sandbox-client` |";
    let secret =
        "| the application's secret | `{{NAME}}_CLIENT_SECRET` | `fake+client/secret:50%&x=ü` |";
    let uri = "| the redirect URI | `{{NAME}}_REDIRECT_URI` | `https://app.example.com/callback` |";
    let key = "| the key | `{{NAME}}_API_KEY` | `fake+key/of:75%&y==` |";
    let rows = match answers.grant {
        Grant::ClientCredentials => vec![base.as_str(), id, secret],
        Grant::AuthorizationCode if answers.has_secret() => vec![base.as_str(), id, secret, uri],
        Grant::AuthorizationCode => vec![base.as_str(), id, uri],
        Grant::StaticKey => vec![base.as_str(), key],
    };
    let exports = match answers.grant {
        Grant::StaticKey => "export {{NAME}}_API_KEY='fake+key/of:75%&y=='\n",
        _ => {
            "export {{NAME}}_CLIENT_ID=sandbox-client {{NAME}}_CLIENT_SECRET='fake+client/secret:50%&x=ü'\n"
        }
    };
    let header = match &answers.header {
        None => "Authorization: Bearer".to_owned(),
        Some(header) => header.clone(),
    };
    let call = "P->>V: GET {{probe}}";
    let run = "cargo run -q -p {{name}} --example quickstart";
    let token = "{{token_path}}";
    let outcome = match answers.grant {
        Grant::StaticKey => "Nothing is renewed: a key has no lifetime.",
        _ => "100 callers, 1 renewal",
    };
    let with_variables = format!(
        "```sh\nexport {{{{NAME}}}}_BASE_URL=http://127.0.0.1:{port} # yours: the server's address\n{exports}{run}\n```\n\n\
         ```text\n{{{{NAME}}}}_BASE_URL is set: this talks to what the variables name, and no fault is injected.\n\
         GET {{{{probe}}}} answers 200 OK:\n…\n{outcome}\n```\n\n"
    );
    let sign_in = match answers.grant {
        Grant::ClientCredentials => format!(
            "The application signs in for itself, with its id and secret.\n\n{with_variables}\
             ```mermaid\nsequenceDiagram\n    participant P as Your program\n    participant V as {{{{Title}}}}\n    \
             P->>V: POST {token}\n    V-->>P: access_token\n    {call}, {header} (the access token)\n    \
             V-->>P: 200\n    P->>V: before the end: POST {token}\n    V-->>P: access_token\n```\n"
        ),
        Grant::StaticKey => format!(
            "The key goes with each call. Nothing is exchanged and nothing renewed.\n\n{with_variables}\
             ```mermaid\nsequenceDiagram\n    participant P as Your program\n    participant V as {{{{Title}}}}\n    \
             {call}, {header} (the key)\n    V-->>P: 200\n```\n"
        ),
        Grant::AuthorizationCode => {
            let renewal = match answers.refresh {
                super::answers::Refresh::None => {
                    "Nothing is renewed: a person signs in again when the token ends."
                }
                _ => "100 callers, 1 renewal",
            };
            format!(
                "A person approves in the browser. Without the variables, the program starts a sandbox of its own, whose \
                 person\napproves at once:\n\n```sh\n{run}\n```\n\n```text\n\
                 {{{{NAME}}}}_BASE_URL is not set: this talks to a sandbox on this machine.\n\
                 GET {{{{probe}}}} answers 200 OK:\n…\n{renewal}\n```\n\nWith the variables set, it prints the address of the \
                 page and waits for the one that the person is sent to. How a web\nback end keeps the two apart: \
                 [sign-in.md](../sign-in.md).\n\n\
                 ```mermaid\nsequenceDiagram\n    participant B as Browser\n    participant P as Your program\n    \
                 participant V as {{{{Title}}}}\n    P->>B: open {{{{authorize_path}}}}, with code_challenge and state\n    \
                 B->>V: sign in, approve\n    V-->>B: back to the redirect URI, with code and state\n    \
                 B->>P: the callback\n    P->>V: POST {token}, with code and code_verifier\n    V-->>P: access_token\n    \
                 {call}, {header} (the access token)\n    V-->>P: 200\n```\n"
            )
        }
    };
    vec![
        ("guide_variables", rows.join("\n")),
        ("guide_sign_in", sign_in),
    ]
}
