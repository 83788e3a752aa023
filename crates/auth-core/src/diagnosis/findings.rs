//! Makes a finding of what was seen of each thing: how it is to be taken, in which words, and what to do about it.

use std::time::Duration;

use crate::error::{Error, ErrorKind};
use crate::session::{
    Checkup, End, Found, HealthState, Reached, Standing, Visit, Whose, is_of_one_call,
};
use crate::store::RefreshMark;

use super::host::{HostAnswer, HostDate};
use super::words::Span;
use super::{Check, FailedCall, Finding, FindingState};

use FindingState::{Attention, Broken, Fine, Unknown};

/// A skew up to here is nobody's trouble: it is what clients of OAuth usually allow, and far less than the time by which
/// tokens are renewed early.
const TOLERATED_SKEW: u64 = 60;

/// Puts a failure into words that hold no secret.
type Told<'a> = &'a dyn Fn(&Error) -> String;

const SIGN_IN_AGAIN: &str = "Send the person through the sign-in page again.";
const TRY_SIGN_IN: &str =
    "Call `sign_in` to see whether the credentials are good, then diagnose again.";
const TAKE_NEWER: &str =
    "Make a call, or call `sign_in`: it takes the newer tokens that stand in the store.";

/// After this long a failed call says nothing of how things are.
const NEWS: Duration = Duration::from_secs(3600);

pub(super) fn key(standing: &Standing, last: Option<&FailedCall>) -> Finding {
    let finding = |state, text: String| Finding::new(Check::Token, state, text);
    let refusal = last.filter(|(error, _)| error.kind() == ErrorKind::Unauthorized);
    match (standing.age, refusal) {
        (Some(age), _) if standing.was_let_in => {
            let text = format!("a key without an end, in use for {}", Span(age));
            finding(Fine, text)
        }
        (_, Some((error, ago))) => {
            let text = format!(
                "a key that was refused {} ago, and taken by no call since",
                Span(*ago)
            );
            finding(Broken, text)
                .failure_is(error.kind())
                .advice_is(advice(error))
        }
        (_, None) => finding(
            Unknown,
            "a key that no call has shown to be good".to_owned(),
        )
        .advice_is("Make a call: only that shows whether the provider takes the key."),
    }
}

pub(super) fn token(standing: &Standing, has_news: bool) -> Finding {
    let finding = |state, text: String| Finding::new(Check::Token, state, text);
    let Some(age) = standing.age else {
        return no_token(standing, has_news);
    };
    let mut text = format!("in use for {}, ", Span(age));
    text += &match standing.end {
        End::In(left) => format!("ends in {}", Span(left)),
        End::Ago(over) => format!("ended {} ago", Span(over)),
        End::Unsaid => "the provider did not say when it ends".to_owned(),
    };
    if !standing.can_renew && has_news {
        return finding(
            Fine,
            text + "; the store holds newer ones, which the next renewal takes",
        );
    }
    if !standing.can_renew {
        return finding(Attention, text + "; there is nothing to renew it with")
            .advice_is("A person must sign in again before it ends: begin that in time.");
    }
    text += &match (standing.end, standing.renewal) {
        (End::Unsaid, _) => "; it is used until the provider answers 401".to_owned(),
        (_, Duration::ZERO) => "; its renewal is due".to_owned(),
        (_, renewal) => format!(", renewal is due in {}", Span(renewal)),
    };
    finding(Fine, text)
}

fn no_token(standing: &Standing, has_news: bool) -> Finding {
    let finding = |state, text: String| Finding::new(Check::Token, state, text);
    if !standing.has_signed_in {
        let none = "none yet: this session has not signed in";
        if has_news {
            let text = format!("{none}, and takes what the store holds at its next call");
            return finding(Unknown, text).advice_is(TAKE_NEWER);
        }
        return match standing.can_renew {
            true => finding(Unknown, none.to_owned()).advice_is(TRY_SIGN_IN),
            false => finding(
                Unknown,
                format!("{none}, and has nothing but what the store may hold"),
            )
            .advice_is(
                "Call `sign_in`: it takes what the store holds, or says that a person must sign in.",
            ),
        };
    }
    let text = match standing.end {
        End::Ago(over) => format!("none at hand: the last one ended {} ago", Span(over)),
        End::In(_) | End::Unsaid => {
            "none at hand: the last one was refused with 401 before its end".to_owned()
        }
    };
    match standing.can_renew {
        _ if has_news => finding(Attention, text + "; the next call takes those of the store")
            .advice_is(TAKE_NEWER),
        true => finding(Attention, text + "; the next call renews it")
            .advice_is("Make a call, or call `sign_in`, and diagnose again."),
        false => finding(Broken, text + ", and there is nothing to renew it with")
            .advice_is(SIGN_IN_AGAIN),
    }
}

