//! Knows whose browser is signed in on which host, by a cookie.

use std::collections::HashSet;
use std::sync::Mutex;

use crate::host::Host;
use crate::inbound::Inbound;
use crate::lock::lock;
use crate::state::State;
use crate::token;

/// The cookies of every browser that is signed in. They end with the sandbox; a browser forgets its own at its end.
#[derive(Debug, Default)]
pub(crate) struct SignedIn {
    cookies: Mutex<HashSet<(Host, String)>>,
}

/// Signs a browser in: the `Set-Cookie` line that it keeps.
///
/// Not `Secure`, since there is no TLS here. `Lax`, since people come from the client's page; forms of other sites
/// are sent without it.
pub(crate) fn start(state: &State, host: Host, path: &str) -> String {
    let value = token::hex(32);
    let line = format!(
        "{}={value}; Path={path}; HttpOnly; SameSite=Lax",
        name(state, host)
    );
    lock(&state.signed_in.cookies).insert((host, value));
    line
}

/// Whether the browser that sent this is signed in.
pub(crate) fn is_signed_in(state: &State, inbound: &Inbound) -> bool {
    cookie(state, inbound).is_some()
}

/// Gives a browser that is signed in another cookie for its own.
///
/// A browser keeps the pages that it has left, `no-store` or not, and shows them when somebody goes back. Chromium drops
/// them where a cookie that scripts can't see has changed since, and asks again.
pub(crate) fn renew(state: &State, inbound: &Inbound, path: &str) -> Option<String> {
    let old = cookie(state, inbound)?;
    lock(&state.signed_in.cookies).remove(&old);
    Some(start(state, inbound.host, path))
}

/// The cookie of a browser that is signed in.
fn cookie(state: &State, inbound: &Inbound) -> Option<(Host, String)> {
    let name = name(state, inbound.host);
    let lines = inbound.headers.get_all("cookie").iter();
    let cookies = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'));
    let mut values = cookies
        .filter_map(|cookie| cookie.trim().split_once('='))
        .filter(|(known, _)| *known == name)
        .map(|(_, value)| (inbound.host, value.to_owned()));
    let known = lock(&state.signed_in.cookies);
    values.find(|cookie| known.contains(cookie))
}

/// Cookies don't tell ports apart, so that the name has to: every program on 127.0.0.1 shares one jar.
fn name(state: &State, host: Host) -> String {
    let port = state.url(host).rsplit(':').next().unwrap_or_default();
    format!("sandbox_{port}")
}
