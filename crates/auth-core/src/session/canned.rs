//! Makes a token of an answer that nobody sent, for tests of what any bytes can do.

use bytes::Bytes;
use http::Response;

use crate::endpoint::Exchange;
use crate::error::Error;
use crate::token::{Authorization, Generation, TokenSet};

use super::Session;

impl Session {
    /// What the session would use after `answer` to the renewal that is due next. It goes on as it was.
    pub(crate) async fn receive(
        &self,
        answer: Response<Bytes>,
    ) -> Result<(TokenSet, Authorization), Error> {
        let inner = &self.0;
        let known = inner.state().known.clone();
        let known = known.map(|(_, tokens)| tokens);
        let refresh = known.and_then(|tokens| tokens.refresh_token);
        let exchange = match &refresh {
            Some(token) => Exchange::Refresh(token),
            None => Exchange::First(None),
        };
        let source = &inner.source;
        let hidden = source.scrubber();
        let receiving = source
            .endpoint
            .receive(exchange, hidden, answer, inner.clock.as_ref());
        let issued = receiving.await?;
        let schedule = issued.schedule(0.5);
        let live = source.live(Generation::default(), issued.set, schedule)?;
        Ok((live.set.clone(), live.authorization.clone()))
    }
}
