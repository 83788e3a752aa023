//! Carries one renewal from its start to its landing, whoever waits for it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use tracing::Instrument as _;
use tracing::Span;
use tracing::field::{self, Empty};

use crate::error::Error;
use crate::store::StoredTokens;
use crate::token::{LiveToken, TokenSet};

use super::arrival::Teller;
use super::renewal::Obtained;
use super::{Inner, Session};

/// One renewal. Dropped before it landed (its runtime was shut down, or foreign code panicked), it leaves the session
/// ready for the next, and then tells whoever waits.
pub(super) struct Flight {
    session: Arc<Inner>,
    number: u64,
    arrival: Teller,
    landed: bool,
}

impl Flight {
    pub(super) fn new(session: Arc<Inner>, number: u64, arrival: Teller) -> Self {
        Self {
            session,
            number,
            arrival,
            landed: false,
        }
    }

    /// The renewal's span: it belongs to no caller, but says which one set it off.
    pub(super) fn span(&self) -> Span {
        let endpoint = &self.session.source.endpoint;
        let span = tracing::info_span!(
            parent: None,
            "auth_core.renewal",
            auth_core.dialect = endpoint.dialect.name(),
            server.address = endpoint.base.host(),
            error.type = Empty,
        );
        span.follows_from(Span::current());
        span
    }

    pub(super) async fn run(mut self, span: Span) {
        let (outcome, stored) = match self.renew().instrument(span.clone()).await {
            Ok((token, stored)) => (Ok(token), stored),
            Err(error) => {
                span.record("error.type", field::debug(error.kind()));
                let session = Session(Arc::clone(&self.session));
                (Err(session.hidden(error)), None)
            }
        };
        let _entered = span.entered();
        let is_awaited = self.session.land(self.number, &outcome, stored);
        self.landed = true;
        self.session.save_later();
        // Whoever waited for a flight that was given up has been told so.
        if is_awaited {
            self.arrival.tell(outcome);
        }
    }

    /// The next token, and what stands in the store with it.
    async fn renew(&self) -> Result<(Arc<LiveToken>, Option<StoredTokens>), Error> {
        let session = &self.session;
        let clock = session.clock.as_ref();
        let known = || {
            let state = session.state();
            if !state.is_under_way(self.number) {
                return Err(Error::cancelled());
            }
            Ok(state.known.as_ref().map(|(_, tokens)| tokens.clone()))
        };
        let current = session.current.load_full();
        match session.source.obtain(&known, current, clock).await? {
            Obtained::Same(token) => Ok((token, None)),
            Obtained::Found(tokens, stored) => {
                let token = session.revive(session.next_generation(), tokens)?;
                tracing::info!(
                    name: "auth_core.token.adopted",
                    generation = token.authorization.generation().0,
                    "newer tokens were found and are taken into use"
                );
                Ok((token, stored))
            }
            Obtained::Issued(issued, stored) => {
                let schedule = issued.schedule(fastrand::f64());
                let generation = session.next_generation();
                let token = session.source.live(generation, issued.set, schedule)?;
                let is_saved = stored
                    .as_ref()
                    .is_some_and(|stored| stored.tokens.is_same(&token.set));
                // What came too late and was not saved either is no news: others have gone on without it.
                if is_saved || session.state().is_under_way(self.number) {
                    self.tell(&token.set);
                }
                tracing::info!(
                    name: "auth_core.token.renewed",
                    generation = generation.0,
                    "token was renewed"
                );
                Ok((token, stored))
            }
        }
    }

    fn tell(&self, tokens: &TokenSet) {
        if let Some(told) = &self.session.source.on_renewed {
            let calm = std::panic::catch_unwind(AssertUnwindSafe(|| told(tokens)));
            if calm.is_err() {
                tracing::error!(
                    name: "auth_core.callback.panicked",
                    "the `on_renewed` callback panicked; the token is used all the same"
                );
            }
        }
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if !self.landed {
            self.session.crash(self.number);
        }
    }
}
