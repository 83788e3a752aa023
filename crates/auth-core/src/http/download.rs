//! Hands out an answer whose body is read as a stream, into memory, a writer or a file.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::response::Parts;
use http::{HeaderMap, StatusCode};
use tokio::fs::File;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use crate::authorize::random_text;
use crate::error::Error;
use crate::transport::Incoming;

use super::file_name;

/// A download may be as large as this unless it says otherwise: 1 GiB.
const LIMIT: u64 = 1 << 30;

/// A good answer whose body is still to be read: by [`chunk`](Self::chunk), as a [`Stream`], or at once into memory, a
/// writer or a file.
///
/// Renewal, retries, time-out and deadline of the call count up to the head of the answer. After that each piece may be
/// as long in coming as the [time-out](crate::Call::with_timeout) says. An answer that ends early is an error and never a
/// short success; where a server tells neither length nor chunks, over HTTP/1.0, nobody can know. Nothing is asked for
/// once more after an error, since pieces have been handed out already. A download that is dropped gives the answer up.
///
/// Where the provider is known to answer failures under a success status, an answer of JSON is read into memory first, up
/// to 16 MiB, and a failure in it is an [`Error`].
///
/// # Examples
/// ```
/// use auth_core::{Call, Download, Error};
///
/// async fn export(call: Call<'_>) -> Result<u64, Error> {
///     let download = call.open().await?;
///     let name = download.file_name().unwrap_or_else(|| "export.csv".to_owned());
///     download.save(format!("/var/exports/{name}")).await
/// }
///
/// async fn lines(mut download: Download) -> Result<usize, Error> {
///     let mut lines = 0;
///     while let Some(chunk) = download.chunk().await? {
///         lines += chunk.iter().filter(|byte| **byte == b'\n').count();
///     }
///     Ok(lines)
/// }
/// ```
#[must_use = "the body is given up unless it is read"]
pub struct Download {
    head: Parts,
    at_hand: Bytes,
    /// What has not been read; `None` at the end and after an error.
    rest: Option<Incoming>,
    length: Option<u64>,
    came: u64,
    limit: u64,
}

impl Download {
    pub(super) fn new(received: http::Response<(Bytes, Option<Incoming>)>) -> Self {
        let (head, (at_hand, rest)) = received.into_parts();
        let length = match &rest {
            Some(rest) => rest.announced(),
            None => u64::try_from(at_hand.len()).ok(),
        };
        Self {
            head,
            at_hand,
            rest,
            length,
            came: 0,
            limit: LIMIT,
        }
    }

    /// How many bytes the body may have; more is [`ErrorKind::Blocked`](crate::ErrorKind::Blocked). Default: 1 GiB.
    pub fn with_limit(mut self, bytes: u64) -> Self {
        self.limit = bytes;
        self
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.head.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// The name that the provider gives the file, without directories and with what means something to a file system
    /// replaced: it names a file in the directory that it is joined to, and nothing else.
    pub fn file_name(&self) -> Option<String> {
        file_name::of(self.headers().get(CONTENT_DISPOSITION)?)
    }

    /// The content type, as it came.
    pub fn content_type(&self) -> Option<&str> {
        self.headers().get(CONTENT_TYPE)?.to_str().ok()
    }

    /// How many bytes the whole body has, where the answer tells.
    pub fn content_length(&self) -> Option<u64> {
        self.length
    }

    /// The next piece of the body; `None` at its end and after an error. Dropping the future loses nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Connect`](crate::ErrorKind::Connect) where the connection broke or the body ended early,
    /// [`ErrorKind::Timeout`](crate::ErrorKind::Timeout) where nothing more came,
    /// [`ErrorKind::Blocked`](crate::ErrorKind::Blocked) where the body is larger than its limit.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        poll_fn(|context| self.poll_chunk(context)).await
    }

    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Error>> {
        let outcome = ready!(self.poll_counted(context));
        if !matches!(outcome, Ok(Some(_))) {
            self.rest = None;
            self.at_hand = Bytes::new();
        }
        Poll::Ready(outcome)
    }

