//! Ours: the session of a Communic8 client, which is auth-core with one dialect.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use auth_core::{Authorization, Session, Settings};
use http::HeaderValue;

use super::Subject;

/// A Communic8 client that exchanges a pair for tokens; the loopback server takes any.
pub fn client(url: &str, settings: Settings) -> Result<communic8::Client> {
    let builder = communic8::Client::builder(url).client_credentials("bench-id", "bench-value");
    Ok(builder.settings(settings).build()?)
}

/// A session of ours.
pub struct Ours(Session);

impl Subject for Ours {
    type Header = Authorization;
    type Error = auth_core::Error;

    async fn new(url: &str) -> Result<Self> {
        Ok(Self(client(url, Settings::new())?.session().clone()))
    }

    async fn header(&self) -> Result<Authorization, auth_core::Error> {
        self.0.authorization().await
    }
}

/// The same, asked first whether a token is at hand.
pub struct Ready(Session);

impl Subject for Ready {
    type Header = Authorization;
    type Error = auth_core::Error;

    async fn new(url: &str) -> Result<Self> {
        let session = client(url, Settings::new())?.session().clone();
        session.authorization().await?;
        Ok(Self(session))
    }

    async fn header(&self) -> Result<Authorization, auth_core::Error> {
        match self.0.ready() {
            Some(ready) => Ok(ready),
            None => self.0.authorization().await,
        }
    }
}

/// The least that any keeper of tokens can do: load what is current, look at the clock, clone the header.
pub struct Limit(arc_swap::ArcSwap<(HeaderValue, Instant)>);

impl Subject for Limit {
    type Header = HeaderValue;
    type Error = std::io::Error;

    async fn new(_url: &str) -> Result<Self> {
        let end = Instant::now() + Duration::from_secs(3600);
        let header = HeaderValue::try_from(format!("Bearer {:0>256}", 1))?;
        Ok(Self(arc_swap::ArcSwap::new(Arc::new((header, end)))))
    }

    async fn header(&self) -> std::io::Result<HeaderValue> {
        let current = self.0.load();
        if Instant::now() >= current.1 {
            return Err(std::io::ErrorKind::TimedOut.into());
        }
        Ok(current.0.clone())
    }
}
