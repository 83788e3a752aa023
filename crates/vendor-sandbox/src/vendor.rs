//! Hands a request to the vendor whose host it came to.

use crate::answer::{Answer, Problem};
use crate::host::{Endpoint, Host};
use crate::inbound::Inbound;
use crate::state::State;
use crate::strict::Notes;
use crate::vendors::Provider;

/// Processes a request; what changes, changes here.
pub(crate) fn answer(
    state: &State,
    inbound: &Inbound,
    notes: &mut Notes,
) -> Result<Answer, Problem> {
    if inbound.path == "/favicon.ico" {
        return Ok(Answer::empty(204));
    }
    // A browser may hold cookies of other servers on this address; an API client must not hold any.
    if inbound.endpoint != Endpoint::Authorize && inbound.headers.contains_key("cookie") {
        return Err(Problem::malformed(
            "a Cookie header, though no vendor sets one for its API",
        ));
    }
    if inbound.method == "HEAD" && inbound.path == "/" {
        // Clients look so whether a host is there, and what time it has.
        return Ok(Answer::empty(204));
    }
    (Provider::of(inbound.host).vendor().answer)(state, inbound, notes)
}

/// Writes a problem the way the vendor writes its errors.
pub(crate) fn error(host: Host, problem: &Problem) -> Answer {
    (Provider::of(host).vendor().error)(problem)
}
