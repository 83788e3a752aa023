//! A server of scripted bytes, for answers that no decent server would give, and to see requests byte by byte.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What the server does about one request.
pub(crate) enum Act {
    /// Writes this and keeps the connection.
    Answer(Vec<u8>),
    /// Writes this and closes the connection.
    AnswerAndClose(Vec<u8>),
    /// Closes the connection.
    Close,
    /// Writes this, and then a space every 20 milliseconds until the client has had enough.
    Drip(&'static str),
    /// Writes this, and then megabytes as chunks until the client has had enough.
    Flood(&'static str),
    /// Says nothing until the client has had enough.
    Hang,
    /// Resets the connection, without having read the request.
    Reset,
}

/// A listener on loopback.
pub(crate) struct RawServer {
    address: std::net::SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
}

impl RawServer {
    /// Listens on any free port; `script` says what to do about the n-th request.
    pub(crate) async fn start(script: impl Fn(usize) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        Self::listen(listener, script)
    }

    /// Serves a listener that is there already.
    pub(crate) fn listen(
        listener: TcpListener,
        script: impl Fn(usize) -> Act + Send + Sync + 'static,
    ) -> Self {
        let server = Self {
            address: listener.local_addr().expect("an address"),
            seen: Arc::default(),
            connections: Arc::default(),
        };
        let (seen, connections) = (Arc::clone(&server.seen), Arc::clone(&server.connections));
        let (script, turn) = (Arc::new(script), Arc::new(AtomicUsize::new(0)));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                let (seen, script, turn) =
                    (Arc::clone(&seen), Arc::clone(&script), Arc::clone(&turn));
                tokio::spawn(async move {
                    let next = || script(turn.fetch_add(1, Ordering::SeqCst));
                    // A client that goes away in the middle is part of the play.
                    let _ = serve(stream, &seen, next).await;
                });
            }
        });
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far, heads and bodies as they came.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().expect("no test panics here").clone()
    }

    /// How many connections were made.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// An answer with a length.
pub(crate) fn http(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{body}").into_bytes()
}

/// A port that nobody listens on.
pub(crate) async fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    listener.local_addr().expect("an address").port()
}

async fn serve(
    mut stream: TcpStream,
    seen: &Mutex<Vec<String>>,
    next: impl Fn() -> Act,
) -> io::Result<()> {
    loop {
        stream.readable().await?;
        let mut first = [0];
        if stream.peek(&mut first).await? == 0 {
            return Ok(());
        }
        let act = next();
        if matches!(act, Act::Reset) {
            // A connection that is dropped with bytes unread is reset.
            return Ok(());
        }
        let request = read(&mut stream).await?;
        seen.lock().expect("no test panics here").push(request);
        match act {
            Act::Answer(bytes) => stream.write_all(&bytes).await?,
            Act::AnswerAndClose(bytes) => {
                stream.write_all(&bytes).await?;
                return stream.shutdown().await;
            }
            Act::Close => return stream.shutdown().await,
            Act::Drip(head) => {
                stream.write_all(head.as_bytes()).await?;
                let mut ticks = tokio::time::interval(Duration::from_millis(20));
                loop {
                    ticks.tick().await;
                    stream.write_all(b" ").await?;
                }
            }
            Act::Flood(head) => {
                stream.write_all(head.as_bytes()).await?;
                let chunk = format!("100000\r\n{}\r\n", " ".repeat(1 << 20));
                loop {
                    stream.write_all(chunk.as_bytes()).await?;
                }
            }
            Act::Hang => return stream.read_u8().await.map(|_| ()),
            Act::Reset => return Ok(()),
        }
    }
}

/// Reads one request with its body, whose length must be told.
async fn read(stream: &mut TcpStream) -> io::Result<String> {
    let mut bytes = Vec::new();
    loop {
        bytes.push(stream.read_u8().await?);
        if bytes.ends_with(b"\r\n\r\n") {
            break;
        }
    }
    let head = String::from_utf8_lossy(&bytes).to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .map_or(0, |length| length.trim().parse().expect("a length"));
    let start = bytes.len();
    bytes.resize(start + length, 0);
    stream.read_exact(&mut bytes[start..]).await?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
