//! What sets a client up for each of Comm100's sign-ins.

use crate::credentials as known;
use crate::host::Host;
use crate::sandbox::Sandbox;
use crate::vendors::{Setup, Variables};

/// Tells the client its platform; token and API base stand beside it, so nothing is sent there.
const DASH: &str = "https://dash11.comm100.io";
/// The same for partners.
const PARTNER: &str = "https://partner.comm100.io";

/// The variables that the crate `comm100` reads.
pub(super) fn environment(sandbox: &Sandbox, setup: Setup) -> Variables {
    let url = |name, host| (name, sandbox.url(host).to_owned());
    match setup {
        Setup::Comm100DashApiKey => vec![
            text("COMM100_PLATFORM", DASH),
            url("COMM100_TOKEN_BASE", Host::Comm100DashPanel),
            url("COMM100_API_BASE", Host::Comm100DashApi),
            ("COMM100_SITE_ID", known::COMM100_SITE_ID.to_string()),
            text("COMM100_EMAIL", known::COMM100_EMAIL),
            text("COMM100_API_KEY", known::COMM100_API_KEY),
        ],
        Setup::Comm100DashPassword => vec![
            text("COMM100_PLATFORM", DASH),
            url("COMM100_TOKEN_BASE", Host::Comm100DashPanel),
            url("COMM100_API_BASE", Host::Comm100DashApi),
            text("COMM100_CLIENT_ID", known::COMM100_CLIENT_ID),
            text("COMM100_EMAIL", known::COMM100_EMAIL),
            text("COMM100_PASSWORD", known::COMM100_PASSWORD),
        ],
        Setup::Comm100HostedClientCredentials => vec![
            url("COMM100_PLATFORM", Host::Comm100Hosted),
            ("COMM100_SITE_ID", known::COMM100_SITE_ID.to_string()),
            text("COMM100_CLIENT_ID", known::COMM100_CLIENT_ID),
            text("COMM100_CLIENT_SECRET", known::COMM100_CLIENT_SECRET),
            text("COMM100_REDIRECT_URI", known::COMM100_REDIRECT_URI),
        ],
        Setup::Comm100Partner => vec![
            text("COMM100_PLATFORM", PARTNER),
            url("COMM100_TOKEN_BASE", Host::Comm100PartnerPanel),
            url("COMM100_API_BASE", Host::Comm100PartnerApi),
            ("COMM100_PARTNER_ID", known::COMM100_PARTNER_ID.to_string()),
            text("COMM100_CLIENT_ID", known::COMM100_PARTNER_CLIENT_ID),
            text("COMM100_EMAIL", known::COMM100_PARTNER_EMAIL),
            text("COMM100_PASSWORD", known::COMM100_PARTNER_PASSWORD),
        ],
        _ => Vec::new(),
    }
}

fn text(name: &'static str, value: &str) -> (&'static str, String) {
    (name, value.to_owned())
}
