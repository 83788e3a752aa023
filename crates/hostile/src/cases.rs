//! The table, a file a family, and the outcomes that many rows share.
//!
//! An outcome is what the caller is told and how many requests the server saw. A broken connection and a gateway's
//! failure are tried again where that does no harm: a call that only reads, three times in all; a token request only
//! where nothing can have come of it. A renewal that the first grant can replace is followed by that one. A code is
//! good for one request, and a person's refresh token that was refused is not sent again: then the next call says
//! `Reauthorize`.

mod encodings;
mod framing;
mod heads;
mod leaks;
mod places;
mod redirects;
mod shapes;
mod sizes;
mod statuses;
mod streams;
mod tls;
mod tokens;

use crate::case::{Case, Column, Want};
use crate::way::Way;

/// All rows, in the order of the page.
pub(crate) fn all() -> Vec<Case> {
    families()
        .into_iter()
        .flat_map(|(_, cases)| cases)
        .collect()
}

/// The rows by family, each with its heading.
pub(crate) fn families() -> Vec<(&'static str, Vec<Case>)> {
    vec![
        ("Redirects", redirects::cases()),
        ("Addresses, paths and links", places::cases()),
        ("Sizes", sizes::cases()),
        ("Time and broken streams", streams::cases()),
        ("Framing", framing::cases()),
        ("Heads", heads::cases()),
        ("Statuses", statuses::cases()),
        ("Shapes of bodies", shapes::cases()),
        ("Token answers", tokens::cases()),
        ("Encodings", encodings::cases()),
        ("Echoes of credentials", leaks::cases()),
        ("TLS", tls::cases()),
    ]
}

/// Nothing is wrong with it for us.
const HARMLESS: Want = ["ok 1"; 6];

/// The same kind everywhere: a code is spent by it, and a renewal of v2 is followed by the first grant.
macro_rules! all {
    ($kind:literal) => {
        [
            concat!($kind, " 1"),
            concat!($kind, " 1; then Reauthorize"),
            concat!($kind, " 1"),
            concat!($kind, " 2"),
            concat!($kind, " 1"),
            concat!($kind, " 1"),
        ]
    };
}

/// We refuse what came.
const BLOCKED: Want = all!("Blocked");
/// The connection broke.
const BROKEN: Want = but_call(all!("Connect"), "Connect 3");
/// Nothing could be sent.
const UNSENT: Want = ["Connect 0"; 6];
const UNSENT_THRICE: Want = ["Connect 3"; 6];
/// Time ran out.
const LATE: Want = all!("Timeout");
/// The answer does not fit.
const UNREADABLE: Want = all!("Decode");
/// The answer holds no token; a call takes what it is given.
const HOLLOW: Want = but_call(UNREADABLE, "ok 1");
/// The request is refused, for no reason that has to do with credentials.
const INVALID: Want = refused(all!("Invalid"));
/// 400 and 403: what was exchanged is refused.
const BAD_REQUEST: Want = denied("Invalid 1");
const FORBIDDEN: Want = [
    "Unauthorized 1",
    "Reauthorize 1; then Reauthorize",
    "Unauthorized 1",
    "Unauthorized 2",
    "Unauthorized 1",
    "Permission 1",
];
/// A failure under 200 that names itself: a call that has no rule for it takes it.
const TOLD_UNDER_200: Want = denied("ok 1");
/// 401: a call renews its token and is made again.
const UNAUTHORIZED: Want = denied("Unauthorized 3");
/// A key can't be renewed.
const KEYS: &[(Way, Column, &str)] = &[
    (Way::DashKey, Column::Call, "Unauthorized 1"),
    (Way::HostedKey, Column::Call, "Unauthorized 1"),
    (Way::Communic8Static, Column::Call, "Unauthorized 1"),
];
const UNKNOWN: Want = all!("NotFound");
const TIMED_OUT: Want = LATE;
/// Too much was asked, or the gateway fails: it is asked again where that is no harm.
const LIMITED: Want = [
    "RateLimited 3",
    "RateLimited 1; then Reauthorize",
    "RateLimited 3",
    "RateLimited 4",
    "RateLimited 3",
    "RateLimited 3",
];
/// The wait is longer than anybody waits.
const LIMITED_LONG: Want = all!("RateLimited");
const FAILED: Want = all!("Provider");
const GATEWAY: Want = [
    "Provider 3",
    "Provider 1; then Reauthorize",
    "Provider 3",
    "Provider 6",
    "Provider 3",
    "Provider 3",
];

/// The same for a call alone.
const fn call(want: &'static str) -> Want {
    ["", "", "", "", "", want]
}

/// The same without the call.
const fn token(want: Want) -> Want {
    but_call(want, "")
}

const fn but_call(mut want: Want, call: &'static str) -> Want {
    want[Column::Call as usize] = call;
    want
}

/// A code that is refused needs a person at once.
const fn refused(mut want: Want) -> Want {
    want[Column::Code as usize] = "Reauthorize 1; then Reauthorize";
    want
}

/// So does a person's refresh token; others are replaced by the first grant.
const fn denied(call: &'static str) -> Want {
    [
        "Unauthorized 1",
        "Reauthorize 1; then Reauthorize",
        "Reauthorize 1; then Reauthorize",
        "Unauthorized 2",
        "Unauthorized 2",
        call,
    ]
}
