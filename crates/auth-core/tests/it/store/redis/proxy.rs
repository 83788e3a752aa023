//! Stands between a store and its server, and loses what it is told to lose.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use auth_core::RedisStore;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A way to the server.
pub(super) struct Proxy {
    port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// So many of the next answers are lost, each with its connection.
    lost: AtomicUsize,
    /// Connections with a lower number are holes: nothing comes through and nothing says so.
    first_good: AtomicUsize,
    connections: AtomicUsize,
    /// Whether new connections end at once.
    closed: AtomicBool,
}

impl Proxy {
    /// A way to the server on `port`.
    pub(super) async fn start(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let own = listener.local_addr().expect("an address").port();
        let state = Arc::new(State::default());
        let seen = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if seen.closed.load(Ordering::SeqCst) {
                    continue;
                }
                let number = seen.connections.fetch_add(1, Ordering::SeqCst);
                let server = TcpStream::connect(("127.0.0.1", port)).await;
                let server = server.expect("the server listens");
                tokio::spawn(carry(stream, server, number, Arc::clone(&seen)));
            }
        });
        Self { port: own, state }
    }

    pub(super) fn store(&self) -> RedisStore {
        RedisStore::new(format!("redis://127.0.0.1:{}", self.port)).expect("a good URL")
    }

    /// Loses the next `count` answers.
    pub(super) fn lose(&self, count: usize) {
        self.state.lost.store(count, Ordering::SeqCst);
    }

    /// Swallows all that comes over the connections that there are.
    pub(super) fn make_holes(&self) {
        let connections = self.connections();
        self.state.first_good.store(connections, Ordering::SeqCst);
    }

    /// Cuts the way to the server off, or opens it again for new connections.
    pub(super) fn close(&self, closed: bool) {
        self.make_holes();
        self.state.closed.store(closed, Ordering::SeqCst);
    }

    /// How many connections there have been.
    pub(super) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }
}

async fn carry(stream: TcpStream, server: TcpStream, number: usize, state: Arc<State>) {
    let (mut from_store, mut to_store) = stream.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let (mut request, mut answer) = ([0; 4096], [0; 4096]);
    loop {
        let is_hole = || number < state.first_good.load(Ordering::SeqCst);
        tokio::select! {
            Ok(read @ 1..) = from_store.read(&mut request) => {
                if !is_hole() && to_server.write_all(&request[..read]).await.is_err() {
                    return;
                }
            }
            Ok(read @ 1..) = from_server.read(&mut answer) => {
                let take = |lost: usize| lost.checked_sub(1);
                if is_hole() {
                    continue;
                }
                let lost = state.lost.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take);
                if lost.is_ok() || to_store.write_all(&answer[..read]).await.is_err() {
                    return;
                }
            }
            else => return,
        }
    }
}
