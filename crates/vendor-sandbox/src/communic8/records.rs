//! What the Communic8 instance of the sandbox holds.

use std::collections::BTreeSet;
use std::sync::Mutex;

use serde_json::{Value, json};

use crate::lock::lock;

/// What was changed beside the stored records.
#[derive(Debug, Default)]
pub(crate) struct Communic8 {
    /// The ids of the one group's members.
    pub(super) members: Mutex<BTreeSet<String>>,
}

impl Communic8 {
    /// Makes it what it was at the start.
    pub(crate) fn reset(&self) {
        lock(&self.members).clear();
    }
}

/// How many recipients there are.
pub(super) const RECIPIENTS: u32 = 5;

/// The id of the one group.
pub(crate) fn group_id() -> String {
    object_id(0x09, 1)
}

/// 24 hexadecimal digits that tell their kind and number.
fn object_id(kind: u32, number: u32) -> String {
    format!("65{kind:06x}00000000{number:08x}")
}

/// A channel; there are 3.
pub(crate) fn channel(number: u32) -> Value {
    json!({
        "_id": object_id(0xca, number),
        "aDate": "2025-01-10T09:00:00.000Z",
        "mDate": "2025-02-10T09:00:00.000Z",
        "status": "1",
        "name": format!("Channel {number}"),
        "description": format!("Channel number {number} of the sandbox"),
        "title": format!("Channel {number}"),
        "paused": false,
        "sharedUsers": [],
        "sharedGroups": [],
        "defaults": { "enableEmail": true, "enablePushNotification": false },
        "ownerId": {
            "_id": object_id(0x05, 1),
            "displayName": "Sandbox Owner",
            "firstName": "Sandbox",
            "lastName": "Owner",
            "email": "owner@example.com",
        },
    })
}

/// A campaign; there are 250.
pub(crate) fn campaign(number: u32) -> Value {
    let statuses = ["0", "1", "3", "4"];
    let status = statuses.iter().cycle().nth(number as usize);
    json!({
        "_id": object_id(0xcc, number),
        "aDate": "2025-01-10T09:00:00.000Z",
        "mDate": "2025-02-10T09:00:00.000Z",
        "name": format!("Campaign {number}"),
        "status": status,
    })
}

/// A recipient.
pub(crate) fn recipient(number: u32) -> Value {
    json!({
        "_id": object_id(0x0e, number),
        "aDate": "2025-01-10T09:00:00.000Z",
        "mDate": "2025-02-10T09:00:00.000Z",
        "email": format!("recipient{number}@example.com"),
        "active": true,
        "registered": true,
        "suppressed": false,
        "firstName": "Recipient",
        "lastName": number.to_string(),
        "displayName": format!("Recipient {number}"),
        "mobile": "",
        "phone": "",
    })
}