pub(super) fn renewal(checkup: &Checkup, told: Told<'_>) -> Finding {
    let under_way = match checkup.is_renewing {
        true => "; one is under way now",
        false => "",
    };
    let health = &checkup.health;
    let Some(error) = &health.error else {
        let text = format!("none has failed since the last success{under_way}");
        return Finding::new(Check::Renewal, Fine, text);
    };
    let has_news = health.state == HealthState::NeedsPerson && checkup.has_news();
    let state = match (health.state, health.has_token) {
        _ if has_news => Attention,
        (HealthState::NeedsPerson, _) | (_, false) => Broken,
        _ => Attention,
    };
    let next = match health.state {
        _ if has_news => "the next call takes the newer tokens of the store",
        HealthState::NeedsPerson => "a person must sign in again",
        HealthState::BackingOff { .. } => "no other begins yet, so that the provider is left alone",
        _ => "the next call tries again",
    };
    let row = match checkup.failures {
        0 | 1 => "the last one failed".to_owned(),
        n => format!("the last {n} failed"),
    };
    let text = format!("{row}, {next}{under_way}: {}", told(error));
    let advice = match has_news {
        true => TAKE_NEWER,
        false => advice(error),
    };
    Finding::new(Check::Renewal, state, text)
        .failure_is(error.kind())
        .advice_is(advice)
}

pub(super) fn calls(last: Option<&FailedCall>, told: Told<'_>) -> Finding {
    let Some((error, ago)) = last else {
        return Finding::new(Check::Calls, Fine, "none has failed");
    };
    let is_old = *ago > NEWS;
    let (ago, told) = (Span(*ago), told(error));
    let finding =
        |state, text: String| Finding::new(Check::Calls, state, text).failure_is(error.kind());
    if is_of_one_call(error.kind()) {
        let text = format!("none has failed but by what it asked for, the last {ago} ago: {told}");
        return finding(Fine, text);
    }
    let text =
        format!("the last one to fail did so {ago} ago, others may have worked since: {told}");
    match is_old {
        true => finding(Fine, text),
        false => finding(Attention, text).advice_is(advice(error)),
    }
}

pub(super) fn store(checkup: &Checkup, told: Told<'_>) -> Finding {
    let Some(Visit {
        name, key, outcome, ..
    }) = &checkup.visit
    else {
        return Finding::new(Check::Store, Fine, "none is needed for a key");
    };
    let finding = |state, text: &str| {
        let text = match checkup.has_unsaved {
            true => format!("{name}: new tokens are in memory only; {text} (place `{key}`)"),
            false => format!("{name}: {text} (place `{key}`)"),
        };
        Finding::new(Check::Store, state, text)
    };
    let reached = match outcome {
        Ok(reached) => reached,
        Err(error) => {
            return finding(Broken, &told(error)).failure_is(error.kind()).advice_is(
                "Cure what the error names: until then nothing can be renewed that needs the store, and new tokens \
                 are lost with the process.",
            );
        }
    };
    let (state, text, advice) = match reached {
        Reached::Held => (
            Attention,
            "its lock could not be had in time, so it was not read: a renewal has it, here or elsewhere, or the store does \
             not answer"
                .to_owned(),
            Some(
                "See that the store answers. If it does, diagnose again when the lease of a lock has ended, which takes two \
                 minutes by default; if the lock is still not free then, look for a process that was stopped.",
            ),
        ),
        Reached::Kept => (
            Attention,
            "this session keeps its lock until they are saved, so it was not read".to_owned(),
            Some("Diagnose again: the save is tried again by itself."),
        ),
        Reached::Free(None) => (
            Fine,
            "its lock can be taken; it holds no tokens of this account".to_owned(),
            None,
        ),
        Reached::Free(Some(found)) => stored(found),
    };
    if checkup.has_unsaved {
        return finding(Broken, &text).advice_is(
            "Keep the process alive, and await `session().settle()` before it ends: it saves them, or its error says \
             why it can't.",
        );
    }
    let found = finding(state, &text);
    match advice {
        Some(advice) => found.advice_is(advice),
        None => found,
    }
}

/// What is said of tokens that stand in a store.
fn stored(found: &Found) -> (FindingState, String, Option<&'static str>) {
    let whose = match found.whose {
        Whose::Ours => "those in use here",
        Whose::OursOrOthers => "those that a renewal under way here has saved, or others",
        Whose::Others => "others than those in use here",
        Whose::Unused => "which this session has not taken into use yet",
    };
    let end = match found.end {
        End::In(left) => format!(", which end in {}", Span(left)),
        End::Ago(over) => format!(", which ended {} ago", Span(over)),
        End::Unsaid => String::new(),
    };
    let text = format!("it holds tokens number {}, {whose}{end}", found.number);
    match found.mark {
        RefreshMark::Unspent => (Fine, text + "; its lock can be taken", None),
        RefreshMark::UnderWay => (
            Attention,
            text + "; a renewal with its refresh token was cut off",
            Some(
                "Nothing has to be done: the token is tried once more. If the provider has spent it, a sign-in follows.",
            ),
        ),
        RefreshMark::Spent => (
            Attention,
            text + "; its refresh token is spent or was refused",
            Some("The next renewal is a new sign-in; where that needs a person, begin it in time."),
        ),
    }
}

