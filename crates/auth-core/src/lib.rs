#![doc = include_str!("../README.md")]

mod authorize;
#[cfg(feature = "conformance")]
#[doc(hidden)]
pub mod canned;
mod clock;
mod diagnosis;
mod dialect;
mod endpoint;
mod error;
mod fault;
mod grant;
mod http;
#[cfg(feature = "models")]
pub mod model;
#[cfg(feature = "models")]
mod operation;
mod page;
mod rate_limit;
mod retry_budget;
mod secret;
mod session;
mod settings;
mod store;
mod token;
mod token_budget;
mod transport;
#[cfg(feature = "models")]
pub mod webhook;

pub use crate::dialect::{
    Answers, AuthorizeRow, BodyFormat, ClientProof, Dialect, KeyKind, KeyRow, LimitRule, Parameter,
    Placement, Refresh, TokenRow,
};
#[cfg(feature = "conformance")]
pub use crate::dialect::{Deviation, Exchange, Stage};
pub use crate::grant::{Grant, GrantType, ParameterValue, Principal};
pub use crate::http::{ApiClient, Profile};
pub use crate::transport::{BaseUrl, UrlText};
#[cfg(feature = "file-store")]
pub use integrator::FileStore;
#[cfg(feature = "loopback")]
pub use integrator::LoopbackSignIn;
#[cfg(feature = "conformance")]
pub use integrator::check_token_store;
pub use integrator::{
    Authorization, AuthorizationCode, AuthorizationRequest, Bytes, Call, Check, Clock, Decode,
    Diagnosis, Download, Error, ErrorKind, Finding, FindingState, Generation, HeaderMap,
    HeaderName, HeaderValue, Health, HealthState, HealthWatch, ItemPlace, Items, List, ManualClock,
    MemoryStore, Method, Page, Paging, PendingAuthorization, PendingAuthorizations, RateLimiter,
    RefreshMark, Response, RetryBudget, Saved, Secret, SecretProvider, SecretSource, Session,
    Settings, StatusCode, StoreKey, StoreLock, StoredTokens, SystemClock, TokenSet, TokenStore,
    Transport, TransportBuilder, Upload, Url, async_trait,
};
#[cfg(feature = "models")]
pub use integrator::{Joined, QueryValue, Request};
#[cfg(feature = "redis")]
pub use integrator::{RedisStore, RedisStoreBuilder};

/// What integrators meet in a provider's signatures. Provider crates re-export all of it, so that an integrator
/// depends on one crate.
pub mod integrator {
    #[cfg(feature = "loopback")]
    pub use crate::authorize::LoopbackSignIn;
    pub use crate::authorize::{AuthorizationRequest, PendingAuthorization, PendingAuthorizations};
    pub use crate::clock::{Clock, ManualClock, SystemClock};
    pub use crate::diagnosis::{Check, Diagnosis, Finding, FindingState};
    pub use crate::error::{Error, ErrorKind};
    pub use crate::grant::AuthorizationCode;
    pub use crate::http::{Call, Download, Response, Upload};
    #[cfg(feature = "models")]
    pub use crate::model::{self, Joined, QueryValue};
    #[cfg(feature = "models")]
    pub use crate::operation::Request;
    pub use crate::page::{Decode, ItemPlace, Items, List, Page, Paging};
    pub use crate::rate_limit::RateLimiter;
    pub use crate::retry_budget::RetryBudget;
    pub use crate::secret::{Secret, SecretProvider, SecretSource};
    pub use crate::session::{Health, HealthState, HealthWatch, Session};
    pub use crate::settings::Settings;
    #[cfg(feature = "file-store")]
    pub use crate::store::FileStore;
    #[cfg(feature = "conformance")]
    pub use crate::store::check_token_store;
    pub use crate::store::{
        MemoryStore, RefreshMark, Saved, StoreKey, StoreLock, StoredTokens, TokenStore,
    };
    #[cfg(feature = "redis")]
    pub use crate::store::{RedisStore, RedisStoreBuilder};
    pub use crate::token::{Authorization, Generation, TokenSet};
    pub use crate::transport::{Transport, TransportBuilder};
    #[cfg(feature = "models")]
    pub use crate::webhook;

    /// Makes the methods of [`SecretProvider`], [`TokenStore`] and [`Clock`] writable as `async fn`.
    pub use async_trait::async_trait;
    pub use bytes::Bytes;
    pub use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
    pub use url::Url;
}
