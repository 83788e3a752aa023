//! Holds what is sent: a body that is at hand, or one that is read while it is sent.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_core::Stream;
use http_body::{Body, Frame, SizeHint};

use crate::clock::{Clock as _, SystemClock};
use crate::error::Error;

/// The body of a request.
pub(crate) enum Payload {
    /// One that is at hand; empty means none.
    Whole(Bytes),
    /// One that is read while it is sent.
    Streamed(Streamed),
}

/// The pieces of a body.
type Pieces = Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>>;

/// A body that is read while it is sent.
pub(crate) struct Streamed {
    /// Its pieces. An error breaks the request off, and is what the caller is told.
    pub(crate) pieces: Pieces,
    /// How many bytes they have together, where that is known.
    pub(crate) length: Option<u64>,
}

impl Payload {
    /// The body, and for a streamed one what watches over it.
    pub(super) fn into_body(self) -> (Option<reqwest::Body>, Option<Watch>) {
        match self {
            Self::Whole(bytes) if bytes.is_empty() => (None, None),
            Self::Whole(bytes) => (Some(bytes.into()), None),
            Self::Streamed(Streamed { pieces, length }) => {
                let on_its_way = Arc::new(OnItsWay::new(pieces));
                let body = Watched {
                    left: length,
                    on_its_way: Arc::clone(&on_its_way),
                };
                (Some(reqwest::Body::wrap(body)), Some(Watch(on_its_way)))
            }
        }
    }
}

/// A streamed body: the connection reads it, and the call that sends it watches over it.
struct OnItsWay {
    /// Locked while a piece is asked for, so apart from what the call asks meanwhile.
    source: Mutex<Source>,
    known: Mutex<Known>,
}

struct Source {
    /// `None` at the end, after a failure, and where it was given up.
    pieces: Option<Pieces>,
    /// Who waits for the next piece.
    waiting: Option<Waker>,
    is_given_up: bool,
}

/// When a piece was last asked for, and what broke the body off.
struct Known {
    asked: Instant,
    failure: Option<Error>,
}

impl OnItsWay {
    fn new(pieces: Pieces) -> Self {
        let source = Source {
            pieces: Some(pieces),
            waiting: None,
            is_given_up: false,
        };
        let known = Known {
            asked: SystemClock.now(),
            failure: None,
        };
        Self {
            source: Mutex::new(source),
            known: Mutex::new(known),
        }
    }

    fn source(&self) -> MutexGuard<'_, Source> {
        self.source.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets go of what is read, and wakes the connection that waits for more of it.
    fn give_up(&self) {
        let mut source = self.source();
        source.is_given_up = true;
        let (pieces, waiting) = (source.pieces.take(), source.waiting.take());
        // The lock goes first: what a caller's stream does when it is dropped is not known here.
        drop(source);
        drop(pieces);
        if let Some(waker) = waiting {
            waker.wake();
        }
    }
}

/// Watches over a streamed body from outside. When it is dropped, the body is given up at once: nothing is read for a
/// call that has its verdict or is gone, though the connection may live on.
pub(super) struct Watch(Arc<OnItsWay>);

impl Watch {
    /// How long no piece has left.
    pub(super) fn idle(&self) -> Duration {
        SystemClock.now() - self.0.known().asked
    }

    /// What broke the body off on this side. Some of the request had left.
    pub(super) fn failure(&self) -> Option<Error> {
        let failure = self.0.known().failure.take();
        failure.map(|error| error.or_sent(true))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.give_up();
    }
}

/// A streamed body as the connection sees it.
struct Watched {
    left: Option<u64>,
    on_its_way: Arc<OnItsWay>,
}

impl Body for Watched {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.get_mut();
        let mut source = this.on_its_way.source();
        let Some(pieces) = &mut source.pieces else {
            let is_given_up = source.is_given_up;
            return Poll::Ready(is_given_up.then(|| Err(Error::invalid("the call is over"))));
        };
        let Poll::Ready(piece) = pieces.as_mut().poll_next(context) else {
            source.waiting = Some(context.waker().clone());
            return Poll::Pending;
        };
        source.waiting = None;
        if !matches!(piece, Some(Ok(_))) {
            source.pieces = None;
        }
        drop(source);
        let mut known = this.on_its_way.known();
        known.asked = SystemClock.now();
        Poll::Ready(match piece {
            Some(Ok(bytes)) => {
                let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                this.left = this.left.map(|left| left.saturating_sub(length));
                Some(Ok(Frame::data(bytes)))
            }
            Some(Err(error)) => {
                known.failure = Some(error.clone());
                Some(Err(error))
            }
            None => None,
        })
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map(SizeHint::with_exact).unwrap_or_default()
    }
}

/// A connection that has done with the body needs no more of it.
impl Drop for Watched {
    fn drop(&mut self) {
        self.on_its_way.give_up();
    }
}
