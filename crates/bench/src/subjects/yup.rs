//! yup-oauth2 with a service account whose token endpoint is the loopback server.

use std::sync::OnceLock;

use anyhow::{Context as _, Result};
use http::HeaderValue;
use hyper_util::client::legacy::connect::HttpConnector;
use rcgen::{KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use yup_oauth2::authenticator::Authenticator;
use yup_oauth2::hyper_rustls::HttpsConnector;
use yup_oauth2::{ServiceAccountAuthenticator, ServiceAccountKey};

use super::Subject;

/// Where a process that counts finds the key that it is not to make: how long that takes is a matter of luck.
pub const KEY: &str = "BENCH_KEY";

/// A key for this run, in PEM.
pub fn private_key() -> Result<String> {
    static MADE: OnceLock<String> = OnceLock::new();
    if let Some(key) = MADE.get() {
        return Ok(key.clone());
    }
    let key = match std::env::var(KEY) {
        Ok(key) => key,
        Err(_) => KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?.serialize_pem(),
    };
    Ok(MADE.get_or_init(|| key).clone())
}

/// yup-oauth2's authenticator.
pub struct Yup(Authenticator<HttpsConnector<HttpConnector>>);

impl Subject for Yup {
    type Header = HeaderValue;
    type Error = anyhow::Error;

    async fn new(url: &str) -> Result<Self> {
        let key = ServiceAccountKey {
            key_type: Some("service_account".to_owned()),
            project_id: None,
            private_key_id: None,
            private_key: private_key()?,
            client_email: "bench@example.com".to_owned(),
            client_id: None,
            auth_uri: None,
            token_uri: format!("{url}/token"),
            auth_provider_x509_cert_url: None,
            client_x509_cert_url: None,
        };
        Ok(Self(
            ServiceAccountAuthenticator::builder(key).build().await?,
        ))
    }

    async fn header(&self) -> Result<HeaderValue> {
        let token = self.0.token(&["bench"]).await?;
        let text = token.token().context("no token came")?;
        Ok(HeaderValue::try_from(format!("Bearer {text}"))?)
    }
}
