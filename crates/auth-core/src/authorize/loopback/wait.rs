//! Waits for the callback among whatever else comes to the port.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use zeroize::Zeroizing;

use super::answer::Answer;
use super::connection;
use super::head::{self, Head};
use super::port::{Address, Ports};
use crate::authorize::PendingAuthorization;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind};
use crate::grant::AuthorizationCode;

/// How many connections may be open. Browsers open some ahead of need; for one more, the oldest has to go, so that those
/// who only hold a connection never keep the callback out.
const CONNECTIONS: usize = 64;
/// How many are taken before those that are open are looked at.
const BATCH: usize = 16;
/// How long no connection is taken after one could not be.
const PAUSE: Duration = Duration::from_millis(100);

type Outcome = Result<AuthorizationCode, Error>;
type Work<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Waits until the answer to `pending` has come to `address`. Then the ports are closed, and the person is told.
pub(super) async fn callback(
    ports: Ports,
    address: Address,
    pending: PendingAuthorization,
    clock: &dyn Clock,
) -> Outcome {
    let expected = Expected { address, pending };
    let mut waiting = Waiting {
        ports,
        pause: None,
        open: VecDeque::new(),
        expected: &expected,
        clock,
    };
    let end = poll_fn(|context| waiting.poll(context)).await;
    drop(waiting);
    // A person who does not see the page has signed in all the same.
    let _ = connection::write(end.writer, end.answer, clock).await;
    connection::discard(&end.reader);
    end.outcome
}

/// Everything that is open during the wait; dropped, it is closed.
struct Waiting<'a> {
    ports: Ports,
    pause: Option<Work<'a, ()>>,
    /// Oldest first.
    open: VecDeque<Open<'a>>,
    expected: &'a Expected,
    clock: &'a dyn Clock,
}

struct Open<'a> {
    /// Only the work may keep it: its end tells the client that there is no more.
    writer: Weak<OwnedWriteHalf>,
    work: Work<'a, Option<End>>,
}

/// The connection that the answer came by.
struct End {
    reader: OwnedReadHalf,
    writer: Arc<OwnedWriteHalf>,
    answer: Answer,
    outcome: Outcome,
}

impl<'a> Waiting<'a> {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<End> {
        self.accept(context);
        let mut at = 0;
        while let Some(open) = self.open.get_mut(at) {
            match open.work.as_mut().poll(context) {
                Poll::Pending => at += 1,
                Poll::Ready(None) => drop(self.open.remove(at)),
                Poll::Ready(Some(end)) => return Poll::Ready(end),
            }
        }
        Poll::Pending
    }

    /// Takes the connections that are there.
    fn accept(&mut self, context: &mut Context<'_>) {
        if let Some(pause) = &mut self.pause {
            if pause.as_mut().poll(context).is_pending() {
                return;
            }
            self.pause = None;
        }
        let mut taken = Vec::new();
        let mut pause: Option<Work<'a, ()>> = None;
        for listener in &self.ports.listeners {
            for turn in 1..=BATCH {
                match listener.poll_accept(context) {
                    Poll::Pending => break,
                    Poll::Ready(Ok((stream, _))) => taken.push(stream),
                    Poll::Ready(Err(_)) => {
                        // Too few file descriptors, perhaps: asking again at once would only spin.
                        pause = Some(Box::pin(self.clock.sleep(PAUSE)));
                        break;
                    }
                }
                if turn == BATCH && pause.is_none() {
                    // Not before the runtime has seen what the new ones bring: in a flood, the callback would be the
                    // oldest before it was read.
                    pause = Some(Box::pin(tokio::task::yield_now()));
                }
            }
        }
        for stream in taken {
            self.open(stream);
        }
        if let Some(mut pause) = pause {
            match pause.as_mut().poll(context) {
                Poll::Pending => self.pause = Some(pause),
                Poll::Ready(()) => context.waker().wake_by_ref(),
            }
        }
    }

    fn open(&mut self, stream: TcpStream) {
        if self.open.len() >= CONNECTIONS
            && let Some(oldest) = self.open.pop_front()
            && let Some(writer) = oldest.writer.upgrade()
        {
            let _ = writer.try_write(&Answer::TooMany.bytes());
        }
        let (reader, writer) = stream.into_split();
        let writer = Arc::new(writer);
        self.open.push_back(Open {
            writer: Arc::downgrade(&writer),
            work: Box::pin(serve(reader, writer, self.expected, self.clock)),
        });
    }
}

/// Serves one connection. `None` unless it brought the answer; then it is still to be told.
async fn serve(
    reader: OwnedReadHalf,
    writer: Arc<OwnedWriteHalf>,
    expected: &Expected,
    clock: &dyn Clock,
) -> Option<End> {
    let answer = match connection::read(&reader, clock).await.ok()? {
        Ok(bytes) => match head::read(&bytes).map(|head| expected.judge(&head)) {
            None => Answer::Malformed,
            Some(Verdict::Refused(answer)) => answer,
            Some(Verdict::Ours(outcome)) => {
                let answer = match outcome {
                    Ok(_) => Answer::Approved,
                    Err(_) => Answer::NotApproved,
                };
                return Some(End {
                    reader,
                    writer,
                    answer,
                    outcome,
                });
            }
        },
        Err(answer) => answer,
    };
    tracing::debug!(
        name: "auth_core.loopback.refused",
        answer = ?answer,
        "a request is not the callback; the wait goes on"
    );
    refuse(reader, writer, answer, clock).await.ok()?;
    None
}

async fn refuse(
    reader: OwnedReadHalf,
    writer: Arc<OwnedWriteHalf>,
    answer: Answer,
    clock: &dyn Clock,
) -> io::Result<()> {
    connection::write(writer, answer, clock).await?;
    connection::drain(&reader, clock).await
}

/// What a request turned out to be.
enum Verdict {
    Refused(Answer),
    Ours(Outcome),
}

/// What is waited for.
struct Expected {
    address: Address,
    pending: PendingAuthorization,
}

impl Expected {
    fn judge(&self, head: &Head<'_>) -> Verdict {
        // Under another name, the page that asks may be anybody's (DNS rebinding).
        if head.host != self.address.authority {
            return Verdict::Refused(Answer::Malformed);
        }
        if head.method != "GET" {
            return Verdict::Refused(Answer::NotAllowed);
        }
        let path = head.target.split('?').next().unwrap_or_default();
        if path != self.address.path {
            return Verdict::Refused(Answer::NotFound);
        }
        // Without `state`, anybody's request would do: then at least none that a page makes behind the person's back.
        if self.pending.missing_state && head.is_for_no_page {
            return Verdict::Refused(Answer::NotOurs);
        }
        let url = Zeroizing::new(self.address.url(head.target));
        match self.pending.clone().check(&url) {
            Err(error) if error.kind() == ErrorKind::Blocked => Verdict::Refused(Answer::NotOurs),
            outcome => Verdict::Ours(outcome),
        }
    }
}
