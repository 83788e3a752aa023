//! Holds what is sent: a body that is at hand, or one that is read while it is sent.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
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
    /// The body, and for a streamed one what is to be known of its way.
    pub(super) fn into_body(self) -> (Option<reqwest::Body>, Option<Watch>) {
        match self {
            Self::Whole(bytes) if bytes.is_empty() => (None, None),
            Self::Whole(bytes) => (Some(bytes.into()), None),
            Self::Streamed(Streamed { pieces, length }) => {
                let watch = Watch::new();
                let body = Watched {
                    pieces: Mutex::new(pieces),
                    left: length,
                    watch: watch.clone(),
                };
                (Some(reqwest::Body::wrap(body)), Some(watch))
            }
        }
    }
}

/// What is known of a streamed body from outside: when a piece of it was last asked for, and what broke it off.
#[derive(Clone)]
pub(super) struct Watch(Arc<Mutex<Known>>);

struct Known {
    asked: Instant,
    failure: Option<Error>,
}

impl Watch {
    fn new() -> Self {
        let known = Known {
            asked: SystemClock.now(),
            failure: None,
        };
        Self(Arc::new(Mutex::new(known)))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long no piece has left.
    pub(super) fn idle(&self) -> Duration {
        SystemClock.now() - self.known().asked
    }

    /// What broke the body off on this side. Some of the request had left.
    pub(super) fn failure(&self) -> Option<Error> {
        let failure = self.known().failure.take();
        failure.map(|error| error.or_sent(true))
    }
}

struct Watched {
    /// Never locked: it makes the body `Sync`, as the HTTP library wants it.
    pieces: Mutex<Pieces>,
    left: Option<u64>,
    watch: Watch,
}

impl Body for Watched {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.get_mut();
        let pieces = this.pieces.get_mut();
        let pieces = pieces.unwrap_or_else(PoisonError::into_inner);
        let piece = ready!(pieces.as_mut().poll_next(context));
        let mut known = this.watch.known();
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
