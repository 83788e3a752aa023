//! azure_identity with a client's secret, and azure_core's bearer policy on top of it.
//!
//! Both insist on https. The transport that they are given takes their requests to the loopback server by plain http.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use azure_core::cloud::CustomConfiguration;
use azure_core::credentials::{Secret, TokenCredential};
use azure_core::http::headers::{AUTHORIZATION, Headers};
use azure_core::http::policies::auth::BearerTokenAuthorizationPolicy;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{
    AsyncRawResponse, Body, ClientOptions, Method, Request, RetryOptions, StatusCode, Transport,
    Url,
};
use azure_identity::{ClientSecretCredential, ClientSecretCredentialOptions};
use http::HeaderValue;

use super::Subject;

const HTTPS: &str = "https://bench.example.com";

/// Takes requests to the loopback server.
#[derive(Debug)]
struct Loopback {
    http: reqwest::Client,
    url: String,
}

#[async_trait::async_trait]
impl Policy for Loopback {
    async fn send(
        &self,
        _: &azure_core::http::Context,
        request: &mut Request,
        _: &[Arc<dyn Policy>],
    ) -> PolicyResult {
        let failed = |error: reqwest::Error| {
            azure_core::Error::with_error(azure_core::error::ErrorKind::Io, error, "loopback")
        };
        let url = format!("{}{}", self.url, request.path_and_query());
        let mut sent = match request.method() {
            Method::Post => self.http.post(url),
            _ => self.http.get(url),
        };
        for (name, value) in request.headers().iter() {
            sent = sent.header(name.as_str(), value.as_str());
        }
        if let Body::Bytes(bytes) = request.body() {
            sent = sent.body(bytes.clone());
        }
        let answer = sent.send().await.map_err(failed)?;
        let status = StatusCode::from(answer.status().as_u16());
        let body = answer.bytes().await.map_err(failed)?;
        Ok(AsyncRawResponse::from_bytes(status, Headers::new(), body))
    }
}

/// Options that lead to the loopback server, without retries.
fn options(url: &str) -> Result<ClientOptions> {
    let http = reqwest::Client::builder().build()?;
    let loopback = Loopback {
        http,
        url: url.to_owned(),
    };
    let mut cloud = CustomConfiguration::default();
    cloud.authority_host = HTTPS.to_owned();
    Ok(ClientOptions {
        transport: Some(Transport::with_policy(Arc::new(loopback))),
        retry: RetryOptions::none(),
        cloud: Some(Arc::new(cloud.into())),
        ..ClientOptions::default()
    })
}

fn credential(url: &str) -> Result<Arc<ClientSecretCredential>> {
    let client_options = options(url)?;
    let options = ClientSecretCredentialOptions { client_options };
    let tenant = "00000000-0000-0000-0000-000000000000";
    let secret = Secret::new("bench");
    Ok(ClientSecretCredential::new(
        tenant,
        "bench".to_owned(),
        secret,
        Some(options),
    )?)
}

/// azure_identity's client secret credential.
pub struct Azure(Arc<ClientSecretCredential>);

impl Subject for Azure {
    type Header = HeaderValue;
    type Error = anyhow::Error;

    async fn new(url: &str) -> Result<Self> {
        Ok(Self(credential(url)?))
    }

    async fn header(&self) -> Result<HeaderValue> {
        let token = self.0.get_token(&["bench"], None).await?;
        Ok(HeaderValue::try_from(format!(
            "Bearer {}",
            token.token.secret()
        ))?)
    }
}

/// The bearer policy before a policy that sends nothing, or, with `false`, the latter alone: the difference is what the
/// policy costs.
pub struct AzurePolicy<const AUTHORIZES: bool> {
    policy: BearerTokenAuthorizationPolicy,
    next: [Arc<dyn Policy>; 1],
    url: Url,
}

#[derive(Debug)]
struct Nothing;

#[async_trait::async_trait]
impl Policy for Nothing {
    async fn send(
        &self,
        _: &azure_core::http::Context,
        _: &mut Request,
        _: &[Arc<dyn Policy>],
    ) -> PolicyResult {
        Ok(AsyncRawResponse::from_bytes(
            StatusCode::Ok,
            Headers::new(),
            bytes::Bytes::new(),
        ))
    }
}

impl<const AUTHORIZES: bool> Subject for AzurePolicy<AUTHORIZES> {
    type Header = HeaderValue;
    type Error = anyhow::Error;

    async fn new(url: &str) -> Result<Self> {
        Ok(Self {
            policy: BearerTokenAuthorizationPolicy::new(credential(url)?, ["bench"]),
            next: [Arc::new(Nothing)],
            url: Url::parse(HTTPS)?,
        })
    }

    async fn header(&self) -> Result<HeaderValue> {
        let mut request = Request::new(self.url.clone(), Method::Get);
        let context = azure_core::http::Context::new();
        if AUTHORIZES {
            self.policy.send(&context, &mut request, &self.next).await?;
            let text = request.headers().get_optional_str(&AUTHORIZATION);
            std::hint::black_box(text.context("no header came")?);
        } else {
            self.next[0].send(&context, &mut request, &[]).await?;
        }
        Ok(HeaderValue::from_static("in the request"))
    }
}

/// A whole pipeline with the bearer policy, for requests to the loopback server.
pub fn pipeline(url: &str) -> Result<azure_core::http::Pipeline> {
    let policy = BearerTokenAuthorizationPolicy::new(credential(url)?, ["bench"]);
    let policies: Vec<Arc<dyn Policy>> = vec![Arc::new(policy)];
    Ok(azure_core::http::Pipeline::new(
        Some("bench"),
        Some("0"),
        options(url)?,
        Vec::new(),
        policies,
        None,
    ))
}

/// A GET through the pipeline.
pub async fn get(pipeline: &azure_core::http::Pipeline) -> Result<usize> {
    let mut request = Request::new(Url::parse(HTTPS)?.join("/one")?, Method::Get);
    let context = azure_core::http::Context::new();
    let answer = pipeline.send(&context, &mut request, None).await?;
    Ok(answer.into_body().len())
}
