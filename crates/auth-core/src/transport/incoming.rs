//! Reads the body of an answer piece by piece, none of which may be long in coming.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::Body as _;

use crate::clock::{Clock as _, SystemClock};
use crate::error::Error;

/// The clock of the wait for a piece.
static CLOCK: SystemClock = SystemClock;

/// The body of an answer, of which nothing has been read yet or some.
pub(crate) struct Incoming {
    body: reqwest::Body,
    host: String,
    announced: Option<u64>,
    came: u64,
    timeout: Duration,
    bell: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

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
            bell: None,
        };
        http::Response::from_parts(parts, incoming)
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
            match Pin::new(&mut self.body).poll_frame(context) {
                Poll::Ready(frame) => {
                    self.bell = None;
                    match frame.map(|frame| frame.map(|frame| frame.into_data())) {
                        Some(Ok(Ok(bytes))) if !bytes.is_empty() => {
                            self.came += bytes.len() as u64;
                            return Poll::Ready(Ok(Some(bytes)));
                        }
                        // Trailers, or nothing.
                        Some(Ok(_)) => {}
                        Some(Err(error)) => {
                            let error = error.without_url();
                            return Poll::Ready(Err(Error::broken_connection(&self.host, error)));
                        }
                        None => return Poll::Ready(self.end()),
                    }
                }
                Poll::Pending => {
                    let bell = self.bell.get_or_insert_with(|| CLOCK.sleep(self.timeout));
                    return bell.as_mut().poll(context).map(|()| {
                        let what = format!("`{}` sent nothing more of its answer", self.host);
                        Err(Error::timeout(&what, true))
                    });
                }
            }
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
