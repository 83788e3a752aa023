//! Every row of the wire table, byte by byte, against the vendor's samples.

mod dash;
mod hosted;
#[cfg(feature = "implicit")]
mod implicit;
#[cfg(feature = "partner")]
mod partner;
#[cfg(feature = "password-grant")]
mod password;

use std::time::Duration;

use comm100::{AuthorizationCode, PendingAuthorization};
use serde_json::json;

/// Longer than any sample token lives.
const HALF_A_DAY: Duration = Duration::from_secs(43_200);
const STATE: &str = "chosen-by-the-test";

/// The code of a callback, as it comes out of a sign-in that was begun at `issuer` with a known verifier.
fn code(
    dialect: &str,
    issuer: &str,
    redirect_uri: &str,
    verifier: Option<&str>,
    callback: &str,
) -> AuthorizationCode {
    let mut pending = json!({
        "version": 2,
        "dialect": dialect,
        "issuer": issuer,
        "redirect_uri": redirect_uri,
        "state": STATE,
        "missing_state": false,
        "expires_at_ms": crate::way::soon_ms(),
    });
    if let Some(verifier) = verifier {
        pending["verifier"] = verifier.into();
    }
    let pending = PendingAuthorization::import(&pending.to_string())
        .unwrap_or_else(|error| panic!("{error}"));
    pending
        .check(&format!("{callback}&state={STATE}"))
        .unwrap_or_else(|error| panic!("{error}"))
}

/// A value of a URL's query.
fn value(url: &comm100::Url, name: &str) -> String {
    let found = url.query_pairs().find(|(known, _)| known == name);
    found.map_or_else(String::new, |(_, value)| value.into_owned())
}
