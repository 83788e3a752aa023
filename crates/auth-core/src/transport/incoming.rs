//! Reads the body of an answer piece by piece, none of which may be long in coming.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::Body as _;

use crate::clock::{Clock as _, SystemClock};
use crate::error::Error;

use super::GRACE;
use super::outgoing::Watch;

/// The clock of the wait for a piece.
static CLOCK: SystemClock = SystemClock;

/// The body of an answer, of which nothing has been read yet or some.
pub(crate) struct Incoming {
    body: reqwest::Body,
    host: String,
    announced: Option<u64>,
    came: u64,
    timeout: Duration,
    /// Never locked: it makes the body `Sync`.
    bell: Mutex<Option<Bell>>,
    is_in_grace: bool,
    /// What watches over the body of the request, where that is still being sent.
    upload: Option<Watch>,
}

/// Rings when the wait for a piece is over.
type Bell = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Incoming {
    /// Takes an answer apart; `timeout` is how long a piece may be waited for.
    pub(super) fn open(
        response: reqwest::Response,
        host: String,
        timeout: Duration,
    ) -> http::Response<Self> {
        let (parts, body) = http::Response::<reqwest::Body>::from(response).into_parts();
        let incoming = Self {
            announced: body.size_hint().exact(),
            body,
            host,
            came: 0,
            timeout,
            bell: Mutex::new(None),
            is_in_grace: false,
            upload: None,
        };
        http::Response::from_parts(parts, incoming)
    }

    /// The same, of a request whose body is given up when this is.
    pub(super) fn beside(mut self, upload: Option<Watch>) -> Self {
        self.upload = upload;
        self
    }

    /// How many bytes will come, where the answer says so.
    pub(crate) fn announced(&self) -> Option<u64> {
        self.announced
    }

    /// The next piece; `None` at the good end. Not to be called after an error.
    pub(crate) fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, Error>> {
        loop {
            let frame = Pin::new(&mut self.body).poll_frame(context);
            match frame.map_ok(|frame| frame.into_data().unwrap_or_default()) {
                Poll::Ready(Some(Ok(bytes))) if !bytes.is_empty() => {
                    *self.bell() = None;
                    self.is_in_grace = false;
                    self.came += bytes.len() as u64;
                    return Poll::Ready(Ok(Some(bytes)));
                }
                Poll::Ready(Some(Err(error))) => {
                    let own = self.upload.as_ref().and_then(Watch::failure);
                    let broken = || Error::broken_connection(&self.host, error.without_url());
                    return Poll::Ready(Err(own.unwrap_or_else(broken)));
                }
                Poll::Ready(None) => return Poll::Ready(self.end()),
                waits => {
                    if self.is_late(context) {
                        let what = format!("`{}` sent nothing more of its answer", self.host);
                        return Poll::Ready(Err(Error::timeout(&what, true)));
                    }
                    if waits.is_pending() {
                        return Poll::Pending;
                    }
                    // Trailers, or an empty frame, which is no progress.
                }
            }
        }
    }

    fn bell(&mut self) -> &mut Option<Bell> {
        self.bell.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says whether the next piece has been waited for long enough. A process that stood still finds its time over and the
    /// piece there at once: it counts.
    fn is_late(&mut self, context: &mut Context<'_>) -> bool {
        loop {
            let timeout = self.timeout;
            let bell = self.bell().get_or_insert_with(|| CLOCK.sleep(timeout));
            if bell.as_mut().poll(context).is_pending() {
                return false;
            }
            if self.is_in_grace {
                return true;
            }
            self.is_in_grace = true;
            *self.bell() = Some(CLOCK.sleep(GRACE));
        }
    }

    fn end(&self) -> Result<Option<Bytes>, Error> {
        match self.announced {
            Some(length) if length != self.came => {
                let problem = format!("{length} bytes were announced, and {} came", self.came);
                Err(Error::broken_connection(&self.host, problem))
            }
            _ => Ok(None),
        }
    }

    /// Reads up to its end what has at most `largest` bytes; of what has more, the beginning, and the rest is given back.
    pub(crate) async fn read(mut self, largest: usize) -> Result<(Bytes, Option<Self>), Error> {
        let mut read = BytesMut::new();
        while let Some(piece) = poll_fn(|context| self.poll_piece(context)).await? {
            read.extend_from_slice(&piece);
            if read.len() > largest {
                return Ok((read.freeze(), Some(self)));
            }
        }
        Ok((read.freeze(), None))
    }
}
