//! Holds what a provider crate knows about one client.

use crate::dialect::{BodyFormat, Dialect, KeyKind, Placement};
use crate::error::Error;
use crate::grant::{Grant, ParameterValue, Principal};
use crate::rate_limit::RateLimiter;
use crate::token::TokenSet;
use crate::transport::BaseUrl;

/// What a provider crate knows about one client: where it talks to, how, and as whom. [`ApiClient`](crate::ApiClient) has an
/// example.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Profile {
    /// The wire form.
    pub dialect: Dialect,
    /// Where tokens come from.
    pub token_base: BaseUrl,
    /// Where API calls go.
    pub api_base: BaseUrl,
    /// Who signs in.
    pub principal: Principal,
    /// Tokens of an earlier sign-in.
    pub tokens: Option<TokenSet>,
    /// How the bodies of token requests are written, where the dialect's row leaves a choice.
    pub token_body: Option<BodyFormat>,
    /// Where the token travels, of the places that the dialect offers.
    pub placement: Option<Placement>,
    /// The `User-Agent` where the integrator sets none.
    pub user_agent: &'static str,
    /// The rate limit where the integrator sets none.
    pub rate_limiter: Option<RateLimiter>,
}

impl Profile {
    /// A profile without tokens, choices or rate limit.
    pub fn new(
        dialect: Dialect,
        token_base: BaseUrl,
        api_base: BaseUrl,
        principal: Principal,
        user_agent: &'static str,
    ) -> Self {
        Self {
            dialect,
            token_base,
            api_base,
            principal,
            tokens: None,
            token_body: None,
            placement: None,
            user_agent,
            rate_limiter: None,
        }
    }

    /// The query parameters that each API call carries beside a key, by the dialect's row for it.
    pub(super) fn key_query(&self) -> Result<Vec<(&'static str, String)>, Error> {
        let (setting, kind) = match &self.principal.grant {
            Grant::Basic { .. } => ("api_key", KeyKind::Basic),
            Grant::StaticToken(_) => ("static_token", KeyKind::Token),
            _ => return Ok(Vec::new()),
        };
        let name = self.dialect.name();
        let row = self.dialect.key_row(kind);
        let row = row.ok_or_else(|| Error::config(setting, format!("{name} takes no such key")))?;
        let mut query = Vec::new();
        for parameter in row.query {
            let mut values = self.principal.parameters.iter();
            match values.find(|(known, _)| *known == parameter.value) {
                Some((_, ParameterValue::Text(text))) => query.push((parameter.wire, text.clone())),
                _ => {
                    let problem = format!("{name} needs it with every call that carries a key");
                    return Err(Error::config(parameter.value, problem));
                }
            }
        }
        Ok(query)
    }
}
