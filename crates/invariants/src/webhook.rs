//! What a provider posts.

use std::collections::BTreeMap;

use auth_core::model::{Change, FromJson as _, Money, Place, Scalar, Time, ToJson as _, Value};
use auth_core::{ErrorKind, Secret, webhook};
use canary::Secrets;

use crate::Outcome;
use crate::scene;

auth_core::names! {
    /// How a chat ended.
    pub enum Ending: text {
        /// Nobody came.
        Missed = "missed",
        /// It was over.
        Closed = "closed",
    }
}

auth_core::model! {
    /// Somebody who writes.
    pub struct Visitor: any_case {
        required {
            /// Who.
            id: Scalar = "id",
        }
        optional {
            /// The name.
            name: Option<String> = "name" | "displayName",
            /// A page that was seen.
            page: Option<Box<Visitor>> = "referrer",
        }
    }
}

auth_core::model! {
    /// A chat that ended.
    pub struct ChatEnded: any_case {
        required {
            /// Which event.
            event: String = "event" | "eventName",
            /// Which chat.
            chat_id: String = "chatId",
        }
        optional {
            /// How it ended.
            ending: Option<Ending> = "ending",
            /// When.
            ended: Option<Time> = "endedTime",
            /// What was sold.
            sold: Option<Money> = "sold",
            /// How many messages there were.
            messages: Option<i64> = "messages",
            /// Whether it was rated.
            is_rated: Option<bool> = "isRated",
            /// Who wrote.
            visitors: Option<Vec<Visitor>> = "visitors",
            /// What the integrator has set.
            fields: Option<BTreeMap<String, Scalar>> = "fields",
            /// A note, which can be cleared.
            note: Change<String> = "note",
        }
    }
}

auth_core::events! {
    /// What is posted.
    pub enum Event by "event" | "eventName" {
        /// A chat ended.
        ChatEnded(ChatEnded) = "chat_ended" | "chatEnded",
    }
}

/// Reads a payload.
///
/// # Panics
/// Where an invariant does not hold.
pub fn check(input: &[u8]) -> Outcome {
    let secret = Secret::new("canary-of-the-hook");
    assert_eq!(
        webhook::is_from_holder(input, &secret),
        input == b"canary-of-the-hook"
    );

    let value = webhook::parse::<Value>(input);
    let event = Event::parse(input);
    let (value, event) = match (value, event) {
        (Err(error), event) => {
            refuse(&error);
            assert!(event.is_err(), "an event that is no JSON");
            return Outcome::Refused;
        }
        (Ok(_), Err(error)) => {
            refuse(&error);
            return Outcome::Refused;
        }
        (Ok(value), Ok(event)) => (value, event),
    };
    // The whole body is read, and nothing else.
    let text = input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input);
    assert_eq!(
        serde_json::from_slice::<Value>(text).ok().as_ref(),
        Some(&value)
    );

    let written = event.to_json();
    if matches!(event, Event::Unknown(_)) || has_exact_names(&value) {
        assert!(same(&written, &value), "{value}\n{written}");
    }
    match Event::from_json(written.clone(), &Place::root()) {
        Ok(again) => assert!(same(&again.to_json(), &written), "{value}\n{written}"),
        Err(misfit) => panic!("our own JSON does not fit: {misfit:?}\n{value}\n{written}"),
    }
    // Nothing of it is in `Debug`.
    let shown = format!("{event:?}");
    assert!(matches!(shown.as_str(), "ChatEnded" | "Unknown"), "{shown}");
    Outcome::Accepted
}

fn refuse(error: &auth_core::Error) {
    // No session is at hand, so no secret of one is kept out of the place that is named.
    let none = Secrets::new::<&str>([]);
    scene::on(|scene| scene.accept_without(error, &none));
    assert_eq!(error.kind(), ErrorKind::Decode, "{error:?}");
}

/// Whether every member is spelled as documented, or like none of those that are.
fn has_exact_names(value: &Value) -> bool {
    const NAMES: &[&str] = &[
        "event",
        "chatId",
        "ending",
        "endedTime",
        "sold",
        "messages",
        "isRated",
        "visitors",
        "fields",
        "note",
        "id",
        "name",
        "referrer",
    ];
    const OTHERS: &[&str] = &["displayName", "eventName"];
    let is_other = |name: &str| {
        let resembles = |known: &&str| known.eq_ignore_ascii_case(name);
        OTHERS.iter().any(resembles) || NAMES.iter().any(resembles) && !NAMES.contains(&name)
    };
    match value {
        Value::Object(members) => members
            .iter()
            .all(|(name, value)| !is_other(name) && has_exact_names(value)),
        Value::Array(items) => items.iter().all(has_exact_names),
        _ => true,
    }
}

/// Equality as JSON Schema has it: numbers by value, so that `5` is `5.0`. A text that came as a number or boolean is
/// written as a text.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            let is_same = |(name, a): (&String, &Value)| b.get(name).is_some_and(|b| same(a, b));
            a.len() == b.len() && a.iter().all(is_same)
        }
        (Value::String(text), Value::Number(number)) => number.to_string() == *text,
        (Value::String(text), Value::Bool(value)) => value.to_string() == *text,
        (one, other) => one == other,
    }
}
