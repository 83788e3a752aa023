//! The implicit grant of `HOSTED_V2`, seed 001: JSON as in the sample, fragment as in the RFC.

use std::time::{Duration, SystemTime};

use comm100::{Client, ErrorKind, ManualClock, OAuthClient, PendingAuthorization, Platform, Url};

use super::{HALF_A_DAY, value};
use crate::fixture::{self, HOSTED_CLIENT, HOSTED_REDIRECT, SITE, Sample};
use crate::mock::{FORM, Origin, answer, get, hosted, on};
use crate::way::ok;

const AGENTS: &str = "/api/v2/account/agents";

fn begin() -> (Url, PendingAuthorization) {
    let builder = Client::builder(Platform::hosted())
        .site_id(SITE)
        .oauth_client(OAuthClient::new(HOSTED_CLIENT).redirect_uri(HOSTED_REDIRECT));
    let request = builder.implicit_authorization_request();
    ok(request.and_then(|request| request.start()))
}

#[test]
fn authorization_url_is_the_samples_with_state() {
    let (url, _) = begin();
    let state = value(&url, "state");
    assert_eq!(
        url.as_str(),
        format!(
            "https://hosted.comm100.com/oauth/authorize?client_id=67e26cfb-1b62-48c7-b6a9-237dddfd690a\
             &siteId=20417&redirect_uri=https%3A%2F%2Fapp.example.com%2Foauth%2Fcallback\
             &response_type=token&state={state}"
        )
    );
    let mut sample = Sample::read("hosted_v2_implicit.request.json").query();
    sample.push(("state".to_owned(), state));
    assert_eq!(fixture::decode(url.query().unwrap()), sample);
}

#[tokio::test]
async fn json_of_the_sample_is_read_and_renewed_with_the_client_id_alone() {
    let origin = Origin::start().await;
    let sample = "hosted_v2_implicit.response.json";
    origin.answer_sample("/oauth/token", sample).await;
    origin
        .answer(AGENTS, answer(200, &serde_json::json!([])))
        .await;
    let clock = ManualClock::new();
    let (_, pending) = begin();
    let tokens = pending
        .read_implicit(fixture::text(sample).as_bytes())
        .unwrap();
    let client = hosted(&origin)
        .oauth_client(OAuthClient::new(HOSTED_CLIENT).redirect_uri(HOSTED_REDIRECT))
        .implicit_tokens(tokens)
        .settings(on(&clock))
        .build()
        .unwrap();
    get(&client, AGENTS).await;
    clock.advance(HALF_A_DAY);
    get(&client, AGENTS).await;
    let [call, refresh, _] = origin.seen().await.try_into().unwrap();
    call.is("GET", "/api/v2/account/agents", "");
    call.is_call_to(
        &origin,
        "Bearer yEsOJPWeePXBWLDQB95a_cBMg8Mt1qt2Zo2_beip0XafD-UmFEW2b-2Km8fGCnxVzKmv",
    );
    refresh.is(
        "POST",
        "/oauth/token",
        "grant_type=refresh_token\
         &refresh_token=ee6a898dc7bd66f6a52ebc2f92e5586373ab7c1eacf1845b80ae2de1f2827ef6\
         &client_id=67e26cfb-1b62-48c7-b6a9-237dddfd690a",
    );
    refresh.is_token_request_to(&origin, FORM);
}

#[test]
fn fragment_of_the_rfc_is_read_with_its_state() {
    let before = SystemTime::now();
    let (url, pending) = begin();
    let values = "access_token=yEsO-JPW&token_type=bearer&expires_in=43199";
    let callback = format!("{HOSTED_REDIRECT}#{values}&state={}", value(&url, "state"));
    let tokens = pending.check_implicit(&callback).unwrap();
    assert_eq!(tokens.access_token().expose(), "yEsO-JPW");
    assert!(tokens.refresh_token().is_none());
    let lifetime = Duration::from_secs(43_199);
    let end = tokens.expires_at().unwrap();
    assert!((before + lifetime..=SystemTime::now() + lifetime).contains(&end));

    for (callback, kind) in [
        (format!("{HOSTED_REDIRECT}#{values}"), ErrorKind::Blocked),
        (
            format!("{HOSTED_REDIRECT}#{values}&state=x"),
            ErrorKind::Blocked,
        ),
        (format!("{HOSTED_REDIRECT}?{values}"), ErrorKind::Blocked),
    ] {
        let (_, pending) = begin();
        let error = pending.check_implicit(&callback).unwrap_err();
        assert_eq!(error.kind(), kind, "{callback}");
    }
}
