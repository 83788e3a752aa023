//! The way through a provider's sign-in page and back.

mod expiry;
mod several;

use std::collections::BTreeSet;

use auth_core::{AuthorizationRequest, ErrorKind, PendingAuthorization, Settings};
use oauth2::{PkceCodeChallenge, PkceCodeVerifier};
use url::Url;

use crate::dialects::{FORM, GUESS, JSON};
use crate::stage::{
    CLIENT_ID, REDIRECT_URI, Vendor, application, authorization, base, client, granted, header,
    member, query,
};

const PANEL: &str = "https://panel.example";
const ENCODED_URI: &str = "https%3A%2F%2Fapp.example%2Fback%3Ffrom%3Dx%20y";

fn started(request: &AuthorizationRequest) -> (Url, PendingAuthorization, String) {
    let (url, pending) = request.start().expect("a sign-in");
    let state = query(&url, "state");
    (url, pending, state)
}

#[test]
fn the_url_holds_the_rows_parameters_in_order_each_encoded_once() {
    let request = authorization(FORM, PANEL).scope("openid offline_access");
    let (url, _, state) = started(&request);
    let challenge = query(&url, "code_challenge");
    assert_eq!(
        url.as_str(),
        format!(
            "{PANEL}/oauth/authorize?client_id=app-1&response_type=code&redirect_uri={ENCODED_URI}\
             &code_challenge={challenge}&code_challenge_method=S256&siteId=10%201\
             &scope=openid%20offline_access&state={state}"
        )
    );
    let plain = AuthorizationRequest::new(FORM, base(PANEL), CLIENT_ID, REDIRECT_URI);
    let (url, _, _) = started(&plain.expect("a good request"));
    for name in ["siteId", "scope"] {
        assert!(url.query_pairs().all(|(known, _)| known != name), "{url}");
    }
}

#[test]
fn a_dialect_without_pkce_sends_none() {
    let (url, _, state) = started(&authorization(GUESS, PANEL));
    assert_eq!(
        url.as_str(),
        format!(
            "{PANEL}/sign-in?app=app-1&response_type=code&redirect_uri={ENCODED_URI}\
             &siteId=10%201&state={state}"
        )
    );
}

#[test]
fn state_and_challenge_are_43_characters_and_never_the_same() {
    let request = authorization(FORM, PANEL);
    let mut seen = BTreeSet::new();
    for _ in 0..100 {
        let (url, _, state) = started(&request);
        for value in [state, query(&url, "code_challenge")] {
            assert_eq!(value.len(), 43);
            assert!(seen.insert(value), "twice the same");
        }
    }
}

#[test]
fn a_request_that_lacks_something_is_refused_by_name() {
    let new =
        |client_id: &str, uri: &str| AuthorizationRequest::new(GUESS, base(PANEL), client_id, uri);
    let refused = |error: auth_core::Error, name: &str| {
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(&format!("`{name}`")), "{error}");
    };
    refused(new("", REDIRECT_URI).expect_err("no id"), "client_id");
    refused(new("a", "back").expect_err("no URL"), "redirect_uri");
    refused(
        new("a", "https://b/#c").expect_err("a fragment"),
        "redirect_uri",
    );
    let lacking = new("a", REDIRECT_URI).expect("good so far");
    refused(lacking.start().expect_err("no site"), "site_id");
    let pageless = authorization(JSON, PANEL);
    refused(pageless.start().expect_err("no page"), "platform");
}

#[tokio::test]
async fn the_exchange_sends_the_verifier_of_the_challenge_and_the_code_with_its_plus() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let (url, pending, state) = started(&authorization(FORM, &vendor.url()));
    let challenge = query(&url, "code_challenge");
    let callback = format!("{REDIRECT_URI}&code=a+b%2Bc%2Fd&state={state}").replace(' ', "%20");
    let code = pending.check(&callback).expect("a good callback");
    let principal = application(auth_core::Grant::AuthorizationCode(code));
    let client = client(FORM, &vendor.url(), principal, &Settings::new());
    header(&client).await.expect("a token");
    let body = vendor.requests().await.remove(0).body;
    let text = String::from_utf8_lossy(&body).into_owned();
    assert!(text.contains("&code=a%2Bb%2Bc%2Fd&"), "{text}");
    assert_eq!(member(&body, "redirect_uri").as_deref(), Some(REDIRECT_URI));
    let verifier = PkceCodeVerifier::new(member(&body, "code_verifier").expect("a verifier"));
    let expected = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
    assert_eq!(expected.as_str(), challenge);
}

