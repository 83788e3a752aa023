#![doc = include_str!("../README.md")]

mod authorize;
mod clock;
mod dialect;
mod endpoint;
mod error;
mod fault;
mod grant;
mod http;
mod rate_limit;
mod secret;
mod session;
mod settings;
mod store;
mod token;
mod transport;

pub use crate::authorize::{AuthorizationRequest, PendingAuthorization};
pub use crate::clock::{Clock, ManualClock, SystemClock};
pub use crate::dialect::{
    Answers, AuthorizeRow, BodyFormat, ClientProof, Dialect, LimitRule, Parameter, Placement,
    Refresh, TokenRow,
};
#[cfg(feature = "conformance")]
pub use crate::dialect::{Deviation, Exchange, Stage};
pub use crate::error::{Error, ErrorKind};
pub use crate::grant::{AuthorizationCode, Grant, GrantType, ParameterValue, Principal};
pub use crate::http::{ApiClient, Call, Profile, Response};
pub use crate::rate_limit::RateLimiter;
pub use crate::secret::{Secret, SecretProvider, SecretSource};
pub use crate::session::Session;
pub use crate::settings::Settings;
pub use crate::store::{MemoryStore, StoreKey, StoreLock, StoredTokens, TokenStore};
pub use crate::token::{Authorization, Generation, TokenSet};
pub use crate::transport::{BaseUrl, Transport, TransportBuilder};

/// HTTP methods and statuses, as the [`http`](https://docs.rs/http) crate has them.
pub use ::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
