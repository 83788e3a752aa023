//! The one loopback server that ours and the peers talk to: a process of its own, so that its work is not measured.
//!
//! Any path that holds `token` is the token endpoint. `/control` sets its latency, the lifetime of its tokens and
//! whether it fails; `/times` says when token requests came since then.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::records;

/// A small answer that every provider takes for a good one.
const SMALL: &str =
    r#"{"success":true,"isSuccess":true,"id":7,"name":"Sales","description":"The sales campaign"}"#;
/// About as long as a token that is signed.
const TOKEN_LENGTH: usize = 256;

/// What the token endpoint does now.
struct State {
    latency: Duration,
    lifetime_ms: u64,
    fails: bool,
    since: Instant,
    requests: Vec<Duration>,
}

/// Serves until the process that started it is gone.
pub async fn serve() -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("{}", listener.local_addr()?);
    std::thread::spawn(|| {
        // Whoever started it holds the other end of this pipe.
        let _ = std::io::stdin().read_line(&mut String::new());
        std::process::exit(0);
    });
    let state = Arc::new(Mutex::new(State {
        latency: Duration::ZERO,
        lifetime_ms: 3_600_000,
        fails: false,
        since: Instant::now(),
        requests: Vec::new(),
    }));
    let lists = Arc::new(records::lists());
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (state, lists) = (Arc::clone(&state), Arc::clone(&lists));
        tokio::spawn(async move {
            let service = service_fn(|request| answer(request, &state, &lists));
            let connection = hyper::server::conn::http1::Builder::new();
            let _ = connection
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn answer(
    request: http::Request<Incoming>,
    state: &Mutex<State>,
    lists: &HashMap<String, Bytes>,
) -> Result<http::Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let has_body = request.method() == http::Method::POST;
    if has_body {
        let _ = request.into_body().collect().await;
    }
    let (status, body) = match path.as_str() {
        "/control" => {
            control(state, &query);
            (200, Bytes::from_static(b"{}"))
        }
        "/times" => {
            let state = state.lock().unwrap_or_else(PoisonError::into_inner);
            let times: Vec<_> = state.requests.iter().map(Duration::as_secs_f64).collect();
            (200, serde_json::json!(times).to_string().into())
        }
        path if path.contains("token") => token(state).await,
        path => {
            let page = format!("{path}?{query}");
            let list = lists.get(&page).or_else(|| lists.get(path));
            (
                200,
                list.cloned()
                    .unwrap_or(Bytes::from_static(SMALL.as_bytes())),
            )
        }
    };
    let mut response = http::Response::new(Full::new(body));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    response.headers_mut().insert(
        http::header::CONTENT_TYPE,
        http::HeaderValue::from_static("application/json"),
    );
    Ok(response)
}

async fn token(state: &Mutex<State>) -> (u16, Bytes) {
    let (latency, lifetime_ms, fails, number) = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = state.since.elapsed();
        state.requests.push(now);
        (
            state.latency,
            state.lifetime_ms,
            state.fails,
            state.requests.len(),
        )
    };
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    if fails {
        return (400, Bytes::from_static(br#"{"error":"invalid_client"}"#));
    }
    let lifetime = match lifetime_ms % 1000 {
        0 => serde_json::json!(lifetime_ms / 1000),
        _ => serde_json::json!(lifetime_ms as f64 / 1000.0),
    };
    let access_token = format!("{number:0>TOKEN_LENGTH$}");
    let token = serde_json::json!({ "access_token": access_token, "token_type": "Bearer", "expires_in": lifetime });
    (200, token.to_string().into())
}

fn control(state: &Mutex<State>, query: &str) {
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        let value: u64 = value.parse().unwrap_or_default();
        match name {
            "latency_ms" => state.latency = Duration::from_millis(value),
            "lifetime_ms" => state.lifetime_ms = value,
            "fails" => state.fails = value != 0,
            _ => {}
        }
    }
    state.since = Instant::now();
    state.requests.clear();
}

/// How the token endpoint is to behave.
#[derive(Clone, Copy)]
pub struct Mood {
    /// How long it takes.
    pub latency_ms: u64,
    /// How long its tokens live.
    pub lifetime_ms: u64,
    /// Whether it answers 400.
    pub fails: bool,
}

impl Default for Mood {
    fn default() -> Self {
        Self {
            latency_ms: 0,
            lifetime_ms: 3_600_000,
            fails: false,
        }
    }
}

/// The server's process; it ends with this value.
pub struct Server {
    process: Child,
    address: String,
}

impl Server {
    /// Starts it from this very program.
    pub fn start() -> Result<Self> {
        Self::start_from(&std::env::current_exe()?)
    }

    /// Starts it from the program `bench`, wherever that is.
    pub fn start_from(bench: &Path) -> Result<Self> {
        let mut process = Command::new(bench)
            .arg("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = process.stdout.take().context("the server has no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let address = line.trim().to_owned();
        Ok(Self { process, address })
    }

    /// Its origin.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sets the token endpoint's mood and forgets the requests so far.
    pub fn set(&self, mood: Mood) -> Result<()> {
        let Mood {
            latency_ms,
            lifetime_ms,
            fails,
        } = mood;
        let fails = u8::from(fails);
        self.ask(&format!(
            "/control?latency_ms={latency_ms}&lifetime_ms={lifetime_ms}&fails={fails}"
        ))?;
        Ok(())
    }

    /// When token requests came, in seconds since the mood was set.
    pub fn times(&self) -> Result<Vec<f64>> {
        let answer = self.ask("/times")?;
        let (_, body) = answer.split_once("\r\n\r\n").context("no answer")?;
        Ok(serde_json::from_str(body)?)
    }

    fn ask(&self, path: &str) -> Result<String> {
        let mut stream = TcpStream::connect(&self.address)?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
