//! Hands out an answer whose body is read as a stream, into memory, a writer or a file.

use std::fmt;
use std::fs::Metadata;
#[cfg(unix)]
use std::fs::Permissions;
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
use crate::session::Hider;
use crate::transport::Incoming;

use super::file_name;

/// A download may be as large as this unless it says otherwise: 1 GiB.
const LIMIT: u64 = 1 << 30;
/// What is said of an answer without content.
const NO_FILE: &str = "it has no content that could be a file";

/// A good answer whose body is still to be read: by [`chunk`](Self::chunk), as a [`Stream`], or at once into memory, a
/// writer or a file.
///
/// Renewal, retries, time-out and deadline of the call count up to the head of the answer. After that each piece may be
/// as long in coming as the [time-out](crate::Call::with_timeout) says. An answer that ends early is an error and never a
/// short success; where a server tells neither length nor chunks, over HTTP/1.0, nobody can know. Nothing is asked for
/// once more after an error, since pieces have been handed out already. A download that is dropped gives the answer up.
///
/// Where the provider is known to answer failures under a success status, an answer of JSON, or of no type that it tells, is
/// read into memory first, up to 16 MiB, and a failure in it is an [`Error`].
///
/// A good answer need not be the whole: 304 to a conditional call has nothing, and 206 is a part.
/// [`bytes`](Self::bytes), [`write_to`](Self::write_to) and [`save`](Self::save) refuse both, unless the call has asked for
/// a part by a `Range` header; [`chunk`](Self::chunk) gives what there is.
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
    asks_for_part: bool,
    asks_for_head: bool,
    hider: Hider,
}

impl Download {
    pub(super) fn new(received: http::Response<(Bytes, Option<Incoming>)>, hider: Hider) -> Self {
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
            asks_for_part: false,
            asks_for_head: false,
            hider,
        }
    }

    /// Says what the call was: with a `Range`, with the method HEAD.
    pub(super) fn asked_for(mut self, part: bool, head: bool) -> Self {
        self.asks_for_part = part;
        self.asks_for_head = head;
        self
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
    /// replaced: it names a file in the directory that it is joined to, and nothing else. One that begins with `.` or `-`,
    /// or names a device of Windows, gets a `_` before it.
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
        Poll::Ready(outcome.map_err(|error| self.hider.failed(error)))
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

    /// Refuses to take for the whole what is not.
    fn check_whole(&self) -> Result<(), Error> {
        match self.head.status {
            StatusCode::NOT_MODIFIED => {
                Err(self.unfit("nothing came, since it has not changed since it was read"))
            }
            StatusCode::PARTIAL_CONTENT if !self.asks_for_part => {
                Err(self.unfit("a part came, and the whole was asked for"))
            }
            _ => Ok(()),
        }
    }

    /// Refuses to take for a file what has no content.
    fn check_file(&self) -> Result<(), Error> {
        let status = self.head.status;
        let is_empty = self.length == Some(0) || self.rest.is_none() && self.at_hand.is_empty();
        let is_none = matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT);
        if is_none || self.asks_for_head || status == StatusCode::ACCEPTED && is_empty {
            return Err(self.unfit(NO_FILE));
        }
        self.check_whole()
    }

    fn unfit(&self, problem: &str) -> Error {
        self.hider.failed(unfit(self.head.status, problem))
    }

    /// Reads the whole body into memory.
    ///
    /// # Errors
    /// As for [`chunk`](Self::chunk); besides, [`ErrorKind::Decode`](crate::ErrorKind::Decode) for 304 and for a part that
    /// was not asked for.
    pub async fn bytes(mut self) -> Result<Bytes, Error> {
        self.check_whole()?;
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
    /// As for [`bytes`](Self::bytes); besides, [`ErrorKind::File`](crate::ErrorKind::File) where `out` fails. Some of the
    /// body may have been written.
    pub async fn write_to(mut self, out: &mut (impl AsyncWrite + Unpin)) -> Result<u64, Error> {
        self.check_whole()?;
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
    /// On Unix a file that is replaced hands its permissions on, and a new one can be read and written by its owner alone
    /// (mode 0600), as can any before it is complete. A symbolic link of that name is replaced itself, and what it led to
    /// stays as it was.
    ///
    /// # Errors
    /// As for [`bytes`](Self::bytes), also for a success without content (204, 205, an empty 202, an answer to HEAD), which
    /// is no file; besides, [`ErrorKind::File`](crate::ErrorKind::File) where the file can't be written, or where `path` is
    /// there and no regular file.
    pub async fn save(self, path: impl AsRef<Path>) -> Result<u64, Error> {
        self.check_file()?;
        let path = path.as_ref().to_owned();
        if path.file_name().is_none() {
            return Err(unwritable(io::ErrorKind::InvalidInput.into()));
        }
        let replaced = replaced(&path).await.map_err(unwritable)?;
        // A name of its own, for the target's may be as long as names can be. The guard goes first, so that a future that
        // is dropped while the file is made leaves none.
        let partial = format!(".download-{}.part", random_text());
        let mut partial = Partial(Some(path.with_file_name(partial)));
        let written = self.save_partial(&partial, replaced).await?;
        partial.complete(&path).await.map_err(unwritable)?;
        Ok(written)
    }

    async fn save_partial(
        self,
        partial: &Partial,
        replaced: Option<Metadata>,
    ) -> Result<u64, Error> {
        let path = partial.0.clone().unwrap_or_default();
        // Not on another thread, where it could be made after the guard is gone.
        let mut file = File::from_std(make(&path).map_err(unwritable)?);
        let may_be_empty = self.head.status != StatusCode::ACCEPTED;
        let (head, hider) = (self.head.status, self.hider.clone());
        let written = self.write_to(&mut file).await?;
        if written == 0 && !may_be_empty {
            return Err(hider.failed(unfit(head, NO_FILE)));
        }
        if let Some(replaced) = replaced {
            hand_on(&replaced, &file).await.map_err(unwritable)?;
        }
        file.sync_all().await.map_err(unwritable)?;
        Ok(written)
    }
}

/// What is to be replaced, if there is anything.
async fn replaced(path: &Path) -> io::Result<Option<Metadata>> {
    match tokio::fs::metadata(path).await {
        Ok(about) if about.is_file() => Ok(Some(about)),
        Ok(_) => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "there is something of that name that is no regular file",
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes a file for its owner alone.
fn make(path: &Path) -> io::Result<std::fs::File> {
    let mut options = std::fs::File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Gives `file` the permissions of the one that it replaces.
#[cfg(unix)]
async fn hand_on(replaced: &Metadata, file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    // Without the bits that let a program run as somebody else.
    let mode = replaced.permissions().mode() & 0o777;
    file.set_permissions(Permissions::from_mode(mode)).await
}

/// Elsewhere the directory says who may do what.
#[cfg(not(unix))]
async fn hand_on(_: &Metadata, _: &File) -> io::Result<()> {
    Ok(())
}

fn unfit(status: StatusCode, problem: &str) -> Error {
    let problem = format!("{problem} (status {})", status.as_u16());
    Error::decode("", &problem, status)
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
