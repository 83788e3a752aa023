//! Reads an answer that nobody sent, for tests of what any bytes can do.

use bytes::Bytes;
use http::Response;

use crate::clock::Clock;
use crate::error::Error;

use super::wire::Wire;
use super::{Exchange, Issued, TokenEndpoint};

impl TokenEndpoint {
    /// What comes of `answer` to a request of `exchange`: all of the way that an answer goes, but for the network.
    pub(crate) async fn receive(
        &self,
        exchange: Exchange<'_>,
        answer: Response<Bytes>,
        clock: &dyn Clock,
    ) -> Result<Issued, Error> {
        let (sent, sent_utc) = (clock.now(), clock.utc());
        let prepared = self.prepare(exchange, clock).await?;
        let scrubber = self.scrubber(&prepared.exchange, &prepared.proof);
        let wire = Wire::new(self, prepared.row, Vec::new(), scrubber, sent_utc);
        let engine = self.engine(prepared.row, &prepared.proof)?;
        // Whatever was asked, the engine reads the answer in the same way.
        let request = engine.exchange_client_credentials();
        let result = request.request(&|_| wire.receive(answer.clone()));
        let answer = self.understood(result, wire.status())?;
        let lifetime = answer.lifetime(clock.utc());
        Ok(Issued {
            set: answer.into_set(lifetime, sent_utc),
            lifetime,
            sent,
            received: clock.now(),
        })
    }
}
