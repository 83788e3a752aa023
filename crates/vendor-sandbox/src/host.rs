//! Tells the kinds of endpoint on a host apart.

pub use crate::vendors::Host;
use crate::vendors::Provider;

impl Host {
    /// What kind of endpoint `path` is on this host.
    pub(crate) fn endpoint(self, path: &str) -> Endpoint {
        match path {
            "/favicon.ico" => Endpoint::Authorize,
            _ => (Provider::of(self).vendor().endpoint)(self, path),
        }
    }
}

/// The kinds of endpoint that faults and counters tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// Where tokens are issued and renewed.
    Token,
    /// What a person's browser asks for: the authorization request, the pages after it, and their answers.
    Authorize,
    /// Everything else, userinfo included.
    Api,
}