/// What a callback is refused with; `STATE` stands for the right state.
fn refusal(callback: &str) -> auth_core::Error {
    let (_, pending, state) = started(&authorization(FORM, PANEL));
    let callback = callback.replace("STATE", &state);
    pending.check(&callback).expect_err(&callback)
}

#[test]
fn a_callback_that_is_not_the_answer_to_this_sign_in_is_blocked() {
    for callback in [
        "/back?code=c&state=STATE",
        "/back?from=z&code=c&state=STATE",
        "?code=c&state=STATE",
        "/back?from=x%20y&code=c%FFd&state=STATE",
        "/back?from=x%20y&code=c&state=STATE&session_state=%C3",
        "/back?from=%FF&code=c&state=STATE",
        "/back?from=x%20y&from=z&code=c&state=STATE",
        "/back?from&code=c&state=STATE",
        "/back?FROM=x%20y&code=c&state=STATE",
        "/back?code=c&state=STATE#from=x%20y",
        "/back#x?from=x%20y&code=c&state=STATE",
        "#?from=x%20y&code=c&state=STATE",
        "/back?from=x%20y&code=c",
        "/back?from=x%20y&code=c&state=",
        "/back?from=x%20y&code=c&state=other",
        "/back?from=x%20y&code=c&state=STATEx",
        "/back?from=x%20y&code=c&state=STATE&state=STATE",
        "/back?from=x%20y&code=c&state=STATE&state=other",
        "/back?from=x%20y&code=c&code=d&state=STATE",
        "/back?from=x%20y&code=c&c%6Fde=d&state=STATE",
        "/back?from=x%20y&error=access_denied",
        "/back?from=x%20y&error=access_denied&state=other",
        "/back?from=x%20y&code=c&state=STATE&iss=https://evil.example",
        "/back?from=x%20y&code=c&state=STATE&iss=https%3A%2F%2Fpanel.example%2F",
        "/back?from=x%20y&code=c&state=STATE&iss=",
        "/elsewhere?code=c&state=STATE",
        "/back/?from=x%20y&code=c&state=STATE",
        "https://evil.example/back?from=x%20y&code=c&state=STATE",
        "http://app.example/back?from=x%20y&code=c&state=STATE",
        "https://app.example:444/back?from=x%20y&code=c&state=STATE",
        "https://app.example@evil.example/back?from=x%20y&code=c&state=STATE",
        "https://u@app.example/back?from=x%20y&code=c&state=STATE",
    ] {
        let error = refusal(callback);
        assert_eq!(error.kind(), ErrorKind::Blocked, "{callback}: {error}");
        assert!(!error.is_retryable());
    }
}

#[test]
fn a_callback_with_more_parameters_than_anybody_sends_is_blocked() {
    // Three are there besides.
    for (more, is_good) in [(29, true), (30, false), (10_000, false)] {
        let (_, pending, state) = started(&authorization(FORM, PANEL));
        let more: String = (0..more).map(|n| format!("&p{n}")).collect();
        let callback = format!("/back?from=x%20y&code=c&state={state}{more}");
        match pending.check(&callback) {
            Ok(_) => assert!(is_good),
            Err(error) => {
                assert!(!is_good, "{error}");
                assert!(error.to_string().contains("too many"), "{error}");
                assert_eq!(error.kind(), ErrorKind::Blocked);
            }
        }
    }
}

#[test]
fn a_callback_that_refuses_or_has_no_code_says_so() {
    for (callback, kind) in [
        (
            "/back?from=x%20y&error=access_denied&state=STATE",
            ErrorKind::Permission,
        ),
        (
            "/back?from=x%20y&error=access_denied&code=c&state=STATE",
            ErrorKind::Permission,
        ),
        (
            "/back?from=x%20y&error=server_error&state=STATE",
            ErrorKind::Provider,
        ),
        ("/back?from=x%20y&state=STATE", ErrorKind::Decode),
        ("/back?from=x%20y&code=&state=STATE", ErrorKind::Decode),
        ("/back?from=x%20y&code&state=STATE", ErrorKind::Decode),
        ("/back?from=x%20y&state=STATE#code=c", ErrorKind::Decode),
    ] {
        let error = refusal(callback);
        assert_eq!(error.kind(), kind, "{callback}: {error}");
    }
    let error = refusal(
        "/back?from=x%20y&error=access_denied&error_description=not+you%0D%0Ax&state=STATE",
    );
    assert_eq!(error.provider_code(), Some("access_denied"));
    assert_eq!(error.provider_message(), Some("not you  x"));
}

