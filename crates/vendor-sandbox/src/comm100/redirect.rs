//! Knows which redirect URIs a client may name.

use crate::answer::Problem;
use crate::credentials::{COMM100_LOOPBACK_REDIRECT_URIS, COMM100_REDIRECT_URI};

/// Refuses a redirect URI that is none of the registered ones.
///
/// They are compared as text; only the port of a loopback address is free, for an application learns it from its
/// system when it begins to listen (RFC 8252, section 7.3).
pub(super) fn registered(uri: &str) -> Result<(), Problem> {
    if is_web(uri)
        || COMM100_LOOPBACK_REDIRECT_URIS
            .iter()
            .any(|own| is_on_any_port(own, uri))
    {
        return Ok(());
    }
    Err(Problem::malformed(
        "`redirect_uri` is not registered; a loopback address is an IP literal with the registered path, on any port",
    ))
}

/// The application on the web, which may add a query of its own.
fn is_web(uri: &str) -> bool {
    let rest = uri.strip_prefix(COMM100_REDIRECT_URI);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('?')) && !uri.contains('#')
}

/// Whether `uri` is `registered`, which names no port, with or without one.
fn is_on_any_port(registered: &str, uri: &str) -> bool {
    let Some((origin, path)) = registered.rsplit_once('/') else {
        return false;
    };
    let rest = uri.strip_prefix(origin);
    let Some((port, rest)) = rest.and_then(|rest| rest.split_once('/')) else {
        return false;
    };
    rest == path && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
}

fn is_port(text: &str) -> bool {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    plain && text.parse::<u16>().is_ok()
}
