//! Remembers what a person was asked on the consent page and the codes that came of it.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::answer::Problem;
use crate::clock;
use crate::lock::lock;
use crate::token::{Audience, Issued};

/// How long a code can be exchanged.
const CODE_LIFETIME: Duration = Duration::from_secs(60);

/// An authorization request whose form is right.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) audience: Audience,
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) state: Option<String>,
    /// The S256 challenge, where the dialect has PKCE.
    pub(crate) challenge: Option<String>,
}

#[derive(Debug)]
struct Code {
    ask: Ask,
    expires: Option<Instant>,
    used_for: Option<usize>,
}

/// Open questions by ticket, and codes.
#[derive(Debug, Default)]
pub(crate) struct Consents {
    open: Mutex<HashMap<String, Ask>>,
    codes: Mutex<HashMap<String, Code>>,
}

/// A code that bought no tokens.
#[derive(Debug)]
pub(crate) enum NoSale {
    /// Not exchanged, and for this reason.
    Refused(Problem),
    /// Exchanged before, for tokens of this family.
    Used(usize),
}

impl Consents {
    /// Keeps a question until the person answers it.
    pub(crate) fn ask(&self, ticket: String, ask: Ask) {
        lock(&self.open).insert(ticket, ask);
    }

    /// The question behind a ticket, which can be answered once.
    pub(crate) fn answer(&self, ticket: &str) -> Option<Ask> {
        lock(&self.open).remove(ticket)
    }

    /// Keeps a code that was handed out for an approved question.
    pub(crate) fn approve(&self, code: String, ask: Ask) {
        let expires = clock::after(CODE_LIFETIME);
        let used_for = None;
        lock(&self.codes).insert(
            code,
            Code {
                ask,
                expires,
                used_for,
            },
        );
    }

    /// Exchanges a code once; `check` compares the exchange with the question, `issue` runs under the lock.
    pub(crate) fn exchange(
        &self,
        code: &str,
        check: impl FnOnce(&Ask) -> Result<(), Problem>,
        issue: impl FnOnce() -> Issued,
    ) -> Result<Issued, NoSale> {
        let mut codes = lock(&self.codes);
        let Some(known) = codes.get_mut(code) else {
            return Err(NoSale::Refused(Problem::grant(
                "the code was never handed out",
            )));
        };
        check(&known.ask).map_err(NoSale::Refused)?;
        if let Some(family) = known.used_for {
            return Err(NoSale::Used(family));
        }
        if clock::is_past(known.expires) {
            let problem = Problem::grant("the code has expired").expected();
            return Err(NoSale::Refused(problem));
        }
        let issued = issue();
        known.used_for = Some(issued.family);
        Ok(issued)
    }
}
