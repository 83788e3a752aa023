//! A small web app that people sign in to with their Comm100 account.
//!
//! ```sh
//! cargo run -p comm100 --example web_login
//! ```
//!
//! `/` says whether you are signed in, `/sign-in` leads to Comm100's page, `/callback` takes what comes back, and a
//! button posts to `/sign-out`. Each browser has a session in a cookie; what a session may do is in this process's
//! memory.
//!
//! With `COMM100_PLATFORM`, `COMM100_SITE_ID`, `COMM100_CLIENT_ID` and `COMM100_REDIRECT_URI` set, it talks to Comm100
//! (`ClientBuilder::from_env` lists all variables), else to a sandbox. It listens on 127.0.0.1, at `PORT` or any free
//! port; where the redirect URI is https, something in front of it has the certificate.
#![expect(clippy::print_stdout, reason = "the program's output is its purpose")]

use std::collections::HashMap;
use std::convert::Infallible;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{env, fmt};

use comm100::{
    Bytes, Client, ClientBuilder, ErrorKind, HeaderMap, Method, OAuthClient, PendingAuthorizations,
    Platform, Secret, StatusCode, Url,
};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, LOCATION};
use hyper::header::{HeaderName, ORIGIN, REFERRER_POLICY, SET_COOKIE};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use vendor_sandbox::{Host, Sandbox, credentials};

type Page = Response<Full<Bytes>>;

/// As many sessions as this are kept; then the next sign-in ends the oldest.
const MOST_SESSIONS: usize = 10_000;
/// How long a session lasts, in seconds.
const SESSION_SECONDS: u32 = 12 * 3600;
/// How long no connection is taken after one could not be.
const PAUSE: Duration = Duration::from_millis(100);

const STYLE: &str = "body{max-width:36rem;margin:12vh auto;padding:0 1.5rem;font:1.1rem/1.5 system-ui,sans-serif}\
    button,a{color:#1558b0;font:inherit}button{padding:.4rem 1rem}";

struct App {
    /// Of a client that somebody signs in to.
    builder: ClientBuilder,
    /// Where the app is for the browser, such as `https://app.example.com`.
    origin: String,
    /// Of the origin.
    port: u16,
    callback_path: String,
    campaigns_path: &'static str,
    pending: PendingAuthorizations,
    /// Of those who are signed in, by the value of their cookie.
    sessions: Mutex<HashMap<String, Session>>,
}

struct Session {
    client: Client,
    end: Instant,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port: u16 = match env::var("PORT") {
        Ok(port) => port
            .trim()
            .parse()
            .map_err(|_| "PORT is no number of a port")?,
        Err(_) => 0,
    };
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let home = format!("http://{}/", listener.local_addr()?);
    // The sandbox ends with its last handle.
    let (app, _sandbox) = match env::var("COMM100_PLATFORM") {
        Ok(address) if !address.trim().is_empty() => (real(&address)?, None),
        _ => {
            println!("COMM100_PLATFORM is not set: this talks to a sandbox on this machine.");
            let sandbox = Sandbox::start().await?;
            (with_sandbox(&sandbox, &home)?, Some(sandbox))
        }
    };
    if format!("{}/", app.origin) != home {
        println!("This listens at {home}, and what is in front of it has to lead there.");
    }
    // Under another name, the browser's cookies would not come back with the callback.
    println!("Open {}/", app.origin);
    let app = Arc::new(app);
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Too many are open, perhaps: asking again at once would only spin.
                eprintln!("no connection could be taken: {error}");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let app = Arc::clone(&app);
        let service = service_fn(move |request| {
            let app = Arc::clone(&app);
            async move { Ok::<_, Infallible>(app.answer(&request).await) }
        });
        // With a timer, those who send nothing are closed after a while.
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service);
        // What goes wrong on a connection is its browser's matter.
        tokio::spawn(connection);
    }
}

fn real(address: &str) -> Result<App, Box<dyn Error>> {
    let uri = env::var("COMM100_REDIRECT_URI");
    let uri = uri.map_err(|_| "COMM100_REDIRECT_URI is missing: the callback of this app")?;
    App::new(ClientBuilder::from_env()?, &address.parse()?, &uri)
}

fn with_sandbox(sandbox: &Sandbox, home: &str) -> Result<App, Box<dyn Error>> {
    let uri = format!("{home}callback");
    let builder = Client::builder(Platform::Dash11)
        .token_base(sandbox.url(Host::Comm100DashPanel))
        .api_base(sandbox.url(Host::Comm100DashApi))
        .site_id(credentials::COMM100_SITE_ID)
        .oauth_client(OAuthClient::new(credentials::COMM100_CLIENT_ID).redirect_uri(&uri));
    App::new(builder, &Platform::Dash11, &uri)
}

