//! Lists the collections whose first records are written by hand; all others start with samples.

use std::fmt;

use serde_json::Value;

use crate::host::Host;
use crate::{comm100, communic8, webcommander};

/// The hand-written records of a collection.
pub(super) struct Seeds {
    host: Host,
    home: &'static str,
    pub(super) count: u64,
    record: fn(u32) -> Value,
    /// Whether lists begin with the last one.
    pub(super) newest_first: bool,
    /// Parameters of the list that keep only records with this value in the member of that name.
    pub(super) filters: &'static [&'static str],
}

impl Seeds {
    /// The record of this number.
    pub(super) fn record(&self, number: u64) -> Value {
        (self.record)(u32::try_from(number).unwrap_or(u32::MAX))
    }
}

impl fmt::Debug for Seeds {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} of {}", self.count, self.home)
    }
}

const fn seeds(host: Host, home: &'static str, count: u64, record: fn(u32) -> Value) -> Seeds {
    Seeds {
        host,
        home,
        count,
        record,
        newest_first: false,
        filters: &[],
    }
}

const fn newest_first(
    host: Host,
    home: &'static str,
    count: u64,
    record: fn(u32) -> Value,
) -> Seeds {
    Seeds {
        newest_first: true,
        ..seeds(host, home, count, record)
    }
}

const fn filtered(seeds: Seeds, filters: &'static [&'static str]) -> Seeds {
    Seeds { filters, ..seeds }
}

static SEEDS: [Seeds; 10] = [
    seeds(
        Host::Comm100DashApi,
        "/v4/livechat/campaigns",
        25,
        comm100::records::campaign,
    ),
    seeds(
        Host::Comm100DashApi,
        "/v4/global/agents",
        4,
        comm100::records::agent,
    ),
    seeds(
        Host::Comm100DashApi,
        "/v4/livechat/chats",
        12,
        comm100::records::chat,
    ),
    seeds(
        Host::Comm100Hosted,
        "/api/v2/livechat/campaigns",
        25,
        comm100::records::v2_campaign,
    ),
    seeds(
        Host::Comm100PartnerApi,
        "/v4/global/sites",
        3,
        comm100::records::site,
    ),
    newest_first(
        Host::Communic8,
        "/int/v1/channel",
        3,
        communic8::records::channel,
    ),
    filtered(
        newest_first(
            Host::Communic8,
            "/int/v1/campaign",
            250,
            communic8::records::campaign,
        ),
        &["status"],
    ),
    newest_first(
        Host::Communic8,
        "/int/v1/recipient",
        5,
        communic8::records::recipient,
    ),
    filtered(
        seeds(
            Host::WebCommander,
            "/api/v4/admin/customers",
            45,
            webcommander::records::customer,
        ),
        &["email", "status"],
    ),
    filtered(
        newest_first(
            Host::WebCommander,
            "/api/v4/admin/orders",
            30,
            webcommander::records::order,
        ),
        &["order_status", "payment_status"],
    ),
];

/// The hand-written records of a collection, if it has any.
pub(super) fn of(host: Host, home: &str) -> Option<&'static Seeds> {
    let mut all = SEEDS.iter();
    all.find(|seeds| seeds.host == host && seeds.home == home)
}
