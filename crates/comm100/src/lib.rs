#![doc = include_str!("../README.md")]

#[cfg(feature = "loopback")]
mod browser;
mod builder;
mod client;
mod dialect;
mod environment;
#[rustfmt::skip]
mod generated;
mod oauth_client;
mod platform;
mod userinfo;

pub use auth_core::Dialect;
pub use auth_core::integrator::*;

pub use builder::{ClientBuilder, TokenBody};
pub use client::Client;
pub use dialect::{DASH_V4, HOSTED_V2};
#[cfg(feature = "partner")]
pub use dialect::{PARTNER_V2, PARTNER_V4};
pub use generated::*;
pub use oauth_client::OAuthClient;
pub use platform::Platform;
pub use userinfo::UserInfo;
