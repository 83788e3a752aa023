//! Takes one request from its arrival to what goes on the wire, faults and delays included.

use bytes::Bytes;

use crate::answer::{Answer, Problem};
use crate::clock;
use crate::fault::Fault;
use crate::host::Host;
use crate::inbound::Inbound;
use crate::outcome::{Cut, Outcome, Pace};
use crate::record::Place;
use crate::state::State;
use crate::strict::Notes;
use crate::vendor;

/// Processes a request at once and holds the answer back for the latency in force.
///
/// In that order, so that a caller that gives up meets the worst case: the tokens are rotated and nobody has them.
pub(crate) async fn exchange(state: &State, inbound: &Inbound) -> Outcome {
    let place = state.log.arrived(inbound);
    let fault = state.faults.take(inbound.host, inbound.endpoint);
    if fault == Some(Fault::Reset) {
        state.log.answered(place, None);
        return Outcome::Cut(Cut::Reset);
    }
    let canned = fault.as_ref().and_then(|fault| canned(fault, inbound.host));
    let answer = canned.unwrap_or_else(|| process(state, inbound, place));
    clock::pause(state.latency(inbound.endpoint)).await;
    let pace = match fault {
        Some(Fault::LostAnswer) => {
            state.log.answered(place, None);
            return Outcome::Cut(Cut::Close);
        }
        Some(Fault::SlowHeaders(delay)) => {
            clock::pause(delay).await;
            Pace::Whole
        }
        Some(Fault::Drip { delay }) => Pace::Drip(delay),
        Some(Fault::Truncate) => Pace::Truncated,
        _ => Pace::Whole,
    };
    state.log.answered(place, Some(answer.status));
    Outcome::Send(answer, pace)
}

/// The answer of a fault that stands in for the vendor.
fn canned(fault: &Fault, host: Host) -> Option<Answer> {
    let vendor_error = |status| {
        let problem = Problem {
            status,
            ..Problem::malformed("this fault was injected")
        };
        vendor::error(host, &problem)
    };
    Some(match fault {
        Fault::Status { code, retry_after } => {
            let answer = vendor_error(*code);
            match retry_after {
                Some(retry_after) => answer.with("retry-after", retry_after.header()),
                None => answer,
            }
        }
        Fault::Unauthorized => vendor_error(401),
        Fault::InvalidJson => Answer::new(200, "application/json", r#"{"access_token": "#),
        Fault::Html { status } => Answer::html(
            *status,
            format!("<!doctype html><title>{status}</title><h1>This fault was injected</h1>"),
        ),
        Fault::Redirect { status, location } => Answer::redirect(*status, location.clone()),
        Fault::Body {
            status,
            content_type,
            body,
        } => Answer::new(*status, content_type, Bytes::from(body.clone())),
        Fault::Reset
        | Fault::SlowHeaders(_)
        | Fault::Drip { .. }
        | Fault::Truncate
        | Fault::LostAnswer => return None,
    })
}

fn process(state: &State, inbound: &Inbound, place: Place) -> Answer {
    let mut notes = Notes {
        lenient: state.settings().lenient,
        warnings: Vec::new(),
    };
    let answer = vendor::answer(state, inbound, &mut notes);
    for warning in notes.warnings {
        state.log.warned(place, warning);
    }
    answer.unwrap_or_else(|problem| {
        let answer = vendor::error(inbound.host, &problem);
        if problem.refused {
            state.log.refused(place, problem.reason);
        }
        answer
    })
}
