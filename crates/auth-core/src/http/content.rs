//! Holds what a call sends as its body, as often as need be, and writes a file into the frame of a form.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use http::HeaderValue;
use tokio::fs::File;
use tokio::io::{AsyncRead as _, ReadBuf};

use crate::authorize::random_text;
use crate::error::Error;
use crate::transport::{Payload, Streamed};

use super::upload::{Chunks, Source, Upload};

/// The size of the pieces in which a body leaves, so that a slow one can be seen to make progress.
const PIECE: usize = 64 * 1024;

/// The body of a call.
#[derive(Clone)]
pub(super) enum Content {
    /// A form with one file.
    Form(Arc<Form>),
    /// A body that is at hand; empty means none.
    Whole(Bytes),
}

impl Content {
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Whole(bytes) if bytes.is_empty())
    }

    pub(super) fn is_streamed(&self) -> bool {
        matches!(self, Self::Form(_))
    }

    /// Says whether it was a stream that is gone now.
    pub(super) fn is_spent(&self) -> bool {
        match self {
            Self::Form(form) => match &form.source {
                Source::Stream { chunks, .. } => chunks.is_spent(),
                Source::Bytes(_) | Source::File(_) => false,
            },
            Self::Whole(_) => false,
        }
    }

    /// The body for one try.
    pub(super) async fn open(&self) -> Result<Payload, Error> {
        match self {
            Self::Form(form) => form.open().await.map(Payload::Streamed),
            Self::Whole(bytes) => Ok(Payload::Whole(bytes.clone())),
        }
    }
}

/// A form of one field, which is a file (RFC 7578).
pub(super) struct Form {
    head: Bytes,
    tail: Bytes,
    source: Source,
    limit: u64,
}

impl Form {
    /// The form, and its content type.
    pub(super) fn new(field: &str, file: Upload) -> Result<(Self, HeaderValue), Error> {
        let boundary = format!("form-{}", random_text());
        let content_type = format!("multipart/form-data; boundary={boundary}");
        let content_type = HeaderValue::try_from(content_type)
            .map_err(|_| Error::invalid("the form has no valid boundary"))?;
        let kind = HeaderValue::try_from(file.content_type.as_ref())
            .ok()
            .filter(|kind| !kind.is_empty());
        let kind = kind.as_ref().and_then(|kind| kind.to_str().ok());
        let kind =
            kind.ok_or_else(|| Error::invalid("the content type of the file is malformed"))?;
        if file.name.is_empty() {
            return Err(Error::invalid("the file to send has no name"));
        }
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\n\
             Content-Type: {kind}\r\n\r\n",
            quoted(field),
            quoted(&file.name),
        );
        let form = Self {
            head: head.into(),
            tail: format!("\r\n--{boundary}--\r\n").into(),
            source: file.source,
            limit: file.limit,
        };
        Ok((form, content_type))
    }

    async fn open(&self) -> Result<Streamed, Error> {
        let unreadable = |error| Error::file("the file to send can't be read", error, false);
        let (reading, length) = match &self.source {
            Source::Bytes(bytes) => {
                let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                (Reading::Bytes(bytes.clone()), Some(length))
            }
            Source::File(path) => {
                let about = tokio::fs::metadata(path).await.map_err(unreadable)?;
                if !about.is_file() {
                    let kind = io::Error::from(io::ErrorKind::InvalidInput);
                    return Err(Error::file("what is to be sent is no file", kind, false));
                }
                let file = File::open(path).await.map_err(unreadable)?;
                let length = file.metadata().await.map_err(unreadable)?.len();
                let buffer = vec![0; PIECE].into_boxed_slice();
                (Reading::File(file, buffer), Some(length))
            }
            Source::Stream { chunks, .. } if chunks.is_spent() => {
                return Err(Error::invalid("the stream to send has been sent before"));
            }
            Source::Stream { chunks, length } => (Reading::Stream(chunks.clone(), None), *length),
        };
        if length.is_some_and(|length| length > self.limit) {
            return Err(self.too_large());
        }
        let frame = u64::try_from(self.head.len() + self.tail.len()).unwrap_or(u64::MAX);
        Ok(Streamed {
            length: length.map(|length| length.saturating_add(frame)),
            pieces: Box::pin(Pieces {
                at_hand: self.head.clone(),
                reading: Some(reading),
                tail: self.tail.clone(),
                came: 0,
                length,
                limit: self.limit,
            }),
        })
    }

    fn too_large(&self) -> Error {
        too_large(self.limit)
    }
}

fn too_large(limit: u64) -> Error {
    Error::invalid(format!("the file to send is larger than {limit} bytes"))
}

