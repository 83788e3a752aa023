//! The four parts of Comm100 that honor each their own tokens.

use crate::host::Host;
use crate::token::{Audience, hex, url};

pub(super) static DASH: Audience = Audience {
    hosts: &[Host::Comm100DashPanel, Host::Comm100DashApi],
    lifetime: 43_200,
    access_token: signed,
    // It needs escaping in a form.
    refresh_token: || format!("eyJ{}+{}/{}==", url(24), url(24), url(24)),
    name: "dash",
};

pub(super) static HOSTED: Audience = Audience {
    hosts: &[Host::Comm100Hosted],
    lifetime: 43_199,
    access_token: || url(51),
    refresh_token: || hex(32),
    name: "hosted",
};

pub(super) static HOSTED_PARTNER: Audience = Audience {
    hosts: &[Host::Comm100Hosted],
    lifetime: 43_199,
    access_token: || url(51),
    refresh_token: || hex(32),
    name: "hosted partner",
};

pub(super) static PARTNER: Audience = Audience {
    hosts: &[Host::Comm100PartnerPanel, Host::Comm100PartnerApi],
    lifetime: 43_200,
    access_token: signed,
    refresh_token: || hex(32),
    name: "partner",
};

/// It looks like a signed token.
fn signed() -> String {
    format!("eyJ{}.{}.{}", url(24), url(48), url(32))
}
