//! Judges an answer that nobody sent, for tests of what any bytes can do.

use bytes::Bytes;
use url::Url;

use crate::error::Error;

use super::{ApiClient, Repeat, Response};

impl ApiClient {
    /// What a call that gets `answer` tells its caller, retries and replay apart.
    pub(crate) async fn judge(&self, answer: http::Response<Bytes>) -> Result<Response, Error> {
        let authorization = self.0.session.authorization().await?;
        if let Some(error) = self.0.verdict(&answer, &authorization) {
            return Err(error);
        }
        let (parts, body) = answer.into_parts();
        Ok(Response {
            status: parts.status,
            headers: parts.headers,
            body,
            hider: self.0.session.hider(),
        })
    }
}

impl Repeat {
    /// Where the call would go.
    pub(crate) fn url(self) -> Url {
        let (_, ready) = self.ready("application/json");
        ready.url
    }
}
