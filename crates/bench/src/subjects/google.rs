//! google-cloud-auth with a user's credentials, whose token endpoint can be set.

use anyhow::{Context as _, Result, bail};
use google_cloud_auth::credentials::user_account::Builder;
use google_cloud_auth::credentials::{CacheableResource, Credentials};
use http::HeaderValue;

use super::Subject;

/// google-cloud-auth's credentials.
pub struct Google(Credentials);

impl Subject for Google {
    type Header = HeaderValue;
    type Error = anyhow::Error;

    async fn new(url: &str) -> Result<Self> {
        let user = serde_json::json!({
            "type": "authorized_user",
            "client_id": "bench", "client_secret": "bench", "refresh_token": "bench",
        });
        let builder = Builder::new(user).with_token_uri(format!("{url}/token"));
        Ok(Self(builder.build()?))
    }

    async fn header(&self) -> Result<HeaderValue> {
        match self.0.headers(http::Extensions::new()).await? {
            CacheableResource::New { data, .. } => data
                .get(http::header::AUTHORIZATION)
                .cloned()
                .context("no header came"),
            CacheableResource::NotModified => bail!("nothing was asked to be compared"),
        }
    }
}
