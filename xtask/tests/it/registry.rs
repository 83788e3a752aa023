//! A registry on loopback: a sparse index, downloads, and the request by which cargo publishes.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// What cargo has to send with a crate.
pub(crate) const TOKEN: &str = "made-up-registry-token";

/// The registry. It serves until the test's process ends.
pub(crate) struct Registry {
    address: SocketAddr,
    shelves: Arc<Mutex<Shelves>>,
}

#[derive(Default)]
struct Shelves {
    /// Lines of the index, by crate.
    index: BTreeMap<String, String>,
    /// Packages, by `name-version`.
    packages: BTreeMap<String, Vec<u8>>,
    /// Every crate that somebody tried to publish, and the status that was answered, in their order.
    tried: Vec<(String, u16)>,
    /// The crate that is refused the next time.
    refused: Option<String>,
}

impl Registry {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shelves = Arc::new(Mutex::new(Shelves::default()));
        let all = shelves.clone();
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let all = all.clone();
                // A client that hangs up is its own affair.
                thread::spawn(move || serve(&connection, address, &all));
            }
        });
        Self { address, shelves }
    }

    /// What cargo is to be told as the registry's index.
    pub(crate) fn index(&self) -> String {
        format!("sparse+http://{}/index/", self.address)
    }

    /// Refuses a crate once: the next time that it is published.
    pub(crate) fn refuse_once(&self, name: &str) {
        self.shelves.lock().expect("shelves").refused = Some(name.to_owned());
    }

    /// Every try to publish so far: `name-version status`.
    pub(crate) fn tried(&self) -> Vec<String> {
        let shelves = self.shelves.lock().expect("shelves");
        let tried = shelves.tried.iter();
        tried
            .map(|(name, status)| format!("{name} {status}"))
            .collect()
    }
}

/// Answers one request, and closes: nobody here is in a hurry.
fn serve(
    mut connection: &TcpStream,
    address: SocketAddr,
    shelves: &Mutex<Shelves>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(connection);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    if headers.contains_key("expect") {
        connection.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let length = headers
        .get("content-length")
        .and_then(|length| length.parse().ok());
    let mut body = vec![0; length.unwrap_or_default()];
    reader.read_exact(&mut body)?;
    let token = headers.get("authorization").map(String::as_str);
    let (status, answer) = answer(
        &request,
        token,
        &body,
        address,
        &mut shelves.lock().expect("shelves"),
    );
    let length = answer.len();
    write!(
        connection,
        "HTTP/1.1 {status} Made\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    connection.write_all(&answer)
}

fn answer(
    request: &str,
    token: Option<&str>,
    body: &[u8],
    address: SocketAddr,
    shelves: &mut Shelves,
) -> (u16, Vec<u8>) {
    let mut words = request.split(' ');
    let (method, path) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let file = path.rsplit('/').next().unwrap_or_default();
    match (method, path) {
        ("GET", "/index/config.json") => {
            let download = format!("http://{address}/packages/{{crate}}-{{version}}");
            let config = json!({ "dl": download, "api": format!("http://{address}") });
            (200, config.to_string().into_bytes())
        }
        ("GET", path) if path.starts_with("/index/") => {
            found(shelves.index.get(file).map(String::as_bytes))
        }
        ("GET", path) if path.starts_with("/packages/") => {
            found(shelves.packages.get(file).map(Vec::as_slice))
        }
        ("PUT", "/api/v1/crates/new") if token == Some(TOKEN) => take(body, shelves),
        ("PUT", "/api/v1/crates/new") => refusal(403, "who are you?"),
        _ => refusal(404, "no such page"),
    }
}

fn found(what: Option<&[u8]>) -> (u16, Vec<u8>) {
    what.map_or_else(
        || refusal(404, "no such crate"),
        |bytes| (200, bytes.to_vec()),
    )
}

fn refusal(status: u16, detail: &str) -> (u16, Vec<u8>) {
    let answer = json!({ "errors": [{ "detail": detail }] });
    (status, answer.to_string().into_bytes())
}

/// Takes a crate: two lengths, each before what it measures, a description and a package.
fn take(body: &[u8], shelves: &mut Shelves) -> (u16, Vec<u8>) {
    let (description, rest) = measured(body);
    let (package, _) = measured(rest);
    let description: Value = serde_json::from_slice(description).expect("a description");
    let text = |field: &str| description[field].as_str().expect(field).to_owned();
    let (name, id) = (text("name"), format!("{}-{}", text("name"), text("vers")));
    let (status, answer) = if shelves
        .refused
        .take_if(|refused| *refused == name)
        .is_some()
    {
        refusal(503, "the registry is being moved")
    } else if shelves.packages.contains_key(&id) {
        refusal(400, "it is out already")
    } else {
        let line = index_line(&description, package);
        shelves
            .index
            .entry(name)
            .or_default()
            .push_str(&format!("{line}\n"));
        shelves.packages.insert(id.clone(), package.to_vec());
        (200, b"{}".to_vec())
    };
    shelves.tried.push((id, status));
    (status, answer)
}

fn measured(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (length, rest) = bytes.split_first_chunk().expect("a length");
    rest.split_at(u32::from_le_bytes(*length) as usize)
}

/// A crate as the index has it.
fn index_line(description: &Value, package: &[u8]) -> Value {
    let dependencies = description["deps"].as_array().expect("dependencies");
    let dependency = |said: &Value| {
        let mut dependency = said.clone();
        dependency["req"] = said["version_req"].clone();
        if let Some(renamed) = said["explicit_name_in_toml"].as_str() {
            dependency["package"] = said["name"].clone();
            dependency["name"] = json!(renamed);
        }
        dependency
    };
    let digest: String = Sha256::digest(package)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    json!({
        "name": description["name"],
        "vers": description["vers"],
        "deps": dependencies.iter().map(dependency).collect::<Vec<_>>(),
        "cksum": digest,
        "features": description["features"],
        "yanked": false,
        "rust_version": description["rust_version"],
        "v": 2,
    })
}
