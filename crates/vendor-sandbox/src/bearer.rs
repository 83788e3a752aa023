//! Judges access tokens wherever a vendor takes them.

use crate::answer::Problem;
use crate::inbound::Inbound;
use crate::state::State;
use crate::token::{Audience, Unfit};

/// The token of an `Authorization: Bearer` header.
pub(crate) fn token(inbound: &Inbound) -> Result<&str, Problem> {
    let Some(value) = inbound.header("authorization")? else {
        return Err(Problem::credentials(None, "no Authorization header"));
    };
    match value.strip_prefix("Bearer ") {
        Some(token) if is_one_word(token) => Ok(token),
        _ => Err(Problem::malformed(
            "the Authorization header must be `Bearer`, one space and the token",
        )),
    }
}

/// A header that holds the token and no scheme.
pub(crate) fn bare<'r>(inbound: &'r Inbound, name: &str) -> Result<&'r str, Problem> {
    match inbound.header(name)? {
        Some(token) if is_one_word(token) => Ok(token),
        Some(_) => Err(Problem::malformed(format!(
            "header `{name}` must hold the token and nothing else"
        ))),
        None => Err(Problem::credentials(None, format!("no header `{name}`"))),
    }
}

/// Whether a header holds one token and nothing beside it.
pub(crate) fn is_one_word(text: &str) -> bool {
    !text.is_empty() && !text.contains([' ', '\t', ','])
}

/// Lets a live access token of `audience` through.
pub(crate) fn honor(
    state: &State,
    token: &str,
    audience: &'static Audience,
) -> Result<(), Problem> {
    state.tokens.check(token, audience).map_err(|unfit| {
        let problem = |reason| Problem::credentials(None, reason);
        match unfit {
            Unfit::Unknown => problem("the access token was not issued for this host"),
            Unfit::Expired => problem("the access token has expired").expected(),
            Unfit::Revoked | Unfit::Spent => problem("the access token was revoked").expected(),
        }
    })
}

/// Turns a refused rotation into what the token endpoint says.
pub(crate) fn refresh_refused(unfit: Unfit) -> Problem {
    match unfit {
        Unfit::Unknown => Problem::grant("the refresh token was not issued here"),
        Unfit::Expired => Problem::grant("the refresh token has expired").expected(),
        Unfit::Revoked => Problem::grant("the refresh token was revoked").expected(),
        Unfit::Spent => Problem::grant("the refresh token was used before").expected(),
    }
}
