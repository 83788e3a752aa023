//! Reads the request with which a provider sends a person back.

use percent_encoding::percent_decode_str;
use url::Url;
use zeroize::Zeroizing;

use super::PendingAuthorization;
use crate::error::Error;
use crate::secret::{Scrubber, Secret};

/// No provider sends as many parameters; each is compared with all before it.
const MOST_PARAMETERS: usize = 32;

/// The parameters of a callback, decoded; a `+` is a `+`.
pub(super) struct Callback(Vec<(String, Zeroizing<String>)>);

impl Callback {
    /// Reads what stands behind `mark` (`?` or `#`), after checking that the callback came to `redirect_uri`.
    pub(super) fn read(callback: &str, redirect_uri: &str, mark: char) -> Result<Self, Error> {
        let callback = callback.trim();
        let address = callback.split(['?', '#']).next().unwrap_or_default();
        if !is_same_address(address, redirect_uri) {
            return Err(Error::blocked(
                "the callback came to another address than the redirect URI",
                false,
            ));
        }
        let behind = if mark == '?' {
            query_in(callback)
        } else {
            callback.split_once(mark).map(|(_, rest)| rest)
        };
        let mut pairs: Vec<(String, Zeroizing<String>)> = Vec::new();
        for (name, value) in raw_pairs(behind.unwrap_or_default()) {
            if pairs.len() == MOST_PARAMETERS {
                return Err(Error::blocked(
                    "the callback has too many parameters",
                    false,
                ));
            }
            let value = percent_decode_str(value).decode_utf8();
            let value = value.map_err(|_| Error::blocked("the callback is not UTF-8", false))?;
            let value = Zeroizing::new(value.into_owned());
            if pairs.iter().any(|(known, _)| *known == name) {
                return Err(Error::blocked(
                    "a parameter comes twice in the callback",
                    false,
                ));
            }
            pairs.push((name, value));
        }
        let callback = Self(pairs);
        let own = Url::parse(redirect_uri).ok();
        for (name, value) in own
            .iter()
            .flat_map(Url::query_pairs)
            .filter(|_| mark == '?')
        {
            // In a value that we wrote a `+` may stand for a space; which of the two it was does not matter here.
            let spaced = |text: &str| text.replace('+', " ");
            if callback.get(&name).map(spaced) != Some(spaced(&value)) {
                return Err(Error::blocked(
                    "the callback lacks what the redirect URI's query says",
                    false,
                ));
            }
        }
        Ok(callback)
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    #[cfg(feature = "implicit")]
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Checks that this answers `pending`, and that it is not a refusal.
    pub(super) fn verify(&self, pending: &PendingAuthorization) -> Result<(), Error> {
        match self.get("state") {
            Some(given) if Secret::new(given) == pending.state => {}
            None if pending.missing_state => {}
            Some(_) => {
                return Err(Error::blocked(
                    "the callback's state is not the one that was sent",
                    false,
                ));
            }
            None => {
                return Err(Error::blocked(
                    "the callback has no state; where the provider does not echo it, see `allow_missing_state`",
                    false,
                ));
            }
        }
        if self.get("iss").is_some_and(|iss| iss != pending.issuer) {
            return Err(Error::blocked(
                "the callback comes from another issuer",
                false,
            ));
        }
        let Some(code) = self.get("error") else {
            return Ok(());
        };
        let mut scrubber = Scrubber::default();
        let secrets = [Some(pending.state.expose()), self.get("code")];
        let verifier = pending.verifier.as_ref().map(Secret::expose);
        for secret in secrets.into_iter().chain([verifier]).flatten() {
            scrubber.add(secret);
        }
        let told = self
            .get("error_description")
            .or_else(|| self.get("error_message"))
            .map(|text| scrubber.scrub(&text.replace('+', " ")));
        Err(Error::callback(&scrubber.scrub(code), told))
    }
}

/// The one `state` of a callback, wherever that came to.
pub(super) fn state_in(callback: &str) -> Option<Zeroizing<String>> {
    let mut states = raw_pairs(query_in(callback.trim())?).filter(|(name, _)| name == "state");
    let (_, state) = states.next()?;
    if states.next().is_some() {
        return None;
    }
    let state = percent_decode_str(state).decode_utf8().ok()?;
    Some(Zeroizing::new(state.into_owned()))
}

/// What stands between `?` and the fragment, which may have a `?` too.
fn query_in(callback: &str) -> Option<&str> {
    let (_, query) = callback.split('#').next()?.split_once('?')?;
    Some(query)
}

/// The parameters of a query or fragment, names decoded.
fn raw_pairs(text: &str) -> impl Iterator<Item = (String, &str)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = percent_decode_str(name).decode_utf8_lossy().into_owned();
        (name, value)
    })
}

/// Compares a callback's address, whole or from its path on, with the redirect URI.
fn is_same_address(address: &str, redirect_uri: &str) -> bool {
    let Ok(expected) = Url::parse(redirect_uri) else {
        return false;
    };
    if address.is_empty() {
        return true;
    }
    if address.starts_with('/') {
        return address == expected.path();
    }
    Url::parse(address).is_ok_and(|found| {
        found.scheme() == expected.scheme()
            && found.authority() == expected.authority()
            && found.path() == expected.path()
    })
}
