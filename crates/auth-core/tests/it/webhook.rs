//! Payloads that providers post: told apart in any case, refused with a place and without a value.

use auth_core::model::{ToJson as _, Value};
use auth_core::{Error, ErrorKind, Secret, webhook};
use serde_json::json;

auth_core::model! {
    /// A chat that began.
    pub struct ChatStarted: any_case {
        required {
            /// Which.
            id: i64 = "id",
        }
    }
}

auth_core::model! {
    /// An agent's status.
    pub struct AgentStatus: any_case {
        optional {
            /// Whose.
            agent: Option<String> = "agentName",
        }
    }
}

auth_core::events! {
    /// What is posted.
    pub enum Event by "event" {
        /// A chat began.
        ChatStarted(ChatStarted) = "chat_started",
        /// An agent came or went.
        AgentStatusChanged(AgentStatus) = "online" | "Away",
    }
}

fn refused(body: impl AsRef<[u8]>) -> Error {
    let error = Event::parse(body.as_ref()).expect_err("no event");
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert_eq!(
        (error.status(), error.may_have_been_processed()),
        (None, false)
    );
    for text in [error.to_string(), format!("{error:?}")] {
        assert!(!text.contains("canary"), "{text}");
    }
    error
}

#[test]
fn events_are_told_apart_whatever_their_case() {
    for body in [
        r#"{"event":"chat_started","id":7}"#,
        r#"{"Event":"Chat_Started","ID":"7"}"#,
        "\u{feff}{\"EVENT\":\"CHAT_STARTED\",\"Id\":7}",
    ] {
        let event = Event::parse(body.as_bytes()).expect("an event");
        assert!(matches!(event, Event::ChatStarted(chat) if chat.id == 7));
    }
    for name in ["online", "away", "ONLINE", "Away"] {
        let body = json!({ "event": name, "AgentName": "ann" });
        let event = Event::parse(body.to_string().as_bytes()).expect("an event");
        assert_eq!(event.to_json(), body, "as it came");
        assert!(matches!(event, Event::AgentStatusChanged(agent) if agent.agent.is_some()));
    }
}

#[test]
fn an_unknown_event_is_kept_whole_and_not_shown() {
    for event in [json!("new"), json!(7), json!(null), json!(["online"])] {
        let body = json!({ "event": event, "text": "canary" });
        let event = Event::parse(body.to_string().as_bytes()).expect("an event");
        assert!(!format!("{event:?}").contains("canary"), "{event:?}");
        assert_eq!(event.to_json(), body);
        assert!(matches!(event, Event::Unknown(event) if *event.value() == body));
    }
}

#[test]
fn a_payload_that_does_not_fit_is_refused_by_its_place() {
    for (body, told) in [
        ("", "the JSON ends too early"),
        ("canary", "no valid JSON"),
        ("{\"event\":\"canary\"", "the JSON ends too early"),
        ("[\"canary\"]", "expected an object"),
        ("null", "expected an object"),
        ("{\"text\":\"canary\"}", "`$.event`: a required value"),
        (
            r#"{"event":"chat_started","id":"canary"}"#,
            "`$.id`: expected an integer",
        ),
        (r#"{"event":"chat_started"}"#, "`$.id`: a required value"),
        ("\u{feff}\u{feff}{}", "no valid JSON"),
        ("event=online", "no valid JSON"),
    ] {
        let text = refused(body).to_string();
        assert!(text.starts_with("the payload does not fit"), "{text}");
        assert!(text.contains(told), "{body}: {text}");
    }
    refused(b"{\"event\":\"\xff\"}");
}

#[test]
fn no_payload_is_too_deep_or_too_large_to_be_refused() {
    for depth in [128, 100_000] {
        let deep = format!("{{\"event\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        refused(&deep);
    }
    let of = |length: usize| {
        let shell = r#"{"event":"new","pad":""}"#;
        let pad = "x".repeat(length - shell.len());
        shell.replace(r#""pad":"""#, &format!(r#""pad":"{pad}""#))
    };
    assert!(Event::parse(of(webhook::LARGEST).as_bytes()).is_ok());
    let text = refused(of(webhook::LARGEST + 1)).to_string();
    assert!(text.contains("1 MiB"), "{text}");
}

#[test]
fn of_doubles_the_documented_spelling_counts_and_the_other_is_kept() {
    let body = br#"{"event":"chat_started","ID":"x","id":7}"#;
    let event = Event::parse(body).expect("an event");
    assert!(matches!(&event, Event::ChatStarted(chat) if chat.id == 7));
    assert_eq!(event.to_json()["ID"], "x");
    // The very same name twice: the last one counts, as JSON parsers have it.
    let body = br#"{"event":"online","event":"chat_started","id":7}"#;
    assert!(matches!(Event::parse(body), Ok(Event::ChatStarted(_))));
    let payload: Value = webhook::parse(br#"{"a":1,"A":2}"#).expect("JSON");
    assert_eq!(payload, json!({ "a": 1, "A": 2 }));
}

auth_core::model! {
    /// A message.
    pub struct Message: any_case {
        optional {
            /// Which event.
            event: Option<String> = "event" | "eventType",
            /// What a person wrote.
            text: Option<String> = "text",
        }
    }
}

auth_core::events! {
    /// What is posted under two names.
    pub enum Posted by "event" | "eventType" {
        /// It came.
        Came(Message) = "came",
        /// It went.
        Went(Message) = "went",
    }
}

#[test]
fn event_and_model_agree_on_the_member_that_tells_the_event() {
    for body in [
        r#"{"event":"came","Event":"went","EVENT":"went"}"#,
        r#"{"Event":"went","event":"came","eventType":"went"}"#,
        r#"{"eventType":"went","EVENT":"came"}"#,
        r#"{"event_":"went","Event":"went","EVENT":"came"}"#,
        r#"{"EventType":"went","eventType":"came"}"#,
    ] {
        let event = Posted::parse(body.as_bytes()).expect("an event");
        assert_eq!(event.to_json(), json_of(body), "nothing is lost");
        let Posted::Came(message) = event else {
            panic!("{body}");
        };
        assert_eq!(message.event.as_deref(), Some("came"), "{body}");
    }
}

fn json_of(text: &str) -> Value {
    webhook::parse(text.as_bytes()).expect("JSON")
}

#[test]
fn debug_shows_which_event_it_is_and_nothing_of_it() {
    for (name, shown) in [("came", "Came"), ("new", "Unknown")] {
        let body = json!({ "event": name, "text": "canary" });
        let event = Posted::parse(body.to_string().as_bytes()).expect("an event");
        assert_eq!(format!("{event:?}"), shown);
    }
}

#[test]
fn only_the_whole_secret_is_the_secret() {
    let secret = Secret::new("canary-secret");
    assert!(webhook::is_from_holder("canary-secret", &secret));
    assert!(webhook::is_from_holder(b"canary-secret", &secret));
    for given in [
        "",
        "canary",
        "canary-secret ",
        "canary-secreT",
        "canary-secret\0",
    ] {
        assert!(!webhook::is_from_holder(given, &secret), "{given}");
    }
    assert!(!webhook::is_from_holder("", &Secret::new("")));
}
