//! Issues, rotates and checks tokens, and notices a refresh token that comes back.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::clock;
use crate::host::Host;
use crate::lock::lock;

/// Which part of which vendor honors a token, and what its tokens are like.
#[derive(Debug)]
pub(crate) struct Audience {
    /// The hosts that issue its tokens or honor them.
    pub(crate) hosts: &'static [Host],
    /// Whole seconds.
    pub(crate) lifetime: u64,
    /// Makes an access token that looks like the ones on the vendor's page and says nothing.
    pub(crate) access_token: fn() -> String,
    /// Makes a refresh token.
    pub(crate) refresh_token: fn() -> String,
    /// Tells it from the others.
    pub(crate) name: &'static str,
}

impl PartialEq for Audience {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// The grant that a family of tokens began with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Password,
    Code,
    Implicit,
    ClientCredentials,
}

/// Tokens as the client will see them.
#[derive(Debug)]
pub(crate) struct Issued {
    pub(crate) access: String,
    pub(crate) refresh: Option<String>,
    pub(crate) lifetime: Duration,
    pub(crate) family: usize,
}

impl Issued {
    /// `expires_in`: an integer when the lifetime is whole seconds.
    pub(crate) fn expires_in(&self) -> Value {
        if self.lifetime.subsec_nanos() == 0 {
            Value::from(self.lifetime.as_secs())
        } else {
            Value::from(self.lifetime.as_secs_f64())
        }
    }
}

/// Why a token is not honored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// Never issued, or issued by another vendor or host.
    Unknown,
    /// Ran out.
    Expired,
    /// Taken back.
    Revoked,
    /// A refresh token that was used before.
    Spent,
}

/// All tokens of one sandbox.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    store: Mutex<Store>,
}

#[derive(Debug, Default)]
struct Store {
    families: Vec<Family>,
    access: HashMap<String, Access>,
    refresh: HashMap<String, Refresh>,
    reuse: usize,
}

#[derive(Debug)]
struct Family {
    audience: &'static Audience,
    origin: Origin,
    revoked: bool,
}

#[derive(Debug)]
struct Access {
    family: usize,
    expires: Option<Instant>,
    revoked: bool,
}

#[derive(Debug)]
struct Refresh {
    family: usize,
    unfit: Option<Unfit>,
}

impl Tokens {
    /// Starts a family with its first tokens; `lifetime` overrides the vendor's own.
    pub(crate) fn start(
        &self,
        audience: &'static Audience,
        origin: Origin,
        refreshable: bool,
        lifetime: Option<Duration>,
    ) -> Issued {
        let mut store = lock(&self.store);
        let family = store.families.len();
        store.families.push(Family {
            audience,
            origin,
            revoked: false,
        });
        store.issue(family, audience, refreshable, lifetime)
    }

    /// How the family of a refresh token began, if this audience issued it.
    pub(crate) fn origin(&self, refresh: &str, audience: &'static Audience) -> Option<Origin> {
        let store = lock(&self.store);
        let family = store.families.get(store.refresh.get(refresh)?.family)?;
        (family.audience == audience).then_some(family.origin)
    }

    /// Trades a refresh token for new tokens. One that was traded before revokes its whole family.
    pub(crate) fn rotate(
        &self,
        refresh: &str,
        audience: &'static Audience,
        lifetime: Option<Duration>,
    ) -> Result<Issued, Unfit> {
        let mut guard = lock(&self.store);
        let store = &mut *guard;
        let known = store.refresh.get_mut(refresh).ok_or(Unfit::Unknown)?;
        let family = store
            .families
            .get_mut(known.family)
            .filter(|family| family.audience == audience)
            .ok_or(Unfit::Unknown)?;
        match known.unfit {
            Some(Unfit::Spent) => {
                family.revoked = true;
                store.reuse += 1;
                Err(Unfit::Spent)
            }
            Some(unfit) => Err(unfit),
            None if family.revoked => Err(Unfit::Revoked),
            None => {
                known.unfit = Some(Unfit::Spent);
                let family = known.family;
                Ok(store.issue(family, audience, true, lifetime))
            }
        }
    }

    /// Judges an access token on an API call.
    pub(crate) fn check(&self, access: &str, audience: &'static Audience) -> Result<(), Unfit> {
        let store = lock(&self.store);
        let token = store.access.get(access).ok_or(Unfit::Unknown)?;
        let family = store
            .families
            .get(token.family)
            .filter(|family| family.audience == audience)
            .ok_or(Unfit::Unknown)?;
        if token.revoked || family.revoked {
            Err(Unfit::Revoked)
        } else if clock::is_past(token.expires) {
            Err(Unfit::Expired)
        } else {
            Ok(())
        }
    }

    /// Takes back everything that came of one grant.
    pub(crate) fn revoke_family(&self, family: usize) {
        if let Some(family) = lock(&self.store).families.get_mut(family) {
            family.revoked = true;
        }
    }

    /// Takes back every access token that `host` issued or honors.
    pub(crate) fn revoke_access(&self, host: Host) {
        let store = &mut *lock(&self.store);
        for token in store.access.values_mut() {
            let family = store.families.get(token.family);
            token.revoked |= family.is_some_and(|family| family.audience.hosts.contains(&host));
        }
    }

    /// Takes back every live refresh token that `host` issued.
    pub(crate) fn revoke_refresh(&self, host: Host) {
        let store = &mut *lock(&self.store);
        for token in store.refresh.values_mut() {
            let family = store.families.get(token.family);
            if token.unfit.is_none()
                && family.is_some_and(|family| family.audience.hosts.contains(&host))
            {
                token.unfit = Some(Unfit::Revoked);
            }
        }
    }

    /// Every access and refresh token so far.
    pub(crate) fn issued(&self) -> Vec<String> {
        let store = lock(&self.store);
        store
            .access
            .keys()
            .chain(store.refresh.keys())
            .cloned()
            .collect()
    }

    /// How often a spent refresh token came back.
    pub(crate) fn reuse(&self) -> usize {
        lock(&self.store).reuse
    }

    /// Sets [`Tokens::reuse`] back to zero; the tokens stay as they are.
    pub(crate) fn forget_reuse(&self) {
        lock(&self.store).reuse = 0;
    }
}

impl Store {
    fn issue(
        &mut self,
        family: usize,
        audience: &'static Audience,
        refreshable: bool,
        lifetime: Option<Duration>,
    ) -> Issued {
        let lifetime = lifetime.unwrap_or(Duration::from_secs(audience.lifetime));
        let access = (audience.access_token)();
        let token = Access {
            family,
            expires: clock::after(lifetime),
            revoked: false,
        };
        self.access.insert(access.clone(), token);
        let refresh = refreshable.then(|| (audience.refresh_token)());
        if let Some(text) = &refresh {
            let unfit = None;
            self.refresh.insert(text.clone(), Refresh { family, unfit });
        }
        Issued {
            access,
            refresh,
            lifetime,
            family,
        }
    }
}

/// Random bytes; good enough for a sandbox whose credentials are public.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    (0..length).map(|_| fastrand::u8(..)).collect()
}

/// Random hexadecimal text of `bytes` bytes.
pub(crate) fn hex(bytes: usize) -> String {
    noise(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Random URL-safe text of `bytes` bytes.
pub(crate) fn url(bytes: usize) -> String {
    URL_SAFE_NO_PAD.encode(noise(bytes))
}
