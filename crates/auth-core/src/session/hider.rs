//! Takes a session's secrets out of a text that is told after the call that it belongs to.

use std::fmt;

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
}

impl fmt::Debug for Hider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hider")
    }
}