#[test]
fn each_error_of_the_page_has_its_kind_and_says_whether_to_try_again() {
    for (code, kind, is_retryable) in [
        ("access_denied", ErrorKind::Permission, false),
        ("invalid_request", ErrorKind::Invalid, false),
        ("invalid_scope", ErrorKind::Invalid, false),
        ("server_error", ErrorKind::Provider, true),
        ("something_new", ErrorKind::Provider, false),
        ("temporarily_unavailable", ErrorKind::Provider, true),
        ("unauthorized_client", ErrorKind::Invalid, false),
        ("unsupported_response_type", ErrorKind::Invalid, false),
        ("", ErrorKind::Provider, false),
    ] {
        let error = refusal(&format!("/back?from=x%20y&error={code}&state=STATE"));
        assert_eq!(error.kind(), kind, "{code}: {error}");
        assert_eq!(error.is_retryable(), is_retryable, "{code}");
        assert_eq!(error.provider_code(), Some(code));
        assert_eq!(error.status(), None, "{code}");
    }
}

#[test]
fn what_the_page_says_is_scrubbed_of_the_sign_ins_secrets_and_cut() {
    let (_, pending, state) = started(&authorization(FORM, PANEL));
    let exported: serde_json::Value =
        serde_json::from_str(pending.export().expose()).expect("an export is JSON");
    let verifier = exported["verifier"].as_str().expect("a verifier");
    let long = "x".repeat(2000);
    let callback = format!(
        "/back?from=x%20y&state={state}&code=c-canary-1&error=server_error+{state}\
         &error_description=of+{state}+and+{verifier}+and+c-canary-1+{long}"
    );
    let error = pending.check(&callback).expect_err("an error");
    let message = error.provider_message().expect("a message").to_owned();
    assert!(
        message.starts_with("of [REDACTED] and [REDACTED] and [REDACTED] xxx"),
        "{message}"
    );
    assert_eq!(message.len(), 500);
    let told = crate::leak::told(&error);
    for secret in [state.as_str(), verifier, "c-canary-1"] {
        assert!(!told.contains(secret), "{told}");
    }
    assert!(told.len() < 4000, "{}", told.len());
}

#[test]
fn a_good_callback_may_come_whole_or_from_its_path_on_and_name_the_issuer() {
    for callback in [
        "https://app.example/back?from=x%20y&code=c&state=STATE",
        "https://app.example/back?from=x+y&code=c&state=STATE",
        "https://APP.example:443/back?from=x%20y&code=c&state=STATE",
        "/back?from=x%20y&code=c&state=STATE&iss=https%3A%2F%2Fpanel.example",
        " /back?from=x%20y&state=STATE&code=c#_=_ ",
        "?from=x%20y&code=c&state=STATE&session_state=1",
    ] {
        let (_, pending, state) = started(&authorization(FORM, PANEL));
        let callback = callback.replace("STATE", &state);
        pending
            .check(&callback)
            .unwrap_or_else(|error| panic!("{callback}: {error}"));
    }
}

#[test]
fn a_missing_state_is_accepted_on_request_and_only_where_pkce_binds_the_code() {
    let request = authorization(FORM, PANEL).allow_missing_state();
    let (_, pending, _) = started(&request);
    pending
        .check("/back?from=x%20y&code=c")
        .expect("no state is fine");
    let (_, pending, state) = started(&request);
    let callback = format!("/back?from=x%20y&code=c&state={state}");
    pending.check(&callback).expect("the right state is fine");
    for state in ["other", ""] {
        let (_, pending, _) = started(&request);
        let callback = format!("/back?from=x%20y&code=c&state={state}");
        let error = pending.check(&callback).expect_err("a wrong state");
        assert_eq!(error.kind(), ErrorKind::Blocked);
    }
    let unbound = authorization(GUESS, PANEL).allow_missing_state();
    let error = unbound.start().expect_err("no PKCE");
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(
        error.to_string().contains("`allow_missing_state`"),
        "{error}"
    );
}

#[tokio::test]
async fn a_pending_sign_in_survives_export_and_import() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let (url, pending, state) = started(&authorization(FORM, &vendor.url()));
    let stored = pending.export();
    assert!(stored.expose().contains(&state));
    let imported = PendingAuthorization::import(stored.expose()).expect("our own export");
    assert_eq!(imported.dialect(), "FORM");
    let error = imported
        .clone()
        .check("/back?from=x%20y&code=c&state=other")
        .expect_err("a wrong state");
    assert_eq!(error.kind(), ErrorKind::Blocked);
    let code = imported
        .check(&format!("/back?from=x%20y&code=c&state={state}"))
        .expect("a good callback");
    let principal = application(auth_core::Grant::AuthorizationCode(code));
    let client = client(FORM, &vendor.url(), principal, &Settings::new());
    header(&client).await.expect("a token");
    let body = vendor.requests().await.remove(0).body;
    let verifier = PkceCodeVerifier::new(member(&body, "code_verifier").expect("a verifier"));
    assert_eq!(
        PkceCodeChallenge::from_code_verifier_sha256(&verifier).as_str(),
        query(&url, "code_challenge")
    );
}

