//! Remembers what people were asked on the authorization pages, what they said, and the codes that came of it.

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
    pub(crate) audience: &'static Audience,
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

/// A question to a person, from the first look at it on.
#[derive(Clone, Debug)]
pub(crate) enum Question {
    /// Not answered yet.
    Open {
        /// What the client asks for.
        ask: Ask,
        /// Whether the last try to sign in had the wrong email or password.
        is_mistyped: bool,
    },
    /// Answered, and never to be answered again.
    Answered {
        /// Whether the answer was yes.
        approved: bool,
    },
}

/// Questions by ticket, and codes.
#[derive(Debug, Default)]
pub(crate) struct Consents {
    questions: Mutex<HashMap<String, Question>>,
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
        let question = Question::Open {
            ask,
            is_mistyped: false,
        };
        lock(&self.questions).insert(ticket, question);
    }

    /// The question behind a ticket, if there ever was one.
    pub(crate) fn question(&self, ticket: &str) -> Option<Question> {
        lock(&self.questions).get(ticket).cloned()
    }

    /// Remembers whether the last try to sign in was mistyped, so that the page can say so.
    pub(crate) fn tried(&self, ticket: &str, mistyped: bool) {
        if let Some(Question::Open { is_mistyped, .. }) = lock(&self.questions).get_mut(ticket) {
            *is_mistyped = mistyped;
        }
    }

    /// Closes an open question with an answer, and gives what it was about.
    pub(crate) fn answer(&self, ticket: &str, approved: bool) -> Option<Ask> {
        let mut questions = lock(&self.questions);
        let question = questions.get_mut(ticket)?;
        match std::mem::replace(question, Question::Answered { approved }) {
            Question::Open { ask, .. } => Some(ask),
            answered @ Question::Answered { .. } => {
                *question = answered;
                None
            }
        }
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
