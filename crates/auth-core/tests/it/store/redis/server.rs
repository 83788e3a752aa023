//! Starts a Redis server on a free port of this machine, for one test.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use ::redis::{Client, Cmd, FromRedisValue, cmd};
use auth_core::{RedisStore, StoreKey};
use tempfile::TempDir;

/// A server that ends with the test. It keeps nothing beyond its own end.
pub(crate) struct Server {
    port: u16,
    options: Vec<String>,
    directory: TempDir,
    process: Option<Child>,
}

impl Server {
    /// A server that is ready; `None`, with a line that says so, where none is installed.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with(|_, port| vec!["--port".to_owned(), port.to_string()])
    }

    /// A server with options of its own, which are given its directory and its port.
    pub(crate) fn start_with(options: impl FnOnce(&TempDir, u16) -> Vec<String>) -> Option<Self> {
        if Command::new("redis-server")
            .arg("--version")
            .output()
            .is_err()
        {
            // Not by a macro, whose output nobody sees while a test passes.
            let _ = writeln!(
                std::io::stderr(),
                "skipped: redis-server is not installed (Debian: apt-get install redis-server)"
            );
            return None;
        }
        let directory = tempfile::tempdir().expect("a directory");
        let port = free_port();
        let options = options(&directory, port);
        let mut server = Self {
            port,
            options,
            directory,
            process: None,
        };
        server.start_again();
        Some(server)
    }

    /// Starts it on the same port, with nothing in it.
    pub(crate) fn start_again(&mut self) {
        let process = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .arg("--dir")
            .arg(self.directory.path())
            .args(&self.options)
            .stdout(Stdio::null())
            .spawn();
        self.process = Some(process.expect("redis-server starts"));
        for _ in 0..2000 {
            if self.answers() {
                return;
            }
            let ended = self.process.as_mut().map(Child::try_wait);
            assert!(
                matches!(ended, Some(Ok(None))),
                "redis-server ended at once: {:?}",
                self.options
            );
            thread::sleep(Duration::from_millis(5));
        }
        panic!("redis-server is not ready after ten seconds");
    }

    /// Ends it at once, as a crash does.
    pub(crate) fn end(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("it still runs");
            process.wait().expect("it ends");
        }
    }

    /// Stops it in mid-air: it takes connections, and answers none.
    pub(crate) fn stop(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on after [`stop`](Self::stop).
    pub(crate) fn go_on(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let process = self.process.as_ref().expect("it runs").id().to_string();
        let sent = Command::new("kill").args([signal, &process]).status();
        assert!(sent.is_ok_and(|status| status.success()), "{signal}");
    }

    fn answers(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else {
            return false;
        };
        // One that wants TLS or a password says so, or hangs up, and is ready as well.
        let _ = stream.set_read_timeout(Some(Duration::from_millis(500)));
        let _ = stream.write_all(b"PING\r\n");
        let read = stream.read(&mut [0]);
        !read
            .is_err_and(|error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut))
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// A store of its own, with a connection of its own.
    pub(crate) fn store(&self) -> RedisStore {
        RedisStore::new(self.url()).expect("a good URL")
    }

    /// Asks the server without a store in between.
    pub(crate) fn ask<T: FromRedisValue>(&self, command: &Cmd) -> T {
        let client = Client::open(self.url()).expect("a good URL");
        let mut connection = client.get_connection().expect("a connection");
        command.query(&mut connection).expect("an answer")
    }

    /// Says whether something stands under a key.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.ask(cmd("EXISTS").arg(key))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// The names that the default namespace gives the keys on the server.
pub(crate) fn name(key: &StoreKey, what: &str) -> String {
    format!("auth-core:{{{}}}:{what}", key.id())
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}
