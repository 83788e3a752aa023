//! Lists the documents, which host serves each of them, and their text.

use super::document::Provider;
use crate::host::Host;

/// A document as it lies in the crate.
pub(super) struct Source {
    pub(super) provider: Provider,
    pub(super) name: &'static str,
    pub(super) host: Host,
    pub(super) text: &'static str,
}

macro_rules! source {
    ($provider:ident, $directory:literal, $name:literal, $host:ident) => {
        Source {
            provider: Provider::$provider,
            name: $name,
            host: Host::$host,
            text: include_str!(concat!("../../openapi/", $directory, "/", $name, ".json")),
        }
    };
}

/// Every document, those of a provider in the order of their names.
pub(super) const SOURCES: &[Source] = &[
    source!(Comm100, "comm100", "aiagent", Comm100DashApi),
    source!(Comm100, "comm100", "bot", Comm100DashApi),
    source!(Comm100, "comm100", "contact", Comm100DashApi),
    source!(Comm100, "comm100", "global", Comm100DashApi),
    source!(Comm100, "comm100", "kb", Comm100DashApi),
    source!(Comm100, "comm100", "livechat", Comm100DashApi),
    source!(Comm100, "comm100", "partner", Comm100PartnerApi),
    source!(Comm100, "comm100", "report", Comm100DashApi),
    source!(Comm100, "comm100", "secureform", Comm100DashApi),
    source!(Comm100, "comm100", "ticketing", Comm100DashApi),
    source!(Comm100, "comm100", "v2", Comm100Hosted),
    source!(Communic8, "communic8", "communic8", Communic8),
    source!(WebCommander, "webcommander", "blogs", WebCommander),
    source!(WebCommander, "webcommander", "carts", WebCommander),
    source!(WebCommander, "webcommander", "catalog", WebCommander),
    source!(WebCommander, "webcommander", "customers", WebCommander),
    source!(WebCommander, "webcommander", "discounts", WebCommander),
    source!(WebCommander, "webcommander", "display", WebCommander),
    source!(WebCommander, "webcommander", "older", WebCommander),
    source!(WebCommander, "webcommander", "orders", WebCommander),
    source!(WebCommander, "webcommander", "pages", WebCommander),
    source!(WebCommander, "webcommander", "search", WebCommander),
    source!(WebCommander, "webcommander", "settings", WebCommander),
    source!(WebCommander, "webcommander", "shipping", WebCommander),
    source!(WebCommander, "webcommander", "taxes", WebCommander),
];
