//! The plan of auth-core's rooms: who may import whom, and who may name which foreign crate.
//!
//! A new room is one more name in [`COLUMNS`]; nothing else has to change.

/// The rooms in import order: a room may import whatever stands in a column above its own, and its
/// neighbors in the same column as long as no circle arises.
const COLUMNS: &[&[&str]] = &[
    &["secret", "clock", "error"],
    &[
        "transport",
        "grant",
        "dialect",
        "token",
        "fault",
        "model",
        "rate_limit",
        "retry_budget",
        "token_budget",
    ],
    &["endpoint", "store"],
    &["settings"],
    &["session", "authorize", "diagnosis"],
    &["http"],
    &["page", "webhook"],
    &["canned", "operation"],
];

/// The rooms of the first column are leaves: this is the only neighbor that they may import.
const LEAF_OF_LEAVES: &str = "error";

/// Foreign crates that only some rooms may name.
pub(super) const FOREIGN: &[(&str, &[&str])] = &[
    ("oauth2", &["authorize", "endpoint"]),
    ("reqwest", &["transport"]),
];

/// The column of a room, if the plan has it.
pub(super) fn column(room: &str) -> Option<usize> {
    COLUMNS.iter().position(|column| column.contains(&room))
}

/// Whether one room may import another, circles apart.
pub(super) fn may_import(from: &str, to: &str) -> bool {
    match (column(from), column(to)) {
        (Some(_), Some(_)) if from == to => true,
        (Some(0), Some(0)) => to == LEAF_OF_LEAVES && from != LEAF_OF_LEAVES,
        (Some(from), Some(to)) => to <= from,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::may_import;

    #[test]
    fn rooms_import_from_above_and_beside_only() {
        assert!(may_import("page", "secret"));
        assert!(may_import("transport", "token"));
        assert!(may_import("session", "session"));
        assert!(!may_import("token", "session"));
        assert!(!may_import("http", "page"));
    }

    #[test]
    fn leaves_import_nothing_but_the_error() {
        assert!(may_import("secret", "error"));
        assert!(!may_import("error", "secret"));
        assert!(!may_import("secret", "clock"));
    }
}
