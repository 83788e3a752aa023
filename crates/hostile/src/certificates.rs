//! Certificates of an authority that the clients trust, and some that they must not trust.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd,
    generate_simple_self_signed,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// What a server shows by TLS. Clients call `localhost`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Identity {
    /// A certificate that is in order.
    Good,
    /// One that it has signed itself.
    Untrusted,
    /// One that has ended.
    Expired,
    /// One that does not begin before the next century.
    NotYet,
    /// One for another name.
    OtherName,
    /// No TLS at all: the steps are played in plain text.
    Plain,
    /// Bytes that break the handshake off.
    Alert,
    /// Nothing: the handshake never goes on.
    Silence,
}

/// The authority of one process.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names are good names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    /// What clients trust.
    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    /// What speaks TLS for `identity`; `None` where nothing does.
    pub(crate) fn acceptor(&self, identity: Identity) -> Option<TlsAcceptor> {
        let name = match identity {
            Identity::Plain | Identity::Alert | Identity::Silence => return None,
            Identity::OtherName => "elsewhere.example",
            _ => "localhost",
        };
        if identity == Identity::Untrusted {
            let made = generate_simple_self_signed(vec![name.to_owned()]);
            let made = made.expect("a certificate");
            return Some(acceptor(made.cert.der().clone(), &made.signing_key));
        }
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        match identity {
            Identity::Expired => {
                params.not_before = date_time_ymd(2001, 1, 1);
                params.not_after = date_time_ymd(2002, 1, 1);
            }
            Identity::NotYet => params.not_before = date_time_ymd(2101, 1, 1),
            _ => {}
        }
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer);
        Some(acceptor(
            certificate.expect("a certificate").der().clone(),
            &key,
        ))
    }
}

fn acceptor(certificate: CertificateDer<'static>, key: &KeyPair) -> TlsAcceptor {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("a TLS server");
    TlsAcceptor::from(Arc::new(config))
}