impl App {
    fn new(builder: ClientBuilder, platform: &Platform, uri: &str) -> Result<Self, Box<dyn Error>> {
        builder.authorization_request()?; // what is missing is better told now
        let uri = Url::parse(uri)?;
        if ["/", "/sign-in", "/sign-out"].contains(&uri.path()) {
            return Err(format!(
                "the redirect URI's path is {}, where this app has another page",
                uri.path()
            )
            .into());
        }
        Ok(Self {
            builder,
            origin: uri.origin().ascii_serialization(),
            port: uri.port_or_known_default().unwrap_or_default(),
            callback_path: uri.path().to_owned(),
            campaigns_path: match platform {
                Platform::V2(_) => "/api/v2/livechat/campaigns",
                _ => "/v4/livechat/campaigns",
            },
            pending: PendingAuthorizations::new(),
            sessions: Mutex::default(),
        })
    }

    async fn answer(&self, request: &Request<Incoming>) -> Page {
        let (path, headers) = (request.uri().path(), request.headers());
        match (request.method(), path) {
            (&Method::GET, "/") => self.home(headers).await,
            (&Method::GET, "/sign-in") => self.sign_in(headers),
            (&Method::GET, path) if path == self.callback_path => {
                let target = request.uri().path_and_query();
                let target = target.map_or(path, |target| target.as_str());
                self.callback(headers, target).await
            }
            (&Method::POST, "/sign-out") => self.sign_out(headers),
            _ => page(
                StatusCode::NOT_FOUND,
                "Nothing is here",
                "<a href=\"/\">Home</a>",
            ),
        }
    }

    /// Who is signed in, and something that only those who are can see.
    async fn home(&self, headers: &HeaderMap) -> Page {
        let Some(client) = self.client(headers) else {
            return self.signed_out(headers, "You are not signed in.");
        };
        let out = "<form method=\"post\" action=\"/sign-out\"><button>Sign out</button></form>";
        match self.campaigns(&client).await {
            Ok(campaigns) => {
                let text = format!("<p>You are signed in. {}</p>{out}", html(&campaigns));
                page(StatusCode::OK, "Signed in", &text)
            }
            // The tokens are of no use any more: somebody has taken them back.
            Err(error) if error.kind() == ErrorKind::Reauthorize => {
                self.end_session(headers);
                self.signed_out(headers, "Your sign-in has ended.")
            }
            Err(error) => {
                let text = format!("<p>Comm100 did not answer: {}.</p>{out}", html(&error));
                page(StatusCode::BAD_GATEWAY, "Signed in", &text)
            }
        }
    }

    /// The way to the sign-in. The browser is given its value here already, so that tabs which begin at the same moment
    /// have the same one.
    fn signed_out(&self, headers: &HeaderMap, text: &str) -> Page {
        let text = format!("<p>{text}</p><p><a href=\"/sign-in\">Sign in with Comm100</a></p>");
        let mut answer = page(StatusCode::OK, "Not signed in", &text);
        if cookie(headers, &self.cookie_name("user-agent")).is_none() {
            let cookie = self.set_cookie("user-agent", &Secret::random(), None);
            add(&mut answer, SET_COOKIE, &cookie);
        }
        answer
    }

    async fn campaigns(&self, client: &Client) -> Result<String, comm100::Error> {
        let call = client.request(Method::GET, self.campaigns_path);
        let answer: serde_json::Value = call.send().await?.json()?;
        let list = answer.get("campaigns").unwrap_or(&answer).as_array();
        let list = list.map(Vec::as_slice).unwrap_or_default();
        let name = list.iter().find_map(|item| item["name"].as_str());
        let name = name.unwrap_or("without a name");
        Ok(match list.len() {
            0 => "Your site has no campaigns.".to_owned(),
            count => format!("The first page has {count} campaigns, the first of them is {name}."),
        })
    }

    /// Sends the person to Comm100's page.
    fn sign_in(&self, headers: &HeaderMap) -> Page {
        let known = cookie(headers, &self.cookie_name("user-agent"));
        let request = self.builder.authorization_request();
        let begun = request.and_then(|request| self.pending.begin(&request, known.as_deref()));
        match begun {
            Ok((url, user_agent)) => {
                let cookie = self.set_cookie("user-agent", &user_agent, None);
                redirect(url.as_str(), &[cookie])
            }
            Err(error) => problem(&error),
        }
    }

    /// Takes what comes back from there, and begins a session.
    async fn callback(&self, headers: &HeaderMap, target: &str) -> Page {
        let user_agent = cookie(headers, &self.cookie_name("user-agent"));
        match self.signed_in(user_agent.as_deref(), target).await {
            Ok(client) => {
                // A new one for each sign-in, so that nobody goes on with one that was planted before.
                self.end_session(headers);
                let session = Secret::random();
                let cookie = self.set_cookie("session", &session, Some(SESSION_SECONDS));
                self.begin_session(&session, client);
                // The browser's history keeps the page without the code.
                redirect("/", &[cookie])
            }
            Err(error) => problem(&error),
        }
    }

