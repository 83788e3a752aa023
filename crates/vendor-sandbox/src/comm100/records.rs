//! What the Comm100 account of the sandbox holds.

use serde_json::{Value, json};

/// GUIDs that tell their kind and number.
fn guid(kind: u32, number: u32) -> String {
    format!("{kind:08x}-0000-4000-8000-{number:012x}")
}

/// A campaign of v4; there are 25.
pub(crate) fn campaign(number: u32) -> Value {
    let language = if number.is_multiple_of(5) {
        "german"
    } else {
        "english"
    };
    json!({
        "id": guid(0xca, number),
        "name": format!("Campaign {number}"),
        "description": format!("Campaign number {number} of the sandbox"),
        "language": language,
    })
}

/// The same campaign in v2, where its id is a number.
pub(crate) fn v2_campaign(number: u32) -> Value {
    let mut campaign = campaign(number);
    campaign["id"] = Value::from(number);
    campaign
}

/// An agent, of v4 and v2; there are 4.
pub(crate) fn agent(number: u32) -> Value {
    json!({
        "id": guid(0xa9, number),
        "email": format!("agent{number}@example.com"),
        "displayName": format!("Agent {number}"),
        "firstName": "Agent",
        "lastName": number.to_string(),
        "isAdmin": number == 1,
        "isActive": true,
        "isLocked": number == 2,
        "lockedTime": (number == 2).then_some("2025-03-02T10:15:00.25Z"),
        "createdTime": "2025-01-15T08:00:00Z",
        "permissionIds": [4, 5],
        "departmentIds": [guid(0xde, 1)],
    })
}

/// A chat; there are 12.
pub(crate) fn chat(number: u32) -> Value {
    let status = if number.is_multiple_of(4) {
        "missed"
    } else {
        "normal"
    };
    json!({
        "id": 9000 + number,
        "guid": guid(0xc4, number),
        "startTime": format!("2025-03-{number:02}T09:00:00Z"),
        "endTime": format!("2025-03-{number:02}T09:12:30.5Z"),
        "status": status,
        "source": "chatButton",
        "preChatName": format!("Visitor {number}"),
        "preChatEmail": format!("visitor{number}@example.com"),
    })
}

/// A site of the partner; there are 3.
pub(crate) fn site(number: u32) -> Value {
    json!({
        "id": 10_000 + number,
        "partnerId": 20_000,
        "status": "Open",
        "company": format!("Example Company {number}"),
    })
}
