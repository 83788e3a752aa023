//! Holds a file that is to be sent.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_core::Stream;

/// An upload may be as large as this unless it says otherwise: 1 GiB.
const LIMIT: u64 = 1 << 30;

/// A file to send as `multipart/form-data`: at hand, on disk, or as a stream that can be read once.
///
/// Only a piece of 64 KiB is held while a file or stream is sent. `Content-Length` is sent where the length is known.
///
/// **Time.** A large file takes as long as the line needs. So the [time-out](crate::Call::with_timeout) of an upload counts
/// from each piece that left to the next, and from the last to the end of the answer; the
/// [deadline](crate::Call::with_deadline) says until when a try may begin, and does not cut off one that makes progress.
///
/// **Its end.** Once a call has its verdict or is dropped, nothing more is read, and file or stream is let go at once, also
/// where the provider has answered before all of it was sent. A [`Download`](crate::Download) is the verdict when it has
/// been read to its end or is dropped.
///
/// **Retries.** Bytes are sent again, and a file is opened again, wherever another call would be made again: after a 401
/// with a new token, and after a failure that may pass. A stream of which something was read is neither replayed nor
/// retried, and the error says so.
///
/// # Examples
/// ```
/// use auth_core::{Call, Error, Response, Upload};
///
/// async fn import(call: Call<'_>) -> Result<Response, Error> {
///     let file = Upload::bytes("customers.csv", "name,email\n").content_type("text/csv");
///     call.upload("file", file).send().await
/// }
///
/// async fn import_large(call: Call<'_>) -> Result<Response, Error> {
///     call.upload("file", Upload::file("/var/exports/customers.csv").with_limit(5 << 30)).send().await
/// }
/// ```
#[must_use = "a file is not sent until its call is"]
pub struct Upload {
    pub(super) name: String,
    pub(super) content_type: Cow<'static, str>,
    pub(super) limit: u64,
    pub(super) source: Source,
}

/// Where the bytes of a file are.
pub(super) enum Source {
    Bytes(Bytes),
    File(PathBuf),
    Stream { length: Option<u64>, chunks: Chunks },
}

/// A stream as the caller gave it.
pub(super) type Given = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// A stream that whoever sends it takes away.
#[derive(Clone)]
pub(super) struct Chunks(Arc<Mutex<Option<Given>>>);

impl Chunks {
    fn slot(&self) -> MutexGuard<'_, Option<Given>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_spent(&self) -> bool {
        self.slot().is_none()
    }

    pub(super) fn take(&self) -> Option<Given> {
        self.slot().take()
    }
}

impl Upload {
    fn new(name: String, source: Source) -> Self {
        Self {
            name,
            content_type: "application/octet-stream".into(),
            limit: LIMIT,
            source,
        }
    }

    /// A file that is at hand.
    pub fn bytes(file_name: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self::new(file_name.into(), Source::Bytes(bytes.into()))
    }

    /// A file on disk, sent under the last part of its path. It is opened when it is sent, and must keep its length
    /// meanwhile.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let name = path.file_name().unwrap_or_default();
        Self::new(name.to_string_lossy().into_owned(), Source::File(path))
    }

    /// A file that is made while it is sent. Without a `length` it is sent in chunks, which not every server takes.
    ///
    /// # Examples
    /// ```
    /// use auth_core::{Bytes, Upload};
    ///
    /// let lines = futures_util::stream::iter((0..3).map(|n| Ok(Bytes::from(format!("{n}\n")))));
    /// let file = Upload::stream("numbers.txt", Some(6), lines).content_type("text/plain");
    /// ```
    pub fn stream(
        file_name: impl Into<String>,
        length: Option<u64>,
        chunks: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Self {
        let chunks: Given = Box::pin(chunks);
        let chunks = Chunks(Arc::new(Mutex::new(Some(chunks))));
        Self::new(file_name.into(), Source::Stream { length, chunks })
    }

    /// The content type of the file. Default: `application/octet-stream`.
    pub fn content_type(mut self, text: impl Into<String>) -> Self {
        self.content_type = Cow::Owned(text.into());
        self
    }

    /// How many bytes the file may have: more is [`ErrorKind::Invalid`](crate::ErrorKind::Invalid), before anything is sent
    /// where the length is known, else as soon as it shows, and the request is broken off. Default: 1 GiB.
    pub fn with_limit(mut self, bytes: u64) -> Self {
        self.limit = bytes;
        self
    }

    /// The path of a file on disk.
    fn path(&self) -> Option<&Path> {
        match &self.source {
            Source::File(path) => Some(path),
            Source::Bytes(_) | Source::Stream { .. } => None,
        }
    }
}

/// Shows nothing of the content.
impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("name", &self.name)
            .field("content_type", &self.content_type)
            .field("limit", &self.limit)
            .field("path", &self.path())
            .finish_non_exhaustive()
    }
}
