//! Answers that are large, deep, or odd on purpose: what is read of them and what is told.

use std::collections::BTreeMap;

use auth_core::{Error, ErrorKind, Method, Response, Settings};
use wiremock::ResponseTemplate;

use super::{decoded, say, signed_in};
use crate::dialects::{FORM, JSON};
use crate::endpoint::json_machine;
use crate::leak;
use crate::stage::{CLIENT_SECRET, Vendor, client, granted, header, person, renew};

/// As much of a failure's body as is decoded.
const LOOKED_AT: usize = 64 << 10;

/// How a call ends that is answered with `answer`, where `"success": false` is a failure under any status.
async fn outcome(answer: ResponseTemplate) -> Result<Response, Error> {
    let vendor = Vendor::with_api(|n, _| granted(n), move |_, _| answer.clone()).await;
    let client = client(JSON, &vendor.url(), json_machine(), &Settings::new());
    client.request(Method::GET, "/things").send().await
}

/// A failure of exactly `length` bytes.
fn failure(length: usize) -> String {
    let shell = r#"{"code":"E1","message":"no","pad":""}"#;
    let pad = "x".repeat(length - shell.len());
    shell.replace(r#""pad":"""#, &format!(r#""pad":"{pad}""#))
}

#[tokio::test]
async fn a_failure_is_decoded_up_to_64_kib_and_kept_up_to_four() {
    for (length, code, message) in [
        (LOOKED_AT, Some("E1"), Some("no")),
        (LOOKED_AT + 1, None, None),
        (4 << 20, None, None),
    ] {
        let answer = say(400, &failure(length));
        let error = outcome(answer).await.expect_err("a failure");
        assert_eq!(error.kind(), ErrorKind::Invalid, "{length}");
        assert_eq!(error.provider_code(), code, "{length}");
        assert_eq!(error.provider_message(), message, "{length}");
        assert_eq!(error.body().map(<[u8]>::len), Some(4096), "{length}");
    }
}

#[tokio::test]
async fn a_soft_failure_is_found_in_a_body_that_is_too_large_and_too_deep_to_be_decoded() {
    let large = "[[],0,{}],".repeat(1 << 19);
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for (name, rest) in [("large", format!("[{large}0]")), ("deep", deep)] {
        for body in [
            format!(r#"{{"success":false,"data":{rest},"code":7}}"#),
            format!(r#"{{"data":{rest},"code":7,"success":false}}"#),
        ] {
            let error = outcome(say(200, &body)).await.expect_err(name);
            assert_eq!(error.kind(), ErrorKind::Invalid, "{name}");
            assert_eq!(error.provider_code(), None, "{name}");
            assert!(error.body().is_some_and(|kept| kept.len() <= 4096));
        }
        let body = format!(r#"{{"success":true,"data":{rest}}}"#);
        let answer = outcome(say(200, &body)).await.expect(name);
        assert_eq!(answer.bytes().len(), body.len(), "{name}");
    }
}

#[tokio::test]
async fn a_soft_failure_is_false_at_the_top_and_nothing_else() {
    for (body, is_failure) in [
        (r#"{"success":false}"#, true),
        (r#"{"success":"false"}"#, true),
        (r#" {"a":[1,{"b":null}],"success" : false}"#, true),
        (r#"{"success":true,"success":false}"#, true),
        (r#"{"succ\u0065ss":false}"#, true),
        (r#"{"success":true}"#, false),
        (r#"{"succ\u0065ss":true}"#, false),
        (r#"{"success":"true"}"#, false),
        (r#"{"success":""}"#, false),
        (r#"{"success":null}"#, false),
        (r#"{"success":0}"#, false),
        (r#"{"success":-1}"#, false),
        (r#"{"success":0.0}"#, false),
        (r#"{"success":[false]}"#, false),
        (r#"{"success":{"success":false}}"#, false),
        (r#"{"data":{"success":false}}"#, false),
        (r#"[{"success":false}]"#, false),
        (r#"{"says":"\"success\":false"}"#, false),
        (r#"{"success":false"#, false),
        (r#""success""#, false),
    ] {
        let outcome = outcome(say(200, body)).await;
        assert_eq!(outcome.is_err(), is_failure, "{body}");
    }
}

#[tokio::test]
async fn a_decode_error_repeats_no_key_that_could_be_data() {
    let line = "line\nFAKE LOG LINE";
    let huge = "k".repeat(5_000_000);
    let many = "k.".repeat(2_500_000);
    let token = "dG9rZW4tY2FuYXJ5LTMxMzM3LXRva2VuLWNhbmFyeS0zMTMzNw";
    for (key, hidden) in [
        (line, "FAKE"),
        (&*huge, "kk"),
        (&*many, &*many),
        (token, token),
    ] {
        let body = format!(r#"{{"{}":{{"b":"x"}}}}"#, key.replace('\n', "\\n"));
        let answer = decoded::<BTreeMap<String, BTreeMap<String, u64>>>(say(200, &body)).await;
        let error = answer.expect_err("a text is no number");
        assert_eq!(error.kind(), ErrorKind::Decode);
        let text = error.to_string();
        assert!(text.len() < 700, "{} bytes", text.len());
        assert!(
            !text.contains(hidden) && !text.contains(char::is_control),
            "{text}"
        );
        assert!(!format!("{error:?}").contains(hidden), "{error:?}");
        assert!(text.contains("expected u64"), "{text}");
    }
    let body = r#"{"a-b_1":{"b":"x"}}"#;
    let answer = decoded::<BTreeMap<String, BTreeMap<String, u64>>>(say(200, body)).await;
    let text = answer.expect_err("a text is no number").to_string();
    assert!(text.contains("`a-b_1.b`"), "a name is told: {text}");
}

#[tokio::test]
async fn a_304_is_the_answer_to_a_conditional_call() {
    let vendor = Vendor::with_api(
        |n, _| granted(n),
        |_, request| match request.headers.get("if-none-match") {
            Some(_) => ResponseTemplate::new(304).insert_header("etag", "\"1\""),
            None => say(200, "{}").insert_header("etag", "\"1\""),
        },
    )
    .await;
    let client = signed_in(&vendor, &Settings::new()).await;
    let first = client.request(Method::GET, "/things").send().await;
    assert_eq!(first.expect("an answer").status(), 200);
    let call = client.request(Method::GET, "/things");
    let call = call.header("if-none-match", "\"1\"");
    let answer = call.send().await.expect("nothing is new");
    assert_eq!(answer.status(), 304);
    assert_eq!(answer.headers()["etag"], "\"1\"");
    assert!(answer.bytes().is_empty());
    assert_eq!(vendor.calls(), 2);
}

#[tokio::test]
async fn a_failure_that_speaks_of_a_spent_code_or_of_replaced_tokens_tells_none_of_them() {
    const CODE: &str = "canary-spent-code";
    let earlier = [CODE, "access-0", "refresh-0"];
    let message = format!("not with {}", earlier.join(" or "));
    let body = format!("{{\"message\":\"{message}\"}}");
    let vendor = Vendor::with_api(|n, _| granted(n), move |_, _| say(400, &body)).await;
    let mut principal = person(FORM, &vendor.url(), CODE);
    principal.client_secret = Some(CLIENT_SECRET.into());
    let client = client(FORM, &vendor.url(), principal, &Settings::new());
    header(&client).await.expect("a token");
    renew(&client).await.expect("another");
    let sent = client.request(Method::GET, "/things").send().await;
    let error = sent.expect_err("a failure");
    assert_eq!(
        error.provider_message(),
        Some("not with [REDACTED] or [REDACTED] or [REDACTED]")
    );
    let body = String::from_utf8_lossy(error.body().unwrap_or_default()).into_owned();
    for secret in earlier {
        let told = leak::told(&error);
        assert!(!told.contains(secret) && !body.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn a_misfit_that_is_found_when_the_client_is_gone_tells_no_token_either() {
    let vendor = Vendor::with_api(|n, _| granted(n), |_, _| say(200, r#"{"access-0":"x"}"#)).await;
    let client = signed_in(&vendor, &Settings::new()).await;
    let answer = client.request(Method::GET, "/things").send().await;
    drop(client);
    let answer = answer.expect("an answer");
    let error = answer.json::<BTreeMap<String, u64>>();
    let told = leak::told(&error.expect_err("a text is no number"));
    assert!(!told.contains("access-0"), "{told}");
}
