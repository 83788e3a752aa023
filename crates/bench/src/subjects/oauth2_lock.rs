//! The oauth2 crate with its token behind a tokio mutex, held over the exchange: what most programs write.

use std::time::{Duration, Instant};

use anyhow::Result;
use http::HeaderValue;
use oauth2::basic::BasicClient;
use oauth2::{ClientId, ClientSecret, EndpointNotSet, EndpointSet, TokenResponse as _, TokenUrl};
use tokio::sync::Mutex;

use super::Subject;

/// What is taken off a token's life, as such programs do.
const LEEWAY: Duration = Duration::from_secs(10);

type Client =
    BasicClient<EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// The oauth2 crate behind a tokio mutex.
pub struct OAuth2Lock {
    client: Client,
    http: reqwest::Client,
    token: Mutex<Option<(String, Instant)>>,
}

impl Subject for OAuth2Lock {
    type Header = HeaderValue;
    type Error = anyhow::Error;

    async fn new(url: &str) -> Result<Self> {
        let client = BasicClient::new(ClientId::new("bench".to_owned()))
            .set_client_secret(ClientSecret::new("bench".to_owned()))
            .set_token_uri(TokenUrl::new(format!("{url}/token"))?);
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self {
            client,
            http,
            token: Mutex::new(None),
        })
    }

    async fn header(&self) -> Result<HeaderValue> {
        let mut token = self.token.lock().await;
        if let Some((text, end)) = token.as_ref()
            && Instant::now() < *end
        {
            return Ok(HeaderValue::try_from(format!("Bearer {text}"))?);
        }
        let began = Instant::now();
        let client = self.http.clone();
        let send = move |request| send(client.clone(), request);
        let answer = self
            .client
            .exchange_client_credentials()
            .request_async(&send)
            .await?;
        let lifetime = answer.expires_in().unwrap_or(Duration::from_secs(3600));
        let text = answer.access_token().secret().clone();
        let header = HeaderValue::try_from(format!("Bearer {text}"))?;
        *token = Some((text, began + lifetime.saturating_sub(LEEWAY)));
        Ok(header)
    }
}

/// Carries a request of the oauth2 crate.
async fn send(
    client: reqwest::Client,
    request: oauth2::HttpRequest,
) -> Result<oauth2::HttpResponse, reqwest::Error> {
    let answer = client.execute(reqwest::Request::try_from(request)?).await?;
    let mut response = http::Response::new(Vec::new());
    *response.status_mut() = answer.status();
    *response.headers_mut() = answer.headers().clone();
    *response.body_mut() = answer.bytes().await?.to_vec();
    Ok(response)
}
