//! Asks for the keys that need no exchange.

use std::sync::Arc;

use crate::clock::Clock;
use crate::error::Error;
use crate::grant::Patience;
use crate::secret::{Secret, SecretSource, base64_pair};
use crate::token::{
    Authorization, Generation, LiveToken, Schedule, TokenSet, check_token, header_value, sensitive,
};

use super::renewal::Obtained;
use super::source::Source;

impl Source {
    /// Asks for a key; `username` makes it a pair for HTTP Basic.
    pub(super) async fn key(
        &self,
        name: &str,
        source: &SecretSource,
        username: Option<&str>,
        current: Option<Arc<LiveToken>>,
        clock: &dyn Clock,
    ) -> Result<Obtained, Error> {
        let patience = Patience {
            clock,
            limit: self.endpoint.timeout,
        };
        let secret = patience.ask(name, source).await?;
        let (value, header) = match username {
            Some(username) => {
                let pair = base64_pair(username, &secret);
                (
                    sensitive(&zeroize::Zeroizing::new(format!("Basic {}", pair.expose())))?,
                    http::header::AUTHORIZATION,
                )
            }
            None => {
                check_token(secret.expose()).map_err(|bad| Error::config(name, bad))?;
                let placement = self.endpoint.dialect.token_placement();
                (
                    header_value(placement, secret.expose())?,
                    placement.header_name(),
                )
            }
        };
        if let Some(current) = current {
            if *current.authorization.value() == value {
                return Ok(Obtained::Same(current));
            }
            return Ok(Obtained::Same(key_in_use(
                Generation::after(Some(current.authorization.generation())),
                header,
                value,
                secret,
                clock,
            )));
        }
        Ok(Obtained::Same(key_in_use(
            Generation::default(),
            header,
            value,
            secret,
            clock,
        )))
    }
}

/// A key that is used until it is refused.
fn key_in_use(
    generation: Generation,
    name: http::HeaderName,
    value: http::HeaderValue,
    secret: Secret,
    clock: &dyn Clock,
) -> Arc<LiveToken> {
    let now = clock.now();
    let schedule = Schedule::new(now, now, None, 0.0);
    Arc::new(LiveToken {
        authorization: Authorization::new(name, value, generation),
        look_at: schedule.renew_at,
        renew_at: schedule.renew_at,
        expires_at: schedule.expires_at,
        set: TokenSet {
            access_token: secret,
            refresh_token: None,
            expires_at: None,
            scope: None,
        },
    })
}
