//! Reads an answer that nobody sent, for tests of what any bytes can do.

use bytes::Bytes;
use http::Response;

use crate::clock::Clock;
use crate::error::Error;
use crate::secret::Scrubber;

use super::wire::Wire;
use super::{Exchange, Issued, TokenEndpoint};

impl TokenEndpoint {
    /// What comes of `answer` to a request of `exchange`: all of the way that an answer goes, but for the network.
    pub(crate) async fn receive(
        &self,
        exchange: Exchange<'_>,
        hidden: Scrubber,
        answer: Response<Bytes>,
        clock: &dyn Clock,
    ) -> Result<Issued, Error> {
        let (sent, sent_utc) = (clock.now(), clock.utc());
        let prepared = self.prepare(exchange, hidden, clock).await?;
        let wire = Wire::new(self, &prepared, Vec::new(), sent_utc);
        let engine = self.engine(prepared.row, &prepared.proof)?;
        // Whatever was asked, the engine reads the answer in the same way.
        let request = engine.exchange_client_credentials();
        let result = request.request(&|_| wire.receive(answer.clone()));
        let answer = self.understood(result, wire.status())?;
        Ok(Issued::new(answer, (sent, sent_utc), clock))
    }
}
