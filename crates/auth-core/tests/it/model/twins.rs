//! Members that are further spellings of a field that came: which counts, what is kept, and what is never sent.

use auth_core::model::{Change, FromJson, Place, ToJson, Value};
use serde_json::json;

auth_core::model! {
    /// Read whatever the case.
    pub struct Loose: any_case {
        optional {
            /// Which.
            id: Option<i64> = "id" | "identifier",
        }
        read_only {
            /// How often it was changed.
            version: Option<i64> = "version" | "ver",
        }
    }
}

auth_core::model! {
    /// Read as it is spelled.
    pub struct Strict {
        optional {
            /// Which.
            id: Option<i64> = "id" | "identifier",
        }
        read_only {
            /// How often it was changed.
            version: Option<i64> = "version",
        }
    }
}

auth_core::model! {
    /// What to change.
    pub struct Update: any_case from Loose {
        optional {
            /// Which.
            id: Change<i64> = "id" | "identifier",
        }
    }
}

fn read<T: FromJson>(value: Value) -> T {
    T::from_json(value, &Place::root()).expect("a model")
}

#[test]
fn of_several_spellings_the_exact_one_counts_and_then_the_first_in_alphabetical_order() {
    for value in [
        json!({ "ID": 2, "Id": 3, "id": 1, "identifier": 4 }),
        json!({ "Id": 2, "ID": 1 }),
        json!({ "iD": 2, "Id": 1 }),
        json!({ "identifier": 2, "Id": 1 }),
        json!({ "IDENTIFIER": 2, "identifier": 1 }),
    ] {
        let read: Loose = read(value.clone());
        assert_eq!(read.id, Some(1), "{value}");
        assert_eq!(read.to_json(), value, "nothing is lost");
    }
}

#[test]
fn a_twin_of_a_field_is_kept_and_never_sent() {
    let came = json!({ "version": 7, "Version": 8, "ver": 9, "id": 1, "Identifier": 1, "new": 1 });
    let mut model: Loose = read(came.clone());
    assert_eq!(model.to_json(), came);
    assert_eq!(model.to_body(), json!({ "id": 1, "new": 1 }));
    model.id = Some(2);
    assert_eq!(model.to_body(), json!({ "id": 2, "new": 1 }));
    let update = Update::from(model.clone());
    assert_eq!(update.to_body(), json!({ "id": 2, "new": 1 }));
    // What the caller puts there is the caller's word.
    model.unknown.insert("ver", 3);
    assert_eq!(model.to_body(), json!({ "id": 2, "new": 1, "ver": 3 }));
}

#[test]
fn another_case_is_another_field_where_case_counts() {
    let mut model: Strict = read(json!({ "version": 7, "Version": 8, "id": 1, "identifier": 1 }));
    model.id = Some(2);
    assert_eq!(model.to_body(), json!({ "id": 2, "Version": 8 }));
}
