//! Answers over HTTP/2 whose frames hold nothing.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use auth_core::{Clock as _, ErrorKind, Method, Settings};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::keyed_with;
use crate::clocks::real;

/// The head of a frame: its length, type, flags and stream (RFC 9113 section 4.1).
const fn frame(length: u8, kind: u8, flags: u8, stream: u8) -> [u8; 9] {
    [0, 0, length, kind, flags, 0, 0, 0, stream]
}

/// Answers one request with 200 and then an empty frame every 20 milliseconds, until the client has had enough.
async fn serve(acceptor: TlsAcceptor, stream: TcpStream) -> io::Result<()> {
    let mut stream = acceptor.accept(stream).await?;
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await?;
    stream.write_all(&frame(0, 4, 0, 0)).await?;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut rest = vec![0; usize::try_from(length).unwrap_or(0)];
        stream.read_exact(&mut rest).await?;
        match (head[3], head[4] & 1) {
            // SETTINGS are acknowledged; HEADERS are the request.
            (4, 0) => stream.write_all(&frame(0, 4, 1, 0)).await?,
            (1, _) => break,
            _ => {}
        }
    }
    // 0x88 is `:status 200` (RFC 7541 appendix A).
    stream.write_all(&frame(1, 1, 4, 1)).await?;
    stream.write_all(&[0x88]).await?;
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    loop {
        ticks.tick().await;
        stream.write_all(&frame(0, 0, 0, 1)).await?;
        stream.flush().await?;
    }
}

#[tokio::test]
async fn empty_frames_are_no_progress() {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .expect("a TLS server");
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a connection");
        // Ends when the client goes away.
        let _ = serve(acceptor, stream).await;
    });
    let settings = Settings::new().root_certificate(cert.pem());
    let client = keyed_with(&format!("https://localhost:{port}"), &settings);
    let call = client.request(Method::GET, "/export");
    let call = call.with_timeout(Duration::from_millis(500));
    let download = call.open().await.expect("a head");
    let clock = real();
    let read = tokio::select! {
        read = download.bytes() => read,
        () = clock.sleep(Duration::from_secs(10)) => panic!("it never ends"),
    };
    let error = read.expect_err("nothing came");
    assert_eq!(error.kind(), ErrorKind::Timeout);
}