pub(super) fn host(base: &str, answer: Result<&HostAnswer, &Error>, told: Told<'_>) -> Finding {
    let finding = |state, text: String| Finding::new(Check::Host, state, text);
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            return finding(Broken, told(error))
                .failure_is(error.kind())
                .advice_is(advice(error));
        }
    };
    let took = answer.received.duration_since(answer.sent);
    let took = took.map_or_else(|_| String::new(), |took| format!(" within {}", Span(took)));
    let status = answer.status.as_u16();
    let text = format!("{base} answers{took} (status {status} to a request without credentials)");
    // What the path or the missing credentials account for says that the host is there, and no more.
    match status {
        500.. => finding(Attention, text).advice_is(
            "The provider may have a failure: look at its status page, and try again later.",
        ),
        429 => finding(Attention, text).advice_is(
            "The host asks for fewer calls, from this client or from others at this address: wait, then call less often.",
        ),
        407 => finding(Attention, text)
            .advice_is("A proxy asks for credentials: correct the proxy's address in the settings."),
        300..400 => finding(Attention, text).advice_is(
            "The host sends elsewhere, where no call follows: see that the address is the API's own, scheme included.",
        ),
        _ => finding(Fine, text),
    }
}

pub(super) fn clock(answer: Option<&HostAnswer>, skew: Option<i64>) -> Finding {
    let finding = |state, text: String| Finding::new(Check::Clock, state, text);
    let Some(skew) = skew else {
        let why = match answer.map(|answer| answer.date) {
            None => "the host did not answer",
            Some(HostDate::Missing) => "the host's answer has no `Date`",
            Some(_) => "what stands in the `Date` of the host's answer is no date",
        };
        // No advice: nothing says that anything is wrong.
        return finding(Unknown, format!("can't be compared: {why}"));
    };
    let off = Span(Duration::from_secs(skew.unsigned_abs()));
    let text = match skew {
        0 => "as the host's".to_owned(),
        1.. => format!("{off} ahead of the host's"),
        _ => format!("{off} behind the host's"),
    };
    if skew.unsigned_abs() <= TOLERATED_SKEW {
        return finding(Fine, text);
    }
    finding(Attention, text).advice_is(
        "Have the machine's clock kept by NTP (`timedatectl` tells on most of Linux): stored tokens end by it, and \
         certificates are checked by it.",
    )
}

/// What to do about a failure; its kind decides, and whose limit it was.
fn advice(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::RateLimited if error.is_own_limit() => {
            "The client's own rate limit held it back: make fewer calls at once, give them more time, or raise the limit \
             where the provider allows more."
        }
        ErrorKind::Blocked => {
            "The client refuses this for safety: see which rule the message names, and what led there."
        }
        ErrorKind::Cancelled => {
            "Keep the runtime alive until `session().settle()` has returned, and look for a panic in a callback."
        }
        ErrorKind::Config => "Correct the setting that the message names.",
        ErrorKind::Connect => {
            "Check the network, the proxy and the address from this machine, then try again. Where the message speaks of a \
             certificate: its host, the root certificates, a proxy that looks into TLS, and this machine's clock."
        }
        ErrorKind::Decode => {
            "Report it with the place that the message names: the answer is not what the provider documents."
        }
        ErrorKind::File => "Check the file or stream that was given to the call.",
        ErrorKind::Invalid => "Correct the call: the provider says what is wrong with it.",
        ErrorKind::NotFound => {
            "Check the address and the path, version included, and whether the thing still exists."
        }
        ErrorKind::Permission => {
            "Give the account the right that the call needs, or call as another."
        }
        ErrorKind::Provider => {
            "Try again later; if it stays, report it to the provider with the time and the request's id."
        }
        ErrorKind::RateLimited => {
            "Wait, then make fewer calls at once; a client-side rate limit does that by itself."
        }
        ErrorKind::Reauthorize => SIGN_IN_AGAIN,
        ErrorKind::Store => {
            "The store, or the provider of a secret, failed: cure what the message names, and make a call."
        }
        ErrorKind::Timeout => {
            "Try again later; if it stays, check the network, and give calls more time."
        }
        ErrorKind::Unauthorized => {
            "Check the credentials, and that they are for this host and this kind of sign-in."
        }
    }
}
