//! What a row of the table is: what the server does, and what has to come of it.

use std::collections::BTreeMap;

use crate::certificates::Identity;
use crate::way::Way;

/// One row of the table.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) deed: Deed,
    /// Time runs out in it, so that it is given little.
    pub(crate) is_slow: bool,
    /// It is so large that one client after another meets it.
    pub(crate) is_large: bool,
    /// What has to come of it, in the order of [`Column::ALL`].
    pub(crate) want: Want,
    /// Where a vendor differs from its column.
    pub(crate) but: &'static [(Way, Column, &'static str)],
}

/// What came of all cases: by case, way and column.
pub(crate) type Outcomes = BTreeMap<(String, String, String), String>;

/// An outcome for each column: `ok` or the error's kind, how many requests the server saw, and where the next call does
/// not work although the server has turned good, what it fails with. Empty where the case does not apply.
pub(crate) type Want = [&'static str; 6];

/// What is asked for while the server is hostile.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Column {
    /// The first token of a grant that needs no person.
    First,
    /// The exchange of a code.
    Code,
    /// The renewal of a person's token: Comm100 v4.
    Person,
    /// A renewal that nobody documents, which the first grant can replace: Comm100 v2.
    Guess,
    /// A renewal that the first grant can replace: WebCommander.
    Store,
    /// An API call.
    Call,
}

impl Column {
    pub(crate) const ALL: [Self; 6] = [
        Self::First,
        Self::Code,
        Self::Person,
        Self::Guess,
        Self::Store,
        Self::Call,
    ];
}

/// What is done to the client.
pub(crate) enum Deed {
    /// Each hostile answer consists of these steps.
    Play(Vec<Step>),
    /// The client is told to use this address.
    Base(&'static str),
    /// The client is asked to call this path.
    Path(&'static str),
    /// The answer is a page of a list, which names this as the next one.
    Next(&'static str),
    /// The server is reached by TLS and shows this; where it is trusted, the steps follow.
    Tls(Identity, Vec<Step>),
}

/// One thing that the server does. Texts may hold the placeholders that `play` knows.
#[derive(Clone)]
pub(crate) enum Step {
    /// Status line, headers and body, with the length that the body has.
    Answer(&'static str, String, Vec<u8>),
    /// Text as it is.
    Text(String),
    /// Bytes as they are.
    Bytes(Vec<u8>),
    /// Text, a byte every few milliseconds.
    Drip(String),
    /// The same piece so many times, or until the client leaves.
    Pour(Vec<u8>, usize),
    /// A pause in milliseconds.
    Pause(u64),
    /// Nothing more until the client leaves.
    Hush,
    /// The connection is closed in good order.
    Close,
    /// The connection is reset.
    Reset,
    /// Stands first: the answer comes before the request has been read.
    Early,
}

/// Without an end, for [`Step::Pour`].
pub(crate) const ENDLESS: usize = usize::MAX;

impl Case {
    fn new(name: &'static str, deed: Deed, want: Want) -> Self {
        Self {
            name,
            deed,
            is_slow: false,
            is_large: false,
            want,
            but: &[],
        }
    }

    /// Answers of these steps.
    pub(crate) fn play(name: &'static str, steps: impl Into<Vec<Step>>, want: Want) -> Self {
        Self::new(name, Deed::Play(steps.into()), want)
    }

    /// Another address.
    pub(crate) fn base(name: &'static str, base: &'static str, want: Want) -> Self {
        Self::new(name, Deed::Base(base), want)
    }

    /// Another path.
    pub(crate) fn path(name: &'static str, path: &'static str, want: Want) -> Self {
        Self::new(name, Deed::Path(path), want)
    }

    /// Another next page.
    pub(crate) fn next(name: &'static str, link: &'static str, want: Want) -> Self {
        Self::new(name, Deed::Next(link), want)
    }

    /// TLS.
    pub(crate) fn tls(
        name: &'static str,
        identity: Identity,
        steps: impl Into<Vec<Step>>,
        want: Want,
    ) -> Self {
        Self::new(name, Deed::Tls(identity, steps.into()), want)
    }

    /// Says whether the server does something of its own later.
    pub(crate) fn pauses(&self) -> bool {
        let pauses = |step: &Step| matches!(step, Step::Pause(_));
        matches!(&self.deed, Deed::Play(steps) if steps.iter().any(pauses))
    }

    /// Time runs out in it.
    pub(crate) fn slow(mut self) -> Self {
        self.is_slow = true;
        self
    }

    /// It is large.
    pub(crate) fn large(mut self) -> Self {
        self.is_large = true;
        self
    }

    /// Where a vendor differs.
    pub(crate) fn but(mut self, but: &'static [(Way, Column, &'static str)]) -> Self {
        self.but = but;
        self
    }

    /// What has to come of it for `way`; `None` where it does not apply.
    pub(crate) fn wanted(&self, way: Way, column: Column) -> Option<&'static str> {
        let other = self
            .but
            .iter()
            .find(|(known, place, _)| (*known, *place) == (way, column));
        let of_column = self.want[column as usize];
        let wanted = other.map_or(of_column, |(_, _, wanted)| wanted);
        (!wanted.is_empty()).then_some(wanted)
    }
}

/// An answer with the length that it has.
pub(crate) fn answer(status: &'static str, headers: &str, body: impl Into<Vec<u8>>) -> Step {
    Step::Answer(status, headers.to_owned(), body.into())
}

/// Text as it is.
pub(crate) fn text(text: impl Into<String>) -> Step {
    Step::Text(text.into())
}
