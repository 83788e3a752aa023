//! Shows what TLS trusts, and which way requests take: real certificates, a real proxy, a process of its own.

use std::error::Error as _;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use auth_core::{
    ApiClient, BaseUrl, Dialect, Error, ErrorKind, Grant, KeyKind, KeyRow, Method, Principal,
    Profile, Settings,
};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

/// A provider that is asked with a key alone.
const KEYED: Dialect =
    Dialect::new("KEYED", &[]).keys(&[KeyRow::new(KeyKind::Token, &[], "made up")]);
/// Set in the process that a test starts for its own second half.
const CHILD: &str = "AUTH_CORE_TEST_URL";

fn client(url: &str, settings: &Settings) -> Result<ApiClient, Error> {
    let base = BaseUrl::parse("base_url", url, &[])?;
    let principal = Principal::new(Grant::StaticToken("canary-token".into()));
    let profile = Profile::new(KEYED, base.clone(), base, principal, "test/1");
    ApiClient::new(profile, settings)
}

/// A server with a certificate for `localhost`, which nobody trusts; gives its address, its certificate in PEM, and
/// how many requests came through.
pub(crate) async fn tls_server() -> (String, String, Arc<AtomicUsize>) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .expect("a TLS server");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let requests = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&requests);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut request = [0; 4096];
            if stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                seen.fetch_add(1, Ordering::SeqCst);
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
                stream
                    .write_all(answer)
                    .await
                    .expect("a client that listens");
                stream.shutdown().await.ok();
            }
        }
    });
    (format!("https://localhost:{port}"), cert.pem(), requests)
}

#[tokio::test]
async fn an_untrusted_certificate_is_refused_before_anything_is_sent() {
    let (url, _, requests) = tls_server().await;
    let client = client(&url, &Settings::new().call_retries(0)).expect("a client");
    let error = client
        .request(Method::GET, "/x")
        .send()
        .await
        .expect_err("no trust");
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(!error.may_have_been_processed());
    let mut chain = format!("{error}");
    let mut source = error.source();
    while let Some(cause) = source {
        chain.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    assert!(chain.contains("certificate"), "{chain}");
    assert_eq!(requests.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_extra_root_certificate_is_trusted() {
    let (url, pem, requests) = tls_server().await;
    let client = client(&url, &Settings::new().root_certificate(pem)).expect("a client");
    let answer = client
        .request(Method::GET, "/x")
        .send()
        .await
        .expect("a trusted answer");
    assert_eq!(answer.bytes().as_ref(), b"{}");
    assert_eq!(requests.load(Ordering::SeqCst), 1);
}

#[test]
fn what_is_no_certificate_or_proxy_is_refused_by_name() {
    for (settings, name) in [
        (
            Settings::new().root_certificate("no PEM"),
            "root_certificate",
        ),
        (Settings::new().proxy("http://[no proxy"), "proxy"),
        (Settings::new().user_agent("a\r\nb"), "user_agent"),
    ] {
        let error = client("https://api.example", &settings).expect_err(name);
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(&format!("`{name}`")), "{error}");
    }
}

#[tokio::test]
async fn a_proxy_that_is_set_carries_the_requests() {
    let proxy = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_string("\"by proxy\""))
        .expect(1)
        .mount(&proxy)
        .await;
    let settings = Settings::new().proxy(proxy.uri());
    let client = client("http://127.0.0.1:9", &settings).expect("a client");
    let answer = client
        .request(Method::GET, "/x")
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.json::<String>().expect("a text"), "by proxy");
}

/// The second half of the tests below, in a process with an environment of its own.
#[tokio::test]
async fn child_makes_one_call() {
    let Ok(url) = std::env::var(CHILD) else {
        return;
    };
    let client = client(&url, &Settings::new().call_retries(0)).expect("a client");
    client
        .request(Method::GET, "/x")
        .send()
        .await
        .expect("an answer");
}

/// Runs the second half with `variables`, and says whether it worked.
async fn child(url: String, variables: &[(&str, &str)]) -> bool {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command
        .args(["--exact", "network::child_makes_one_call"])
        .env(CHILD, url);
    command.envs(variables.iter().copied());
    let output = tokio::task::spawn_blocking(move || command.output()).await;
    output.expect("a task").expect("a process").status.success()
}

#[tokio::test]
async fn plain_calls_to_loopback_never_go_to_a_proxy_of_the_environment() {
    let (server, proxy) = (MockServer::start().await, MockServer::start().await);
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(502))
        .expect(0)
        .mount(&proxy)
        .await;
    let proxy = proxy.uri();
    let variables = [
        ("HTTP_PROXY", proxy.as_str()),
        ("http_proxy", &proxy),
        ("ALL_PROXY", &proxy),
    ];
    assert!(child(server.uri(), &variables).await);
}

#[tokio::test]
async fn a_machine_without_root_certificates_can_still_call_loopback() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200))
        .expect(1)
        .mount(&server)
        .await;
    let nowhere = [
        ("SSL_CERT_FILE", "/nonexistent"),
        ("SSL_CERT_DIR", "/nonexistent"),
    ];
    assert!(child(server.uri(), &nowhere).await);
}
