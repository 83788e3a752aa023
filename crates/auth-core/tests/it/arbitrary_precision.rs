//! Numbers are read where another crate of the tree has switched on serde_json's feature `arbitrary_precision`.
//!
//! Features are unified within a build, so the check is a program of its own, built once beside the other artifacts.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

/// Reads and writes values of models, signs in with each form of `expires_in`, exports and imports the tokens, and makes
/// a call that fails softly.
const PROGRAM: &str = r##"
use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use auth_core::model::{FromJson, Money, Place, RawId, Scalar, ToJson, Value};
use auth_core::{
    Answers, ApiClient, BaseUrl, Dialect, ErrorKind, Grant, GrantType, Method, Parameter,
    Principal, Profile, Settings, TokenRow, TokenSet,
};

const ROWS: &[TokenRow] = &[TokenRow::new(
    GrantType::ClientCredentials,
    "/token",
    &[Parameter::body("grant_type")],
)];
const DIALECT: Dialect =
    Dialect::new("EXAMPLE", ROWS).answers(Answers::new().soft_failure("success"));

fn serve(expires_in: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        let answers = [
            format!(
                r#"{{"access_token":"t-1","token_type":"bearer","expires_in":{expires_in},"scope":7,"x":1.5}}"#
            ),
            r#"{"n":1.5,"code":400,"success":false}"#.to_owned(),
        ];
        for body in answers {
            let (mut stream, _) = listener.accept().expect("a connection");
            let _ = stream.read(&mut [0; 8192]).expect("a request");
            let length = body.len();
            let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
            stream.write_all((head + &body).as_bytes()).expect("an open connection");
        }
    });
    url
}

fn read<T: FromJson + ToJson>(text: &str) -> Result<(T, String), String> {
    let value: Value = serde_json::from_str(text).expect("JSON");
    let read = T::from_json(value, &Place::root()).map_err(|misfit| misfit.to_string())?;
    let written = read.to_json().to_string();
    Ok((read, written))
}

fn values() {
    for (text, number) in [("12", 12), ("12.0", 12), ("1.2E+1", 12), ("\"12\"", 12)] {
        assert_eq!(read(text), Ok((number, "12".to_owned())), "{text}");
    }
    for text in ["1.5", "1e400", "9223372036854775808", "123456789012345678901234567890"] {
        read::<i64>(text).expect_err(text);
    }
    assert_eq!(read("1.0"), Ok((true, "true".to_owned())));
    assert_eq!(read("1.50"), Ok((1.5, "1.5".to_owned())));
    assert_eq!(read("5.0"), Ok((5.0, "5".to_owned())));
    read::<f64>("1e400").expect_err("it is infinite");
    assert_eq!(read("7.0"), Ok((RawId::from(7), "7".to_owned())));
    let (_, written) = read::<Scalar>("0.10000000000000000001").expect("a scalar");
    assert_eq!(written, "0.10000000000000000001");
    for (text, amount) in [
        ("12.50", "12.50"),
        ("1.25E+1", "12.5"),
        ("1e21", "1000000000000000000000"),
        ("0.1234567890123456789", "0.1234567890123456789"),
    ] {
        let (money, written): (Money, _) = read(text).expect("money");
        let amount = amount.parse().expect("a decimal");
        assert_eq!((money.amount(), &money), (Some(amount), &Money::from(amount)), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&written).ok(), serde_json::from_str(text).ok());
    }
    let (_, written) = read::<BTreeMap<String, Value>>("{\"a\":1.10}").expect("a map");
    assert_eq!(written, "{\"a\":1.10}");
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    values();
    let number: serde_json::Value = serde_json::from_str("1.10").expect("a number");
    assert_eq!(number.to_string(), "1.10", "the feature is on");
    for (expires_in, seconds) in [
        ("3600", Some(3600)),
        ("5e3", Some(5000)),
        ("1800.5", Some(1800)),
        ("\"3600\"", Some(3600)),
        ("-5", Some(0)),
        ("null", None),
        ("18446744073709551616", None),
    ] {
        let base = BaseUrl::parse("base_url", &serve(expires_in), &[]).expect("a URL");
        let principal = Principal::new(Grant::ClientCredentials);
        let profile = Profile::new(DIALECT, base.clone(), base, principal, "x/1");
        let client = ApiClient::new(profile, &Settings::new()).expect("a client");
        let before = std::time::SystemTime::now();
        client.sign_in().await.expect(expires_in);
        let tokens = client.session().token_set().expect("tokens");
        let left = tokens.expires_at().map(|at| at.duration_since(before).expect("later").as_secs());
        let is_right = match (left, seconds) {
            (Some(left), Some(seconds)) => (seconds..seconds + 60).contains(&left),
            (left, seconds) => left == seconds,
        };
        assert!(is_right, "{expires_in}: {left:?}");
        TokenSet::import(tokens.export().expose()).expect("our own export");
        let call = client.request(Method::GET, "/things").send().await;
        let error = call.expect_err("a soft failure");
        assert_eq!((error.kind(), error.provider_code()), (ErrorKind::Invalid, Some("400")));
    }
}
"##;

/// The same way of compiling as the workspace's, so that most of what it has compiled is used again.
const AS_HERE: &str = "[profile.dev]\ndebug = \"line-tables-only\"\n\n\
    [profile.dev.package.\"*\"]\ndebug = false\n\n\
    [profile.dev.package.serde_json]\nopt-level = 1\n";

/// Writes the program's crate into `folder`, with the versions that this workspace has locked.
fn write_crate(folder: &Path) -> std::io::Result<()> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::create_dir_all(folder.join("src"))?;
    fs::write(folder.join("src/main.rs"), PROGRAM)?;
    fs::copy(here.join("../../Cargo.lock"), folder.join("Cargo.lock"))?;
    let manifest = format!(
        "[package]\nname = \"arbitrary-precision\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         auth-core = {{ path = '{}', default-features = false, features = [\"models\"] }}\n\
         serde_json = {{ version = \"1\", features = [\"arbitrary_precision\"] }}\n\
         tokio = {{ version = \"1\", features = [\"macros\", \"rt\", \"net\", \"time\"] }}\n\n{AS_HERE}",
        here.display()
    );
    fs::write(folder.join("Cargo.toml"), manifest)
}

#[test]
fn numbers_are_read_where_serde_json_keeps_their_text() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("arbitrary-precision");
    write_crate(&folder).expect("the folder for temporary files can be written");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let run = Command::new(cargo)
        .args(["run", "--quiet", "--offline"])
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", folder.join("../.."))
        .output()
        .expect("cargo is there");
    let told = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{told}");
}
