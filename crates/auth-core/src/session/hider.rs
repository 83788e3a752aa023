//! Speaks for the session of an answer that is read after its call: takes its secrets out of a text, and hears of failures.

use std::fmt;

use crate::error::Error;

use super::Session;

/// Knows the session of an answer, and keeps it: with the session gone, nobody could say what its secrets were. The
/// default is nobody's, for tests.
#[derive(Clone, Default)]
pub(crate) struct Hider(Option<Session>);

impl Session {
    /// What takes this session's secrets out of a text.
    pub(crate) fn hider(&self) -> Hider {
        Hider(Some(self.clone()))
    }
}

impl Hider {
    /// The text without any of the secrets.
    pub(crate) fn hide(&self, text: &str) -> String {
        match &self.0 {
            Some(session) => session.scrubber().scrub(text),
            None => text.to_owned(),
        }
    }

    /// The failure, once it is remembered for a diagnosis.
    #[cold]
    pub(crate) fn failed(&self, error: Error) -> Error {
        if let Some(session) = &self.0 {
            session.call_failed(&error);
        }
        error
    }
}

impl fmt::Debug for Hider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hider")
    }
}
