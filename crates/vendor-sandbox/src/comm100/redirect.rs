//! Knows which redirect URIs a client may name.

use url::{Host as UrlHost, Url};

use crate::answer::Problem;
use crate::credentials::COMM100_REDIRECT_URI;

/// Refuses a redirect URI that is neither registered nor on loopback.
pub(super) fn registered(uri: &str) -> Result<(), Problem> {
    let with_query = uri.strip_prefix(COMM100_REDIRECT_URI);
    if with_query.is_some_and(|rest| rest.is_empty() || rest.starts_with('?')) && !uri.contains('#')
    {
        return Ok(());
    }
    let Ok(url) = Url::parse(uri) else {
        return Err(Problem::malformed(
            "`redirect_uri` is no URL; it is to be encoded once",
        ));
    };
    let loopback = match url.host() {
        Some(UrlHost::Domain(name)) => name == "localhost",
        Some(UrlHost::Ipv4(address)) => address.is_loopback(),
        Some(UrlHost::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if url.scheme() == "http" && loopback && url.fragment().is_none() && url.username().is_empty() {
        return Ok(());
    }
    Err(Problem::malformed(
        "`redirect_uri` is neither registered nor a loopback address",
    ))
}
