//! One connection: one head, one answer, and the end.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use zeroize::Zeroizing;

use super::answer::Answer;
use super::head::{self, LONGEST, Progress};
use crate::clock::{Clock, within};

/// How long a head may take to come, and an answer to be taken.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// How much is thrown away of what comes after the answer, so that a client which still sends can read it.
const THROWN_AWAY: usize = 256 * 1024;

/// Reads a head, with zeros behind it. The answer is for a client that sends none.
pub(super) async fn read(
    reader: &OwnedReadHalf,
    clock: &dyn Clock,
) -> io::Result<Result<Zeroizing<Vec<u8>>, Answer>> {
    let head = within(clock, PATIENCE, read_head(reader)).await;
    head.unwrap_or(Ok(Err(Answer::TooSlow)))
}

async fn read_head(reader: &OwnedReadHalf) -> io::Result<Result<Zeroizing<Vec<u8>>, Answer>> {
    // Of its full length from the start: a vector that grows would leave copies of the code behind.
    let mut bytes = Zeroizing::new(vec![0; LONGEST]);
    let mut length = 0;
    loop {
        let Some(room) = bytes.get_mut(length..).filter(|room| !room.is_empty()) else {
            return Ok(Err(Answer::TooLong));
        };
        let read = receive(reader, room).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let seen = length;
        length += read;
        match head::progress(bytes.get(..length).unwrap_or_default(), seen) {
            Progress::Open => {}
            Progress::Whole(end) => {
                bytes.truncate(end);
                return Ok(Ok(bytes));
            }
            Progress::Malformed => return Ok(Err(Answer::Malformed)),
        }
    }
}

/// Writes an answer and says that there is no more, which the last writer's end does.
pub(super) async fn write(
    writer: Arc<OwnedWriteHalf>,
    answer: Answer,
    clock: &dyn Clock,
) -> io::Result<()> {
    let bytes = answer.bytes();
    let sending = async {
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            writer.writable().await?;
            match writer.try_write(rest) {
                Ok(written) => rest = rest.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    };
    let sent = within(clock, PATIENCE, sending).await;
    sent.unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into()))
}

/// Throws away what comes after the answer: a connection that is closed with bytes unread is reset, and the client may
/// never see the answer.
pub(super) async fn drain(reader: &OwnedReadHalf, clock: &dyn Clock) -> io::Result<()> {
    let draining = async {
        let mut bytes = Zeroizing::new([0; 2048]);
        let mut length = 0;
        while length < THROWN_AWAY {
            match receive(reader, &mut *bytes).await? {
                0 => return Ok(()),
                read => length += read,
            }
        }
        Ok(())
    };
    within(clock, PATIENCE, draining).await.unwrap_or(Ok(()))
}

/// Throws away what has come already, without waiting.
pub(super) fn discard(reader: &OwnedReadHalf) {
    let mut bytes = Zeroizing::new([0; 2048]);
    let mut left = THROWN_AWAY;
    while let Ok(read) = reader.try_read(&mut *bytes)
        && (1..left).contains(&read)
    {
        left -= read;
    }
}

async fn receive(reader: &OwnedReadHalf, room: &mut [u8]) -> io::Result<usize> {
    loop {
        reader.readable().await?;
        match reader.try_read(room) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            outcome => return outcome,
        }
    }
}
