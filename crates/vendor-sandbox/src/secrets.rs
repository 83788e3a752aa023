//! Tells which secrets are out, so that a test can look for them in what a client shows.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use crate::credentials::SECRETS;
use crate::host::Endpoint;
use crate::state::State;

/// Names a file that gets the secrets of each sandbox when it ends, a line each.
pub(crate) const VARIABLE: &str = "VENDOR_SANDBOX_SECRETS";
/// What a token request holds besides accounts and tokens.
const ONCE: [&str; 2] = ["code", "code_verifier"];

/// All secrets of a sandbox: those of its accounts, the tokens that it issued, and what token requests have brought.
pub(crate) fn all(state: &State) -> Vec<String> {
    let mut secrets: Vec<String> = SECRETS.iter().map(|secret| (*secret).to_owned()).collect();
    secrets.extend(state.tokens.issued());
    for request in state.log.requests() {
        if request.endpoint == Endpoint::Token {
            let form = request.form().into_iter();
            let once = form.filter(|(name, _)| ONCE.contains(&name.as_str()));
            secrets.extend(once.map(|(_, value)| value));
        }
    }
    secrets.sort();
    secrets.dedup();
    secrets
}

/// Writes the secrets down when the sandbox ends.
pub(crate) struct Last {
    state: Arc<State>,
    path: PathBuf,
}

impl Last {
    /// `None` unless the environment names a file.
    pub(crate) fn of(state: &Arc<State>) -> Option<Self> {
        let path = std::env::var_os(VARIABLE)?.into();
        let state = Arc::clone(state);
        Some(Self { state, path })
    }

    fn write(&self) -> io::Result<()> {
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&self.path)?;
        let lines: String = all(&self.state)
            .into_iter()
            .map(|secret| secret + "\n")
            .collect();
        file.write_all(lines.as_bytes())
    }
}

impl Drop for Last {
    fn drop(&mut self) {
        if let Err(error) = self.write() {
            eprintln!("{VARIABLE}={}: {error}", self.path.display());
        }
    }
}
