//! WebCommander's API: an address that the store does not know fails under status 200.

use serde_json::json;

use crate::answer::{Answer, Problem};
use crate::inbound::Inbound;
use crate::resources;
use crate::state::State;

/// Answers an API call that was let in.
pub(super) fn answer(state: &State, inbound: &Inbound) -> Result<Answer, Problem> {
    resources::answer(state, inbound).unwrap_or_else(|| {
        let message = "No endpoint matches this request";
        Ok(Answer::json(
            200,
            &json!({ "isSuccess": false, "message": message }),
        ))
    })
}