    fn poll_counted(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Error>> {
        let is_open = self.rest.is_some() || !self.at_hand.is_empty();
        if is_open && self.length.is_some_and(|length| length > self.limit) {
            return Poll::Ready(Err(self.too_large()));
        }
        let chunk = match (&mut self.rest, self.at_hand.is_empty()) {
            (_, false) => std::mem::take(&mut self.at_hand),
            (None, true) => return Poll::Ready(Ok(None)),
            (Some(rest), true) => match ready!(rest.poll_piece(context))? {
                Some(chunk) => chunk,
                None => return Poll::Ready(Ok(None)),
            },
        };
        let length = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        self.came = self.came.saturating_add(length);
        if self.came > self.limit {
            return Poll::Ready(Err(self.too_large()));
        }
        Poll::Ready(Ok(Some(chunk)))
    }

    fn too_large(&self) -> Error {
        Error::blocked(
            format!("the answer is larger than {} bytes", self.limit),
            true,
        )
    }

    /// Reads the whole body into memory.
    ///
    /// # Errors
    /// As for [`chunk`](Self::chunk).
    pub async fn bytes(mut self) -> Result<Bytes, Error> {
        let Some(first) = self.chunk().await? else {
            return Ok(Bytes::new());
        };
        let Some(second) = self.chunk().await? else {
            return Ok(first);
        };
        let mut read = BytesMut::from(first);
        read.extend_from_slice(&second);
        while let Some(chunk) = self.chunk().await? {
            read.extend_from_slice(&chunk);
        }
        Ok(read.freeze())
    }

    /// Writes the whole body and flushes; gives the number of bytes.
    ///
    /// # Errors
    /// As for [`chunk`](Self::chunk); besides, [`ErrorKind::File`](crate::ErrorKind::File) where `out` fails. Some of the
    /// body may have been written.
    pub async fn write_to(mut self, out: &mut (impl AsyncWrite + Unpin)) -> Result<u64, Error> {
        while let Some(chunk) = self.chunk().await? {
            out.write_all(&chunk).await.map_err(unwritable)?;
        }
        out.flush().await.map_err(unwritable)?;
        Ok(self.came)
    }

    /// Saves the whole body as the file `path`, and gives the number of bytes.
    ///
    /// It is written beside `path` under another name, which it loses when it is complete: whoever looks finds the old
    /// file or the whole new one. A file of that name is replaced. A download that fails or is dropped leaves nothing.
    ///
    /// # Errors
    /// As for [`chunk`](Self::chunk); besides, [`ErrorKind::File`](crate::ErrorKind::File) where the file can't be written.
    pub async fn save(self, path: impl AsRef<Path>) -> Result<u64, Error> {
        let path = path.as_ref().to_owned();
        let name = path.file_name();
        let name = name.ok_or_else(|| unwritable(io::ErrorKind::InvalidInput.into()))?;
        let mut partial = std::ffi::OsString::from(".");
        partial.push(name);
        partial.push(format!(".{}.part", random_text()));
        // The guard goes first, so that a future that is dropped while the file is made leaves none.
        let mut partial = Partial(Some(path.with_file_name(partial)));
        let written = self.save_partial(&partial).await?;
        partial.complete(&path).await.map_err(unwritable)?;
        Ok(written)
    }

    async fn save_partial(self, partial: &Partial) -> Result<u64, Error> {
        let path = partial.0.clone().unwrap_or_default();
        // Not on another thread, where it could be made after the guard is gone.
        let file = std::fs::File::options()
            .write(true)
            .create_new(true)
            .open(path);
        let mut file = File::from_std(file.map_err(unwritable)?);
        let written = self.write_to(&mut file).await?;
        file.sync_all().await.map_err(unwritable)?;
        Ok(written)
    }
}

fn unwritable(error: io::Error) -> Error {
    Error::file("the download can't be written", error, true)
}

/// A file that is removed unless it becomes complete.
struct Partial(Option<PathBuf>);

impl Partial {
    async fn complete(&mut self, path: &Path) -> io::Result<()> {
        let partial = self.0.clone().unwrap_or_default();
        tokio::fs::rename(partial, path).await?;
        self.0 = None;
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // One that was never made is not there, and nobody waits for another outcome.
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Stream for Download {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_chunk(context).map(Result::transpose)
    }
}

/// Shows neither headers nor body.
impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("status", &self.head.status)
            .field("content_length", &self.length)
            .field("came", &self.came)
            .finish_non_exhaustive()
    }
}
