//! Stands between a worker and its server, and can hold back what the worker says.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{self, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::eventually;
use crate::place::Place;

/// Bytes go on to the server as long as they are not held.
pub(crate) struct Proxy {
    port: u16,
    is_held: watch::Sender<bool>,
    /// How many bytes wait.
    held: Arc<AtomicUsize>,
}

impl Proxy {
    /// A proxy for the server on `port` of loopback; it lives as long as the test.
    pub(crate) async fn start(port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let proxy = Self {
            port: listener.local_addr().unwrap().port(),
            is_held: watch::Sender::new(false),
            held: Arc::default(),
        };
        let (is_held, held) = (proxy.is_held.subscribe(), Arc::clone(&proxy.held));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await;
                let (mut from_server, to_server) = server.unwrap().into_split();
                let (from_client, mut to_client) = client.into_split();
                tokio::spawn(async move { io::copy(&mut from_server, &mut to_client).await });
                let (is_held, held) = (is_held.clone(), Arc::clone(&held));
                tokio::spawn(pass_on(from_client, to_server, is_held, held));
            }
        });
        proxy
    }

    pub(crate) fn place(&self) -> Place {
        Place::Redis(format!("redis://127.0.0.1:{}/", self.port))
    }

    /// From now on nothing reaches the server.
    pub(crate) fn hold(&self) {
        self.is_held.send_replace(true);
    }

    /// Waits until there is something that does not.
    pub(crate) async fn until_held(&self) {
        eventually("bytes to hold", || self.held.load(Ordering::Relaxed) > 0).await;
    }

    /// Lets the server have all of it, gives it time to act, and says how many bytes it was.
    pub(crate) async fn release(&self) -> usize {
        self.is_held.send_replace(false);
        sleep(Duration::from_millis(200)).await;
        self.held.load(Ordering::Relaxed)
    }
}

async fn pass_on(
    mut from_client: OwnedReadHalf,
    mut to_server: OwnedWriteHalf,
    mut is_held: watch::Receiver<bool>,
    held: Arc<AtomicUsize>,
) -> io::Result<()> {
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let count = from_client.read(&mut bytes).await?;
        if count == 0 {
            return Ok(());
        }
        if *is_held.borrow() {
            held.fetch_add(count, Ordering::Relaxed);
            // The sender is gone at the end of the test only.
            is_held.wait_for(|is_held| !is_held).await.ok();
        }
        to_server.write_all(&bytes[..count]).await?;
    }
}
