//! A pending sign-in ends: kept in memory, and exported.

use std::time::Duration;

use auth_core::{Clock as _, ErrorKind, ManualClock, PendingAuthorization, Settings};
use serde_json::Value;

use super::{PANEL, started};
use crate::dialects::FORM;
use crate::stage::{authorization, query};

const MINUTE: Duration = Duration::from_secs(60);

fn on(clock: &ManualClock) -> auth_core::AuthorizationRequest {
    authorization(FORM, PANEL).settings(&Settings::new().clock(clock.clone()))
}

#[test]
fn it_is_good_for_ten_minutes_or_as_long_as_was_said() {
    let clock = ManualClock::new();
    let day = MINUTE * 60 * 24;
    for (request, limit) in [
        (on(&clock), MINUTE * 10),
        (on(&clock).lifetime(MINUTE), MINUTE),
        (on(&clock).lifetime(Duration::MAX), day),
    ] {
        let (_, pending, state) = started(&request);
        let exported = pending.export();
        let callback = format!("/back?from=x%20y&code=c&state={state}");
        let imported = || PendingAuthorization::import_at(exported.expose(), clock.clone());
        let imported = || imported().expect("our own export");
        let early = imported();
        clock.advance(limit - Duration::from_millis(2));
        for good in [pending.clone(), early.clone(), imported()] {
            good.check(&callback).expect("in time");
        }
        clock.advance(Duration::from_millis(2));
        for late in [pending, early, imported()] {
            let error = late.check(&callback).expect_err("too late");
            assert_eq!(error.kind(), ErrorKind::Blocked);
            assert!(error.to_string().contains("too late"), "{error}");
        }
    }
    let none = on(&clock).lifetime(Duration::ZERO).start();
    assert_eq!(none.expect_err("no time").kind(), ErrorKind::Config);
}

#[test]
fn an_export_says_when_it_ends_by_the_wall_clock() {
    let clock = ManualClock::new();
    let (_, pending, _) = started(&on(&clock));
    let exported: Value = serde_json::from_str(pending.export().expose()).expect("JSON");
    let end = clock.utc() + MINUTE * 10;
    let end = end
        .duration_since(std::time::UNIX_EPOCH)
        .expect("after 1970");
    assert_eq!(
        u128::from(exported["expires_at_ms"].as_u64().expect("a time")),
        end.as_millis()
    );
    assert_eq!(exported["version"], 2);
}

#[test]
fn an_export_without_a_sensible_end_is_refused() {
    let (_, pending, _) = started(&authorization(FORM, PANEL));
    let exported = pending.export();
    let exported: Value = serde_json::from_str(exported.expose()).expect("JSON");
    for end in [
        Value::Null,
        Value::from(u64::MAX),
        Value::from("soon"),
        Value::from(-1),
        Value::from(exported["expires_at_ms"].as_u64().expect("a time") + 3 * 24 * 3_600_000),
    ] {
        let mut changed = exported.clone();
        changed["expires_at_ms"] = end;
        let error = PendingAuthorization::import(&changed.to_string());
        let error = error.expect_err(&changed.to_string());
        assert_eq!(error.kind(), ErrorKind::Config);
    }
    let mut without = exported;
    without
        .as_object_mut()
        .expect("an object")
        .remove("expires_at_ms");
    assert!(PendingAuthorization::import(&without.to_string()).is_err());
}

#[test]
fn the_callback_leads_to_the_name_that_an_export_is_kept_under() {
    let (url, pending, state) = started(&authorization(FORM, PANEL));
    let key = pending.key();
    assert_eq!(key.len(), 32);
    assert!(key.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert!(!url.as_str().contains(&key));
    let imported = PendingAuthorization::import(pending.export().expose()).expect("ours");
    assert_eq!(imported.key(), key);
    let (_, other, _) = started(&authorization(FORM, PANEL));
    assert_ne!(other.key(), key);
    let encoded: String = state.bytes().map(|byte| format!("%{byte:02x}")).collect();
    for callback in [
        format!("/back?from=x%20y&code=c&state={state}"),
        format!("https://app.example/back?state={state}&error=access_denied"),
        format!("?st%61te={encoded}#state=x"),
    ] {
        assert_eq!(
            PendingAuthorization::key_in(&callback),
            Some(key.clone()),
            "{callback}"
        );
    }
    for callback in [
        String::new(),
        "/back".to_owned(),
        "/back?code=c".to_owned(),
        format!("/back#state={state}"),
        format!("/back#?state={state}"),
        format!("/back?state={state}&state={state}"),
        "/back?state=%FF".to_owned(),
    ] {
        assert_eq!(PendingAuthorization::key_in(&callback), None, "{callback}");
    }
    assert_eq!(query(&url, "state"), state);
}
