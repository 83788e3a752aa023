//! A vendor on a raw socket: good until it is told to be hostile. And another host, which nobody may call.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::case::{Column, Step};
use crate::certificates::Identity;
use crate::play::{Words, good, perform, token};

/// A listener on loopback, its connections with it: all end when it is dropped.
pub(crate) struct Vendor {
    url: String,
    state: Arc<State>,
    _serving: JoinSet<()>,
}

/// One request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) head: String,
    pub(crate) body: String,
}

/// What is played to whom.
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
    pub(crate) column: Column,
    /// `None` in plain text.
    pub(crate) tls: Option<Tls>,
    /// What the good answer to a call is, of which `<<..>>` is filled in.
    pub(crate) page: String,
    /// The secrets that a hostile answer can repeat.
    pub(crate) secrets: Vec<String>,
    pub(crate) elsewhere: u16,
}

/// How a server speaks TLS: when it is hostile, and when it is good.
pub(crate) struct Tls {
    pub(crate) identity: Identity,
    /// `None` where it does not speak TLS at all.
    pub(crate) hostile: Option<TlsAcceptor>,
    pub(crate) good: TlsAcceptor,
}

struct State {
    plan: Plan,
    here: String,
    is_hostile: AtomicBool,
    /// How many hostile answers were begun, or connections where nothing can be asked by them.
    turns: AtomicUsize,
    issued: AtomicUsize,
    seen: Mutex<Vec<Seen>>,
}

impl Vendor {
    pub(crate) async fn start(plan: Plan) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let url = match plan.tls {
            Some(_) => format!("https://localhost:{port}"),
            None => format!("http://127.0.0.1:{port}"),
        };
        let state = Arc::new(State {
            plan,
            here: url.clone(),
            is_hostile: AtomicBool::new(false),
            turns: AtomicUsize::new(0),
            issued: AtomicUsize::new(0),
            seen: Mutex::default(),
        });
        let mut serving = JoinSet::new();
        serving.spawn(accept(listener, Arc::clone(&state)));
        Self {
            url,
            state,
            _serving: serving,
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// From now on it is hostile, or not.
    pub(crate) fn is_hostile(&self, is_hostile: bool) {
        self.state.is_hostile.store(is_hostile, Ordering::SeqCst);
    }

    /// How many requests there were.
    pub(crate) fn turns(&self) -> usize {
        self.state.turns.load(Ordering::SeqCst)
    }

    /// The requests so far that were read.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state.seen.lock().expect("nobody panics here").clone()
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                // A client that goes away in the middle is part of the play.
                let state = Arc::clone(&state);
                connections.spawn(async move { Box::pin(connected(stream, &state)).await.ok(); });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connected(mut stream: TcpStream, state: &State) -> io::Result<()> {
    let is_hostile = state.is_hostile.load(Ordering::SeqCst);
    stream.set_nodelay(true)?;
    let resets = |step: &Step| matches!(step, Step::Reset);
    if state.plan.steps.iter().any(resets) {
        stream.set_zero_linger()?;
    }
    let Some(tls) = &state.plan.tls else {
        return serve(stream, state).await;
    };
    if !is_hostile {
        return serve(tls.good.accept(stream).await?, state).await;
    }
    if let Some(acceptor) = &tls.hostile {
        return serve(acceptor.accept(stream).await?, state).await;
    }
    state.turns.fetch_add(1, Ordering::SeqCst);
    let mut hello = [0; 4096];
    let _ = stream.read(&mut hello).await?;
    match tls.identity {
        Identity::Alert => stream.write_all(b"\x15\x03\x03\x00\x02\x02\x28").await?,
        Identity::Silence => while stream.read(&mut hello).await? > 0 {},
        _ => {
            perform(&mut stream, &state.plan.steps, &state.words(&Seen::none())).await?;
        }
    }
    stream.shutdown().await
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, state: &State) -> io::Result<()> {
    let plan = &state.plan;
    let comes_early = matches!(plan.steps.first(), Some(Step::Early));
    loop {
        // Nothing is decided before the first byte, since connections are kept.
        let mut first = [0];
        if stream.read(&mut first).await? == 0 {
            return Ok(());
        }
        let is_hostile = state.is_hostile.load(Ordering::SeqCst);
        if is_hostile {
            state.turns.fetch_add(1, Ordering::SeqCst);
        }
        if is_hostile && comes_early {
            let goes_on = perform(&mut stream, &plan.steps, &state.words(&Seen::none())).await?;
            if !goes_on {
                return Ok(());
            }
            state.note(read(&mut stream, first[0]).await?);
            continue;
        }
        let request = read(&mut stream, first[0]).await?;
        state.note(request.clone());
        let is_token = request.is_token();
        let is_meant = is_token == (plan.column != Column::Call);
        if is_hostile && is_meant && !plan.steps.is_empty() {
            if !perform(&mut stream, &plan.steps, &state.words(&request)).await? {
                return Ok(());
            }
            continue;
        }
        let body = match is_token {
            true => token(state.issued.fetch_add(1, Ordering::SeqCst)),
            false => state.words(&request).fill(&plan.page),
        };
        if plan.tls.is_none() {
            stream.write_all(&good(&body, "")).await?;
            continue;
        }
        // The next one has to shake hands anew.
        stream
            .write_all(&good(&body, "connection: close\r\n"))
            .await?;
        return stream.shutdown().await;
    }
}

impl State {
    fn note(&self, request: Seen) {
        self.seen.lock().expect("nobody panics here").push(request);
    }

    fn words(&self, request: &Seen) -> Words {
        let line = request.head.split(' ').nth(1).unwrap_or_default();
        let elsewhere = self.plan.elsewhere;
        let issued = self.issued.load(Ordering::SeqCst);
        let mut secrets = self.plan.secrets.clone();
        secrets.extend((0..issued).map(crate::play::access));
        Words {
            here: self.here.clone(),
            other_host: format!("http://127.0.0.2:{elsewhere}"),
            other_port: format!("http://127.0.0.1:{elsewhere}"),
            path: line.to_owned(),
            number: issued,
            secrets,
        }
    }
}

impl Seen {
    fn none() -> Self {
        let (head, body) = (String::new(), String::new());
        Self { head, body }
    }

    pub(crate) fn is_token(&self) -> bool {
        self.head.starts_with("POST ") && self.head.contains("/oauth")
    }
}

/// Reads one request with its body, whose length must be told.
async fn read<S: AsyncRead + Unpin>(stream: &mut S, first: u8) -> io::Result<Seen> {
    let mut bytes = vec![first];
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&bytes).into_owned();
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, length)| length.trim().parse().unwrap_or(0));
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    let body = String::from_utf8_lossy(&body).into_owned();
    Ok(Seen { head, body })
}

/// The other host: it counts who comes.
pub(crate) struct Elsewhere {
    pub(crate) port: u16,
    visits: Arc<Mutex<Vec<String>>>,
    _serving: JoinSet<()>,
}

impl Elsewhere {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("0.0.0.0:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let visits = Arc::<Mutex<Vec<String>>>::default();
        let noted = Arc::clone(&visits);
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut bytes = vec![0; 4096];
                let length = stream.read(&mut bytes).await.unwrap_or_default();
                let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
                noted.lock().expect("nobody panics here").push(text);
                // It is a good host, so that whoever follows has a success.
                stream.write_all(&good(&token(900), "")).await.ok();
            }
        });
        Self {
            port,
            visits,
            _serving: serving,
        }
    }

    /// What came, as it came.
    pub(crate) fn visits(&self) -> Vec<String> {
        self.visits.lock().expect("nobody panics here").clone()
    }
}
