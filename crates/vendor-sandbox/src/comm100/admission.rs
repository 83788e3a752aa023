//! Lets a call to an API of Comm100 in, by token or by API key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::answer::Problem;
use crate::bearer;
use crate::credentials::{COMM100_API_KEY, COMM100_EMAIL, COMM100_SITE_ID};
use crate::inbound::Inbound;
use crate::state::State;
use crate::token::Audience;

/// Whether and how an API takes an API key over HTTP Basic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ApiKey {
    /// With `siteId` in the query.
    WithSite,
    /// As it is.
    Plain,
    /// Not at all.
    Never,
}

/// Lets a live token of `audience` through, or the API key where one is taken.
pub(super) fn admit(
    state: &State,
    inbound: &Inbound,
    audience: &'static Audience,
    api_key: ApiKey,
) -> Result<(), Problem> {
    let query = inbound.query()?;
    if query.iter().any(|(name, _)| name == "access_token") {
        return Err(Problem::malformed("an access token in the query"));
    }
    let mut sites = query.iter().filter(|(name, _)| name == "siteId");
    let site = sites.next();
    if sites.next().is_some() {
        return Err(Problem::malformed("`siteId` is doubled in the query"));
    }
    if site.is_some_and(|(_, site)| *site != COMM100_SITE_ID.to_string()) {
        return Err(Problem::malformed("`siteId` names no site of this account"));
    }
    let pair = match inbound.header("authorization")? {
        Some(value) if api_key != ApiKey::Never => value.strip_prefix("Basic "),
        _ => None,
    };
    let Some(pair) = pair else {
        return bearer::honor(state, bearer::token(inbound)?, audience);
    };
    if STANDARD.decode(pair).ok() != Some(format!("{COMM100_EMAIL}:{COMM100_API_KEY}").into()) {
        return Err(Problem::credentials(None, "wrong email or API key"));
    }
    if api_key == ApiKey::WithSite && site.is_none() {
        return Err(Problem::malformed("`siteId` is missing in the query"));
    }
    Ok(())
}
