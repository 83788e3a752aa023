//! Performs the steps of a case on a connection.

use std::io;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::case::Step;
use crate::secrets;
use crate::way::{ISSUED_ACCESS, ISSUED_REFRESH};

/// Between two bytes of what drips.
const DRIP: Duration = Duration::from_millis(10);
/// Nobody drips for longer than any limit of the battery.
const DROPS: usize = 3000;

/// What a text of a case can speak of.
pub(crate) struct Words {
    /// The server's own address, with the scheme.
    pub(crate) here: String,
    /// Another host, and another port of this one: nobody may be sent there.
    pub(crate) other_host: String,
    pub(crate) other_port: String,
    /// What the request asked for.
    pub(crate) path: String,
    /// The number of the token that would be issued.
    pub(crate) number: usize,
    /// The secrets that came with the request.
    pub(crate) secrets: Vec<String>,
}

impl Words {
    /// Puts what is meant in the place of each `<<placeholder>>`.
    pub(crate) fn fill(&self, text: &str) -> String {
        if !text.contains("<<") {
            return text.to_owned();
        }
        let (access, refresh) = (access(self.number), refresh(self.number));
        let authority = |url: &str| url.replace("http://", "");
        let secrets = self.secrets.join(" ");
        let line: String = secrets
            .chars()
            .map(|letter| if letter.is_ascii() { letter } else { '?' })
            .collect();
        let pairs = [
            ("<<token>>", token(self.number)),
            ("<<access>>", access),
            ("<<refresh>>", refresh),
            ("<<here>>", self.here.clone()),
            ("<<here authority>>", authority(&self.here)),
            ("<<other host>>", self.other_host.clone()),
            ("<<other authority>>", authority(&self.other_host)),
            ("<<other port>>", self.other_port.clone()),
            ("<<path>>", self.path.clone()),
            ("<<percent>>", secrets::percent(&secrets)),
            (
                "<<percent twice>>",
                secrets::percent(&secrets::percent(&secrets)),
            ),
            ("<<base64>>", STANDARD.encode(&secrets)),
            ("<<hex>>", secrets::hex(secrets.as_bytes())),
            ("<<HEX>>", secrets::hex(secrets.as_bytes()).to_uppercase()),
            ("<<json>>", secrets::json(&secrets)),
            ("<<ascii json>>", secrets::ascii_json(&secrets)),
            ("<<html>>", secrets::html(&secrets)),
            ("<<line>>", line),
            ("<<plain>>", secrets),
        ];
        pairs.iter().fold(text.to_owned(), |text, (name, value)| {
            text.replace(name, value)
        })
    }

    fn bytes(&self, bytes: &[u8]) -> Vec<u8> {
        match std::str::from_utf8(bytes) {
            Ok(text) => self.fill(text).into_bytes(),
            Err(_) => bytes.to_vec(),
        }
    }
}

/// The `number`-th access token of a server.
pub(crate) fn access(number: usize) -> String {
    format!("{ISSUED_ACCESS}{number}")
}

fn refresh(number: usize) -> String {
    format!("{ISSUED_REFRESH}{number}")
}

/// A good token answer.
pub(crate) fn token(number: usize) -> String {
    let (access, refresh) = (access(number), refresh(number));
    format!(
        "{{\"access_token\":\"{access}\",\"token_type\":\"bearer\",\"expires_in\":3600,\"refresh_token\":\"{refresh}\"}}"
    )
}

/// An answer of the server on a good day.
pub(crate) fn good(body: &str, headers: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{headers}content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Performs the steps; says whether the connection goes on.
pub(crate) async fn perform<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    steps: &[Step],
    words: &Words,
) -> io::Result<bool> {
    for step in steps {
        match step {
            Step::Early => {}
            Step::Answer(status, headers, body) => {
                let (headers, body) = (words.fill(headers), words.bytes(body));
                let length = body.len();
                let head =
                    format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n");
                stream.write_all(head.as_bytes()).await?;
                stream.write_all(&body).await?;
            }
            Step::Text(text) => stream.write_all(words.fill(text).as_bytes()).await?,
            Step::Bytes(bytes) => stream.write_all(bytes).await?,
            Step::Drip(text) => {
                for byte in words.fill(text).as_bytes() {
                    stream.write_all(&[*byte]).await?;
                    stream.flush().await?;
                    tokio::time::sleep(DRIP).await;
                }
            }
            Step::Pour(piece, times) => {
                let piece = words.bytes(piece);
                for _ in 0..*times {
                    stream.write_all(&piece).await?;
                }
            }
            Step::Pause(milliseconds) => {
                stream.flush().await?;
                tokio::time::sleep(Duration::from_millis(*milliseconds)).await;
            }
            Step::Hush => {
                stream.flush().await?;
                let mut rest = [0; 1024];
                while stream.read(&mut rest).await? > 0 {}
                return Ok(false);
            }
            Step::Close => {
                stream.shutdown().await?;
                return Ok(false);
            }
            Step::Reset => return Ok(false),
        }
    }
    stream.flush().await?;
    Ok(true)
}

/// So many spaces that nobody waits for the last one.
pub(crate) fn spaces() -> String {
    " ".repeat(DROPS)
}
