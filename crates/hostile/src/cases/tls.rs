//! TLS that nobody may trust, and none where there should be some.

use crate::case::{Case, Step, answer, text};
use crate::certificates::Identity;

use super::{BROKEN, HARMLESS, LATE, UNSENT, UNSENT_THRICE};

pub(super) fn cases() -> Vec<Case> {
    let good = || {
        vec![
            answer("200 OK", "connection: close\r\n", "<<token>>"),
            Step::Close,
        ]
    };
    vec![
        Case::tls(
            "a certificate that is in order",
            Identity::Good,
            good(),
            HARMLESS,
        ),
        Case::tls(
            "an untrusted certificate",
            Identity::Untrusted,
            good(),
            UNSENT,
        ),
        Case::tls("an expired certificate", Identity::Expired, good(), UNSENT),
        Case::tls(
            "a certificate of the next century",
            Identity::NotYet,
            good(),
            UNSENT,
        ),
        Case::tls(
            "a certificate for another name",
            Identity::OtherName,
            good(),
            UNSENT,
        ),
        Case::tls(
            "plain text in the place of TLS",
            Identity::Plain,
            good(),
            UNSENT_THRICE,
        ),
        Case::tls(
            "a redirect in the place of TLS",
            Identity::Plain,
            [answer(
                "307 Temporary Redirect",
                "location: <<other host>>\r\n",
                "",
            )],
            UNSENT_THRICE,
        ),
        Case::tls(
            "an alert in the handshake",
            Identity::Alert,
            Vec::new(),
            UNSENT_THRICE,
        ),
        Case::tls(
            "a handshake that never goes on",
            Identity::Silence,
            Vec::new(),
            LATE,
        )
        .slow(),
        Case::tls(
            "an end without a farewell",
            Identity::Good,
            [text("HTTP/1.1 200 OK\r\n\r\n{\"a\":1}"), Step::Reset],
            BROKEN,
        ),
        Case::tls(
            "a good answer that is cut",
            Identity::Good,
            [
                text("HTTP/1.1 200 OK\r\ncontent-length: 700\r\n\r\n<<token>>"),
                Step::Reset,
            ],
            BROKEN,
        ),
    ]
}
