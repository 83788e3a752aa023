//! Files that are sent and read as streams: the wire form, what is sent again, limits, and what breaks off.

mod download;
mod early;
#[cfg(feature = "rustls")]
mod frames;
mod saving;
#[cfg(feature = "models")]
mod typed;
mod upload;

use std::io;

use auth_core::{ApiClient, Bytes, Grant, Principal, Settings};

use crate::dialects::FORM;
use crate::stage::client;

/// A client with a token that can't be renewed.
fn keyed(url: &str) -> ApiClient {
    keyed_with(url, &Settings::new())
}

fn keyed_with(url: &str, settings: &Settings) -> ApiClient {
    let principal = Principal::new(Grant::StaticToken("t-1".into()));
    client(FORM, url, principal, settings)
}

/// A stream of these chunks.
fn chunks(
    chunks: &[&'static str],
) -> impl futures_util::Stream<Item = io::Result<Bytes>> + Send + 'static {
    let chunks: Vec<_> = chunks.iter().map(|chunk| Ok(Bytes::from(*chunk))).collect();
    futures_util::stream::iter(chunks)
}
