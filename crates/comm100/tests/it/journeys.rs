//! Whole lives of a sign-in against the sandbox, by each way to sign in.

#[cfg(feature = "loopback")]
mod browser;
mod faults;
mod renewal;
mod sign_in;

use std::time::Duration;

use comm100::{Client, Error, Method, Response};

use crate::way::Way;

/// Longer than any token of the sandbox lives.
const HALF_A_DAY: Duration = Duration::from_secs(43_200);
/// Longer than a failed renewal is remembered.
const PAUSE: Duration = Duration::from_secs(6);

async fn call(client: &Client, way: Way) -> Result<Response, Error> {
    client.request(Method::GET, way.path()).send().await
}
