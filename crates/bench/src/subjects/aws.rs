//! The identity cache of aws-smithy-runtime over a resolver that asks the loopback server.

use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, anyhow};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_async::time::SystemTimeSource;
use aws_smithy_runtime::client::identity::IdentityCache;
use aws_smithy_runtime_api::client::identity::http::Token;
use aws_smithy_runtime_api::client::identity::{
    Identity, IdentityFuture, ResolveCachedIdentity as _, ResolveIdentity, SharedIdentityCache,
    SharedIdentityResolver,
};
use aws_smithy_runtime_api::client::runtime_components::{
    RuntimeComponents, RuntimeComponentsBuilder,
};
use aws_smithy_types::config_bag::ConfigBag;
use http::HeaderValue;

use super::Subject;

/// aws-smithy-runtime's identity cache.
pub struct Aws {
    cache: SharedIdentityCache,
    resolver: SharedIdentityResolver,
    components: RuntimeComponents,
    bag: ConfigBag,
}

#[derive(Debug)]
struct Resolver {
    http: reqwest::Client,
    url: String,
}

impl Resolver {
    async fn resolve(&self) -> Result<Identity> {
        let body = "grant_type=client_credentials&client_id=bench&client_secret=bench";
        let answer = self.http.post(&self.url).body(body).send().await?;
        let answer: serde_json::Value = serde_json::from_slice(&answer.bytes().await?)?;
        let text = answer["access_token"].as_str().context("no token came")?;
        let lifetime = Duration::from_secs_f64(answer["expires_in"].as_f64().unwrap_or(3600.0));
        let end = SystemTime::now() + lifetime;
        Ok(Identity::new(Token::new(text, Some(end)), Some(end)))
    }
}

impl ResolveIdentity for Resolver {
    fn resolve_identity<'a>(
        &'a self,
        _: &'a RuntimeComponents,
        _: &'a ConfigBag,
    ) -> IdentityFuture<'a> {
        IdentityFuture::new(async move { self.resolve().await.map_err(Into::into) })
    }
}

impl Aws {
    /// With that much taken off a token's life.
    fn with_buffer(url: &str, buffer: Duration) -> Result<Self> {
        let resolver = Resolver {
            http: reqwest::Client::new(),
            url: format!("{url}/token"),
        };
        // The components that an identity cache does not use are stand-ins.
        let components = RuntimeComponentsBuilder::for_tests()
            .with_sleep_impl(Some(TokioSleep::new()))
            .with_time_source(Some(SystemTimeSource::new()))
            .build()
            .map_err(|error| anyhow!("{error}"))?;
        Ok(Self {
            cache: IdentityCache::lazy().buffer_time(buffer).build(),
            resolver: SharedIdentityResolver::new(resolver),
            components,
            bag: ConfigBag::base(),
        })
    }
}

impl Subject for Aws {
    type Header = HeaderValue;
    type Error = anyhow::Error;

    async fn new(url: &str) -> Result<Self> {
        Self::with_buffer(url, Duration::from_secs(10))
    }

    async fn header(&self) -> Result<HeaderValue> {
        let identity = self
            .cache
            .resolve_cached_identity(self.resolver.clone(), &self.components, &self.bag)
            .await
            .map_err(|error| anyhow!("{error}"))?;
        let token = identity.data::<Token>().context("no token came")?;
        Ok(HeaderValue::try_from(format!("Bearer {}", token.token()))?)
    }
}

/// The same with a buffer that suits tokens of 200 ms.
pub struct AwsShort(Aws);

impl Subject for AwsShort {
    type Header = HeaderValue;
    type Error = anyhow::Error;

    async fn new(url: &str) -> Result<Self> {
        Ok(Self(Aws::with_buffer(url, Duration::from_millis(40))?))
    }

    async fn header(&self) -> Result<HeaderValue> {
        self.0.header().await
    }
}
