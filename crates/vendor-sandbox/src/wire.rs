//! Serves HTTP/1.1 on one listener, and cuts or slows a connection where a fault says so.

use std::convert::Infallible;
use std::future::{Future, pending};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

use crate::answer::Answer;
use crate::clock;
use crate::exchange::exchange;
use crate::host::Host;
use crate::inbound::Inbound;
use crate::outcome::{Cut, Outcome, Pace};
use crate::state::State;

/// Larger bodies are answered with 413; no sign-in and no call played here comes near it.
const BODY_LIMIT: usize = 1024 * 1024;

/// Accepts connections until the sender of `stop` is gone.
pub(crate) async fn listen(
    listener: TcpListener,
    host: Host,
    state: Arc<State>,
    mut stop: watch::Receiver<()>,
) {
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    tokio::spawn(serve(stream, host, Arc::clone(&state), stop.clone()));
                }
                // Out of file descriptors: some connection will end.
                Err(_) => clock::pause(Duration::from_millis(10)).await,
            },
        }
    }
}

async fn serve(stream: TcpStream, host: Host, state: Arc<State>, mut stop: watch::Receiver<()>) {
    // Answers are written whole: waiting for more to send would only delay them. Failing to switch that off is harmless.
    stream.set_nodelay(true).ok();
    let (cut, mut cuts) = mpsc::channel(1);
    let service = service_fn(move |request| answer(request, host, Arc::clone(&state), cut.clone()));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        _ = stop.changed() => {}
        // A connection that broke has nobody left to tell.
        _ = &mut connection => {}
        Some(cut) = cuts.recv() => {
            let stream = connection.into_parts().io.into_inner();
            if cut == Cut::Reset {
                // Without it the connection closes in order, which is the next best thing.
                stream.set_zero_linger().ok();
            }
        }
    }
}

async fn answer(
    request: Request<Incoming>,
    host: Host,
    state: Arc<State>,
    cut: mpsc::Sender<Cut>,
) -> Result<Response<Paced>, Infallible> {
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BODY_LIMIT).collect().await else {
        return Ok(response(Answer::empty(413), Pace::Whole));
    };
    let path = parts.uri.path().to_owned();
    let inbound = Inbound {
        host,
        endpoint: host.endpoint(&path),
        method: parts.method,
        path,
        query: parts.uri.query().map(str::to_owned),
        headers: parts.headers,
        body: body.to_bytes(),
    };
    match exchange(&state, &inbound).await {
        Outcome::Send(answer, pace) => Ok(response(answer, pace)),
        Outcome::Cut(kind) => {
            // The connection's own task hears this and drops the connection, and this future with it.
            cut.send(kind).await.ok();
            pending().await
        }
    }
}

fn response(answer: Answer, pace: Pace) -> Response<Paced> {
    let mut builder = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        builder = builder.header(name, value);
    }
    builder
        .body(Paced::new(answer.body, pace))
        .unwrap_or_else(|_| {
            let apology = Bytes::from_static(b"the injected answer is no valid HTTP");
            let mut response = Response::new(Paced::new(apology, Pace::Whole));
            *response.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
            response
        })
}

/// A body that arrives as its [`Pace`] says.
struct Paced {
    rest: Bytes,
    length: usize,
    pace: Pace,
    nap: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    flushed: bool,
}

impl Paced {
    fn new(body: Bytes, pace: Pace) -> Self {
        let length = body.len();
        let rest = match pace {
            Pace::Truncated => body.slice(..length / 2),
            Pace::Whole | Pace::Drip(_) => body,
        };
        Self {
            rest,
            length,
            pace,
            nap: None,
            flushed: false,
        }
    }

    /// Gives hyper one turn to write what it has, then breaks the connection off.
    fn break_off(
        &mut self,
        context: &Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.flushed {
            return Poll::Ready(Some(Err(io::ErrorKind::BrokenPipe.into())));
        }
        self.flushed = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Body for Paced {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.rest.is_empty() {
            return match self.pace {
                Pace::Truncated if self.length > 0 => self.break_off(context),
                _ => Poll::Ready(None),
            };
        }
        let piece = match self.pace {
            Pace::Whole | Pace::Truncated => std::mem::take(&mut self.rest),
            Pace::Drip(delay) => {
                let nap = self
                    .nap
                    .get_or_insert_with(|| Box::pin(clock::pause(delay)));
                ready!(nap.as_mut().poll(context));
                self.nap = None;
                self.rest.split_to(1)
            }
        };
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length as u64)
    }
}
