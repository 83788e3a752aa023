//! Hands answers that nobody sent to the code that reads answers. For the tests of this workspace: no promise is made.
//!
//! Answers: [`token_answer`], [`api_answer`], [`Pages`]. Never: does on the way what a real answer would not meet; what
//! is left out is the network, and what a session or call does after the verdict.

use bytes::Bytes;

use crate::error::Error;
use crate::http::{ApiClient, Response};
use crate::token::{Authorization, TokenSet};

pub use crate::page::Pages;

/// What `answer` of the token endpoint would give: the tokens, and the header made of them.
///
/// # Errors
/// As for [`Session::authorization`](crate::Session::authorization).
pub async fn token_answer(
    client: &ApiClient,
    answer: http::Response<Bytes>,
) -> Result<(TokenSet, Authorization), Error> {
    client.session().receive(answer).await
}

/// What a call that gets `answer` tells its caller.
///
/// # Errors
/// As for [`Call::send`](crate::Call::send).
pub async fn api_answer(
    client: &ApiClient,
    answer: http::Response<Bytes>,
) -> Result<Response, Error> {
    client.judge(answer).await
}