#[test]
fn an_import_of_anything_else_is_refused_without_repeating_it() {
    let (_, pending, state) = started(&authorization(FORM, PANEL));
    let good = pending.export();
    let good = good.expose();
    for text in [
        String::new(),
        "{}".to_owned(),
        good.replace("\"version\":2", "\"version\":1"),
        good.replace("\"version\":2", "\"version\":2,\"more\":2"),
        good.replace(&state, ""),
        good.replace(&format!("\"{state}\""), &format!("[\"{state}\"]")),
        good[..good.len() - 2].to_owned(),
    ] {
        let error = PendingAuthorization::import(&text).expect_err(&text);
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(!format!("{error} {error:?}").contains(&state), "{error:?}");
    }
}

#[cfg(feature = "implicit")]
mod implicit {
    use super::*;

    fn started_implicit() -> (Url, PendingAuthorization, String) {
        started(&authorization(GUESS, PANEL).implicit())
    }

    #[test]
    fn the_url_asks_for_a_token_and_carries_no_challenge() {
        let (url, _, state) = started_implicit();
        assert_eq!(
            url.as_str(),
            format!(
                "{PANEL}/sign-in?app=app-1&response_type=token&redirect_uri={ENCODED_URI}\
                 &siteId=10%201&state={state}"
            )
        );
        let (url, _, _) = started(&authorization(FORM, PANEL).implicit());
        assert!(
            url.query_pairs()
                .all(|(name, _)| !name.starts_with("code_"))
        );
        let error = authorization(FORM, PANEL)
            .implicit()
            .allow_missing_state()
            .start();
        assert_eq!(error.expect_err("no PKCE").kind(), ErrorKind::Config);
    }

    #[test]
    fn the_token_stands_in_the_fragment() {
        let (_, pending, state) = started_implicit();
        let callback = format!(
            "{REDIRECT_URI}#access_token=t%2B1&token_type=bearer&expires_in=3600&state={state}"
        );
        let tokens = pending.check_implicit(&callback).expect("a token");
        assert_eq!(tokens.access_token().expose(), "t+1");
        assert!(tokens.expires_at().is_some());
        assert!(tokens.refresh_token().is_none());
    }

    #[test]
    fn a_bad_fragment_is_refused() {
        let token = "access_token=tok-canary-31337";
        for (fragment, kind) in [
            (format!("{token}&token_type=bearer"), ErrorKind::Blocked),
            (
                format!("{token}&token_type=bearer&state=other"),
                ErrorKind::Blocked,
            ),
            (format!("{token}&{token}&state=STATE"), ErrorKind::Blocked),
            (
                "error=access_denied&state=STATE".to_owned(),
                ErrorKind::Permission,
            ),
            (format!("{token}&state=STATE"), ErrorKind::Decode),
            (
                format!("{token}%20x&token_type=bearer&state=STATE"),
                ErrorKind::Decode,
            ),
            (
                format!("{token}&token_type=mac&state=STATE"),
                ErrorKind::Decode,
            ),
            (
                "token_type=bearer&state=STATE".to_owned(),
                ErrorKind::Decode,
            ),
        ] {
            let (_, pending, state) = started_implicit();
            let callback = format!("/back#{}", fragment.replace("STATE", &state));
            let error = pending.check_implicit(&callback).expect_err(&callback);
            assert_eq!(error.kind(), kind, "{callback}");
            assert!(!crate::leak::told(&error).contains("31337"), "{error:?}");
        }
        let (_, pending, state) = started_implicit();
        let query = format!("/back?from=x%20y&{token}&token_type=bearer&state={state}");
        assert!(pending.check_implicit(&query).is_err(), "not in the query");
    }

    #[test]
    fn an_answer_as_json_is_read_too() {
        let read = |body: &str| {
            let (_, pending, _) = started_implicit();
            pending.read_implicit(body.as_bytes())
        };
        let body = crate::stage::answer(7).to_string();
        let tokens = read(&body).expect("a token");
        assert_eq!(tokens.access_token().expose(), "access-7");
        let refresh = tokens.refresh_token().expect("a refresh token");
        assert_eq!(refresh.expose(), "refresh-7");
        for body in ["", "[\"t\",\"bearer\"]", "{\"access_token\":\"t\"}", "{}"] {
            let error = read(body).expect_err(body);
            assert_eq!(error.kind(), ErrorKind::Decode);
        }
    }
}
