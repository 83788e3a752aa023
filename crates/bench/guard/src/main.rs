//! Loops over the cached path or over one request, so that callgrind can count what one turn costs.
//!
//! `guard cached 1000` and `guard request 100` do so many turns; the difference between two counts is the price of
//! the turns between them. The server runs in a process of its own, which is not counted.

use std::error::Error;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use auth_core::{
    ApiClient, BaseUrl, Dialect, Grant, KeyKind, KeyRow, Method, Principal, Profile, Settings,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const DIALECT: Dialect = Dialect::new("GUARD", &[]).keys(&[KeyRow::new(KeyKind::Token, &[], "")]);
const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 25\r\n\r\n{\"id\":7,\"name\":\"Sales 1\"}";
const USAGE: &str = "usage: guard cached|request TURNS";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().ok_or(USAGE)?;
    if what == "serve" {
        return serve().await;
    }
    let turns: u32 = arguments.next().ok_or(USAGE)?.parse()?;
    let server = Server::start()?;
    let base = BaseUrl::parse("base_url", &server.url, &[])?;
    let principal = Principal::new(Grant::StaticToken("guard-token".into()));
    let profile = Profile::new(DIALECT, base.clone(), base, principal, "guard/0");
    let client = ApiClient::new(profile, &Settings::new())?;
    client.request(Method::GET, "/v1/one").send().await?;
    match what.as_str() {
        "cached" => {
            for _ in 0..turns {
                std::hint::black_box(client.session().authorization().await?);
            }
        }
        "request" => {
            for _ in 0..turns {
                std::hint::black_box(client.request(Method::GET, "/v1/one").send().await?);
                // The connection comes back to its pool; else the next request would begin to open another.
                for _ in 0..3 {
                    tokio::task::yield_now().await;
                }
            }
        }
        _ => return Err(USAGE.into()),
    }
    Ok(())
}

/// The server's process; it ends with this value.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start() -> Result<Self, Box<dyn Error>> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = process.stdout.take().ok_or("the server has no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let url = format!("http://{}", line.trim());
        Ok(Self { process, url })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Answers every request with the same few bytes, and says on standard output where.
async fn serve() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("{}", listener.local_addr()?);
    // Whoever started it holds the other end of this pipe: with it, the server ends too.
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_line(&mut String::new());
        std::process::exit(0);
    });
    loop {
        let (mut stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            let mut request = Vec::new();
            let mut piece = [0; 4096];
            loop {
                match stream.read(&mut piece).await {
                    Ok(0) | Err(_) => return,
                    Ok(count) => request.extend_from_slice(&piece[..count]),
                }
                if request.ends_with(b"\r\n\r\n") {
                    request.clear();
                    if stream.write_all(ANSWER.as_bytes()).await.is_err() {
                        return;
                    }
                }
            }
        });
    }
}
