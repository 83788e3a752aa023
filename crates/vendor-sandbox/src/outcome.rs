//! Says what becomes of a request: an answer and its pace, or a connection that is cut.

use std::time::Duration;

use crate::answer::Answer;

/// What becomes of a request.
#[derive(Debug)]
pub(crate) enum Outcome {
    Send(Answer, Pace),
    Cut(Cut),
}

/// How a connection ends without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    Reset,
    Close,
}

/// How the body of an answer reaches the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    Whole,
    Drip(Duration),
    Truncated,
}
