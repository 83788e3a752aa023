//! Runs a Redis server of the test's own, which can go away and come back.

use std::net::{Ipv4Addr, TcpListener};
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::place::Place;
use crate::{PATIENCE, say};

pub(crate) struct RedisServer {
    port: u16,
    data: TempDir,
    child: Child,
}

impl RedisServer {
    /// Starts a server on a free port of loopback; where there is none installed, says so.
    pub(crate) async fn start(proof: &str) -> Option<Self> {
        let data = TempDir::new().unwrap();
        for _ in 0..5 {
            let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let port = free.local_addr().unwrap().port();
            drop(free);
            let mut child = match spawn(port, &data) {
                Ok(child) => child,
                Err(error) => {
                    say(&format!(
                        "{proof}: skipped, for `redis-server` can't be started ({error}); Debian has it in the \
                         package redis-server"
                    ));
                    return None;
                }
            };
            if answers(port, &mut child).await {
                return Some(Self { port, data, child });
            }
            // Another process was quicker to take the port.
        }
        panic!("no redis-server answers");
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn place(&self) -> Place {
        Place::Redis(format!("redis://127.0.0.1:{}/", self.port))
    }

    /// The server is gone from one instant to the next.
    pub(crate) async fn stop(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// It comes back with what it had written.
    pub(crate) async fn restart(&mut self) {
        self.child = spawn(self.port, &self.data).unwrap();
        assert!(answers(self.port, &mut self.child).await);
    }
}

/// What the server has answered is with the operating system, so that it outlives the server, if not the machine.
fn spawn(port: u16, data: &TempDir) -> std::io::Result<Child> {
    Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
        .args(["--appendonly", "yes", "--appendfsync", "no"])
        .args(["--save", "", "--daemonize", "no"])
        .arg("--dir")
        .arg(data.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
}

/// Waits until it answers; `false` where it has ended instead.
async fn answers(port: u16, child: &mut Child) -> bool {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end && child.try_wait().unwrap().is_none() {
        if is_up(port).await.unwrap_or(false) {
            return true;
        }
        sleep(Duration::from_millis(20)).await;
    }
    false
}

async fn is_up(port: u16) -> std::io::Result<bool> {
    let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    connection.write_all(b"PING\r\n").await?;
    let mut answer = [0; 7];
    connection.read_exact(&mut answer).await?;
    Ok(&answer == b"+PONG\r\n")
}