    async fn signed_in(
        &self,
        user_agent: Option<&str>,
        target: &str,
    ) -> Result<Client, comm100::Error> {
        let code = self.pending.finish(user_agent, target)?;
        let client = self.builder.clone().authorization_code(code).build()?;
        client.sign_in().await?;
        Ok(client)
    }

    fn sign_out(&self, headers: &HeaderMap) -> Page {
        // The cookie's `SameSite` sees to it already; this one is for browsers that don't.
        let origin = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok());
        if origin.is_some_and(|origin| origin != self.origin) {
            return page(
                StatusCode::FORBIDDEN,
                "Not from here",
                "<a href=\"/\">Home</a>",
            );
        }
        self.end_session(headers);
        redirect(
            "/",
            &[self.set_cookie("session", &Secret::new(""), Some(0))],
        )
    }

    fn client(&self, headers: &HeaderMap) -> Option<Client> {
        let session = cookie(headers, &self.cookie_name("session"))?;
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let session = sessions.get(&session)?;
        (session.end > Instant::now()).then(|| session.client.clone())
    }

    fn begin_session(&self, value: &Secret, client: Client) {
        let now = Instant::now();
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, session| session.end > now);
        if sessions.len() >= MOST_SESSIONS {
            let oldest = sessions.iter().min_by_key(|(_, session)| session.end);
            if let Some(oldest) = oldest.map(|(value, _)| value.clone()) {
                sessions.remove(&oldest);
            }
        }
        let end = now + Duration::from_secs(SESSION_SECONDS.into());
        sessions.insert(value.expose().to_owned(), Session { client, end });
    }

    fn end_session(&self, headers: &HeaderMap) {
        if let Some(session) = cookie(headers, &self.cookie_name("session")) {
            let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
            sessions.remove(&session);
        }
    }

    /// On https nobody but this host can set a cookie of such a name; on http, all ports of a host share their cookies.
    fn cookie_name(&self, name: &str) -> String {
        match self.is_https() {
            true => format!("__Host-{name}"),
            false => format!("{name}-{}", self.port),
        }
    }

    /// Without seconds, the browser keeps it until it is closed.
    fn set_cookie(&self, name: &str, value: &Secret, seconds: Option<u32>) -> String {
        let (name, value) = (self.cookie_name(name), value.expose());
        let secure = if self.is_https() { "; Secure" } else { "" };
        // `Strict` would hold the cookie back when Comm100's page sends the browser here.
        let age = seconds.map(|seconds| format!("; Max-Age={seconds}"));
        let age = age.unwrap_or_default();
        format!("{name}={value}; HttpOnly; SameSite=Lax; Path=/{age}{secure}")
    }

    fn is_https(&self) -> bool {
        self.origin.starts_with("https:")
    }
}

/// What the person is told, by the kind of the failure alone.
fn problem(error: &comm100::Error) -> Page {
    let (status, title) = match error.kind() {
        ErrorKind::Permission => (StatusCode::FORBIDDEN, "You did not approve the sign-in"),
        ErrorKind::Blocked => (StatusCode::BAD_REQUEST, "This sign-in is over"),
        _ if error.is_retryable() => (StatusCode::BAD_GATEWAY, "Comm100 is not there for now"),
        _ => (StatusCode::BAD_GATEWAY, "The sign-in failed"),
    };
    eprintln!("sign-in: {error}");
    let why = match error.kind() {
        ErrorKind::Blocked => {
            "<p>It was used already, took too long, or began in another browser.</p>"
        }
        _ => "",
    };
    let text =
        format!("{why}<p><a href=\"/sign-in\">Try again</a> or go <a href=\"/\">home</a>.</p>");
    page(status, title, &text)
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(COOKIE).into_iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split("; "));
    let value = pairs.find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    Some(value.to_owned())
}

fn redirect(to: &str, cookies: &[String]) -> Page {
    let mut answer = page(StatusCode::SEE_OTHER, "Further on", "");
    for cookie in cookies {
        add(&mut answer, SET_COOKIE, cookie);
    }
    add(&mut answer, LOCATION, to);
    answer
}

fn add(answer: &mut Page, name: HeaderName, value: &str) {
    if let Ok(value) = value.parse() {
        answer.headers_mut().append(name, value);
    }
}

fn page(status: StatusCode, title: &str, text: &str) -> Page {
    let body = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\n\
         <style>{STYLE}</style></head>\n<body>\n<h1>{title}</h1>\n{text}\n</body>\n</html>\n"
    );
    let mut answer = Response::new(Full::from(body));
    *answer.status_mut() = status;
    for (name, value) in [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
        ),
        // Under `no-referrer`, browsers call the origin of a form `null`.
        (REFERRER_POLICY, "same-origin"),
    ] {
        add(&mut answer, name, value);
    }
    answer
}

fn html(text: &impl fmt::Display) -> String {
    let text = text.to_string();
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}
