//! One authorized GET beside a bare one.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use auth_core::{Method, Settings};
use http::HeaderValue;
use http::header::AUTHORIZATION;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware, Next};
use tokio::sync::RwLock;

use crate::callgrind::{self, Count};
use crate::result::{Cell, Group, Table};
use crate::server::Server;
use crate::subjects::{self, Aws, Google, Header as _, OAuth2Lock, Ours, Subject, Yup};

const METHOD: &str = "One GET of a small JSON answer over a connection that is open, read to its end, a token at hand. \
Instructions and allocations of one request: what 2N requests take, less what N take, by N; the server is another \
process. Whoever gives a header has it put into a request of the same bare reqwest client; azure_core's whole pipeline \
(retries off, bearer policy on) sends through that client too. The typed clients do more for theirs: a deadline and a \
time-out, a size limit, spans, a verdict on the body (`success: false` is an error), and a replay after a 401.";
const COUNTED: u64 = 400;
/// What a header from our session may add to a request, in per cent.
const GOAL: f64 = 0.5;

const SUBJECTS: &[(&str, &str)] = &[
    ("bare", "reqwest with a header that never changes"),
    ("bare-timeout", "the same with a time-out"),
    ("session", "ours: `Session` and reqwest"),
    ("communic8", "ours: `communic8::Client`"),
    ("webcommander", "ours: `webcommander::Client`"),
    ("comm100", "ours: `comm100::Client`"),
    ("oauth2", "oauth2 behind a tokio mutex, and reqwest"),
    ("yup", "yup-oauth2 and reqwest"),
    ("google", "google-cloud-auth and reqwest"),
    ("aws", "aws-smithy-runtime's identity cache and reqwest"),
    ("middleware", "reqwest-middleware with a token layer"),
    ("azure", "azure_core's pipeline with azure_identity"),
];

/// Someone who makes a GET and says how long the answer is.
pub enum Getter {
    /// Bare reqwest.
    Bare(Bare),
    /// Ours.
    Communic8(communic8::Client),
    /// Ours.
    Webcommander(webcommander::Client),
    /// Ours.
    Comm100(comm100::Client),
}

/// A bare client, and the header that never changes.
pub struct Bare {
    http: reqwest::Client,
    url: String,
    header: HeaderValue,
    timeout: Option<Duration>,
}

impl Getter {
    fn bare(url: &str, timeout: Option<Duration>) -> Result<Self> {
        let mut header = HeaderValue::try_from(format!("Bearer {:0>256}", 1))?;
        header.set_sensitive(true);
        Ok(Self::Bare(Bare {
            http: http()?,
            url: format!("{url}/one"),
            header,
            timeout,
        }))
    }

    /// The client of that name; `None` is for no client of ours and not for bare reqwest.
    pub fn new(name: &str, url: &str) -> Result<Option<Self>> {
        let settings = Settings::new().no_rate_limiter();
        Ok(Some(match name {
            "bare" => Self::bare(url, None)?,
            "bare-timeout" => Self::bare(url, Some(Duration::from_secs(60)))?,
            "communic8" => Self::Communic8(subjects::client(url, settings)?),
            "webcommander" => Self::Webcommander(
                webcommander::Client::builder(url)
                    .application("bench", "bench", "https://app.example.com/callback")
                    .user("bench", "bench")
                    .settings(settings)
                    .build()?,
            ),
            "comm100" => Self::Comm100(
                comm100::Client::builder(comm100::Platform::Dash11)
                    .site_id(10_000)
                    .token_base(url)
                    .api_base(url)
                    .api_key("bench@example.com", "bench")
                    .settings(settings)
                    .build()?,
            ),
            _ => return Ok(None),
        }))
    }

    /// Makes the GET.
    pub async fn get(&self) -> Result<usize> {
        Ok(match self {
            Self::Bare(Bare {
                http,
                url,
                header,
                timeout,
            }) => {
                let mut request = http.get(url).header(AUTHORIZATION, header.clone());
                if let Some(timeout) = timeout {
                    request = request.timeout(*timeout);
                }
                request
                    .send()
                    .await?
                    .error_for_status()?
                    .bytes()
                    .await?
                    .len()
            }
            Self::Communic8(client) => client
                .request(Method::GET, "/one")
                .send()
                .await?
                .bytes()
                .len(),
            Self::Webcommander(client) => client
                .request(Method::GET, "/one")
                .send()
                .await?
                .bytes()
                .len(),
            Self::Comm100(client) => client
                .request(Method::GET, "/one")
                .send()
                .await?
                .bytes()
                .len(),
        })
    }
}

/// A bare client as ours has it: no redirects.
fn http() -> Result<reqwest::Client> {
    let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    Ok(builder.no_proxy().build()?)
}

/// A layer that puts a kept header into each request: what such layers do.
struct TokenLayer {
    url: String,
    http: reqwest::Client,
    kept: RwLock<Option<(HeaderValue, Instant)>>,
}