/// A name within quotation marks, as browsers write it: UTF-8, and in percent form what would end the text or the line
/// (WHATWG HTML, "multipart/form-data encoding algorithm"). So are the other control characters, and the backslash, which
/// some servers take for an escape.
fn quoted(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '"' | '\\' | '\0'..='\x1f' | '\x7f' => {
                text.push_str(&format!("%{:02X}", u32::from(c)));
            }
            c => text.push(c),
        }
    }
    text
}

/// Where the content of a file comes from.
enum Reading {
    Bytes(Bytes),
    File(File, Box<[u8]>),
    /// The stream is taken when its first chunk is asked for: one that no request has begun can still be sent.
    Stream(Chunks, Option<Taken>),
}

/// A stream that is being sent. Never locked: that is what makes it `Sync`.
type Taken = Mutex<super::upload::Given>;

impl Reading {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        let lost = |error| {
            Some(Err(Error::file(
                "the file to send can't be read",
                error,
                true,
            )))
        };
        match self {
            Self::Bytes(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Bytes(bytes) => Poll::Ready(Some(Ok(std::mem::take(bytes)))),
            Self::File(file, buffer) => {
                let mut buffer = ReadBuf::new(buffer);
                let read = ready!(Pin::new(file).poll_read(context, &mut buffer));
                Poll::Ready(match read {
                    Ok(()) if buffer.filled().is_empty() => None,
                    Ok(()) => Some(Ok(BytesMut::from(buffer.filled()).freeze())),
                    Err(error) => lost(error),
                })
            }
            Self::Stream(chunks, taken) => {
                if taken.is_none() {
                    *taken = chunks.take().map(Mutex::new);
                }
                let Some(stream) = taken else {
                    return Poll::Ready(Some(Err(Error::invalid(
                        "the stream to send has been sent before",
                    ))));
                };
                let stream = stream.get_mut().unwrap_or_else(PoisonError::into_inner);
                let chunk = ready!(stream.as_mut().poll_next(context));
                Poll::Ready(match chunk {
                    Some(Ok(bytes)) => Some(Ok(bytes)),
                    Some(Err(error)) => lost(error),
                    None => None,
                })
            }
        }
    }
}

/// The form as it goes over the wire.
struct Pieces {
    at_hand: Bytes,
    /// `None` at the end.
    reading: Option<Reading>,
    tail: Bytes,
    came: u64,
    length: Option<u64>,
    limit: u64,
}

impl Pieces {
    /// Counts what came, and refuses what is not as it was told.
    fn count(&mut self, chunk: &Bytes) -> Result<(), Error> {
        let length = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        self.came = self.came.saturating_add(length);
        if self.came > self.limit {
            return Err(too_large(self.limit));
        }
        match self.length {
            Some(length) if self.came > length => Err(not_as_told(length, "more")),
            _ => Ok(()),
        }
    }

    fn end(&self) -> Result<(), Error> {
        match self.length {
            Some(length) if self.came < length => Err(not_as_told(length, "less")),
            _ => Ok(()),
        }
    }
}

fn not_as_told(length: u64, than: &str) -> Error {
    Error::invalid(format!(
        "the file to send has {than} than the {length} bytes that were announced"
    ))
}

impl Stream for Pieces {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if !this.at_hand.is_empty() {
                let length = this.at_hand.len().min(PIECE);
                return Poll::Ready(Some(Ok(this.at_hand.split_to(length))));
            }
            let Some(reading) = &mut this.reading else {
                return Poll::Ready(None);
            };
            let outcome = match ready!(reading.poll(context)) {
                Some(Ok(chunk)) if chunk.is_empty() => {
                    // A stream may have nothing but such chunks: others get their turn, the time-out among them.
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Some(Ok(chunk)) => this.count(&chunk).map(|()| this.at_hand = chunk),
                Some(Err(error)) => Err(error),
                None => this.end().map(|()| {
                    this.reading = None;
                    this.at_hand = std::mem::take(&mut this.tail);
                }),
            };
            if let Err(error) = outcome {
                this.reading = None;
                return Poll::Ready(Some(Err(error)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_end_neither_its_quotation_marks_nor_its_line() {
        for (name, written) in [
            ("a.csv", "a.csv"),
            ("a\"b", "a%22b"),
            ("a\r\nX: y", "a%0D%0AX: y"),
            ("a\\", "a%5C"),
            ("a\0\x7f", "a%00%7F"),
            ("naïve 漢.txt", "naïve 漢.txt"),
            ("50%22", "50%22"),
        ] {
            assert_eq!(quoted(name), written);
        }
    }
}