#[async_trait::async_trait]
impl Middleware for TokenLayer {
    async fn handle(
        &self,
        mut request: reqwest::Request,
        extensions: &mut http::Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        let kept = self.kept.read().await.clone();
        let header = match kept {
            Some((header, end)) if Instant::now() < end => header,
            _ => {
                let answer = self
                    .http
                    .post(&self.url)
                    .body("x")
                    .send()
                    .await?
                    .bytes()
                    .await?;
                let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap_or_default();
                let text = format!(
                    "Bearer {}",
                    answer["access_token"].as_str().unwrap_or_default()
                );
                let header = HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
                let lifetime = answer["expires_in"].as_f64().unwrap_or(60.0);
                let end = Instant::now() + Duration::from_secs_f64(lifetime);
                *self.kept.write().await = Some((header.clone(), end));
                header
            }
        };
        request.headers_mut().insert(AUTHORIZATION, header);
        next.run(request, extensions).await
    }
}

fn layered(url: &str) -> Result<ClientWithMiddleware> {
    let layer = TokenLayer {
        url: format!("{url}/token"),
        http: http()?,
        kept: RwLock::new(None),
    };
    Ok(ClientBuilder::new(http()?)
        .with_arc(Arc::new(layer))
        .build())
}

/// Lets the connection come back to its pool, as it has where requests don't follow each other at once: else each would
/// also begin to open another.
async fn settle() {
    for _ in 0..3 {
        tokio::task::yield_now().await;
    }
}

/// Makes so many GETs, for callgrind.
pub(crate) async fn get_turns(subject: &str, url: &str, turns: u64) -> Result<()> {
    match subject {
        "session" => with_header::<Ours>(url, turns).await,
        "oauth2" => with_header::<OAuth2Lock>(url, turns).await,
        "yup" => with_header::<Yup>(url, turns).await,
        "google" => with_header::<Google>(url, turns).await,
        "aws" => with_header::<Aws>(url, turns).await,
        "middleware" => {
            let (client, url) = (layered(url)?, format!("{url}/one"));
            for _ in 0..turns {
                black_box(
                    client
                        .get(&url)
                        .send()
                        .await?
                        .error_for_status()?
                        .bytes()
                        .await?
                        .len(),
                );
                settle().await;
            }
            Ok(())
        }
        "azure" => {
            let pipeline = subjects::pipeline(url)?;
            for _ in 0..turns {
                black_box(subjects::get(&pipeline).await?);
                settle().await;
            }
            Ok(())
        }
        name => {
            let Some(getter) = Getter::new(name, url)? else {
                bail!("nobody called `{name}` makes requests");
            };
            for _ in 0..turns {
                black_box(getter.get().await?);
                settle().await;
            }
            Ok(())
        }
    }
}

async fn with_header<S: Subject>(url: &str, turns: u64) -> Result<()> {
    let (subject, http) = (S::new(url).await?, http()?);
    let url = format!("{url}/one");
    for _ in 0..turns {
        let header = subject.header().await.map_err(Into::into)?;
        let request = http.get(&url).header(AUTHORIZATION, header.into_value());
        black_box(
            request
                .send()
                .await?
                .error_for_status()?
                .bytes()
                .await?
                .len(),
        );
        settle().await;
    }
    Ok(())
}

pub(super) fn measure() -> Result<Group> {
    let server = Server::start()?;
    let mut group = Group::new("request", "One authorized request", METHOD);
    let mut table = Table::new("A GET", &["instructions", "over bare, %", "allocations"]);
    table.plotted = Some(1);
    if !callgrind::is_there() {
        table.goal("valgrind is not installed", false);
        group.tables.push(table);
        return Ok(group);
    }
    let (mut bare, mut ours, mut best_peer) = (f64::NAN, f64::NAN, f64::INFINITY);
    for (name, title) in SUBJECTS {
        eprintln!("  counting: {name}");
        let count = |count| callgrind::per_turn(count, "get", name, &server.url(), COUNTED);
        let instructions = count(Count::Instructions)?;
        if *name == "bare" {
            bare = instructions;
        }
        let over = (instructions / bare - 1.0) * 100.0;
        match *name {
            "session" => ours = over,
            "oauth2" | "yup" | "google" | "aws" | "middleware" | "azure" => {
                best_peer = best_peer.min(over)
            }
            _ => {}
        }
        let cells: Vec<Cell> = vec![
            instructions.into(),
            over.into(),
            count(Count::Allocations)?.into(),
        ];
        table.row(*title, cells);
    }
    table.goal(
        format!(
            "the header from our session adds at most {GOAL} % to a bare request (found {ours:+.2} %, the best peer \
             {best_peer:+.2} %)"
        ),
        ours <= GOAL,
    );
    group.tables.push(table);
    Ok(group)
}
