//! How much a refusal costs: tokens, refresh tokens and secrets that stay refused however often they are asked about.

use auth_core::{ApiClient, ErrorKind, ManualClock, MemoryStore, Method, Settings};
use wiremock::{Request, ResponseTemplate};

use crate::clocks::HastyClock;
use crate::dialects::FORM;
use crate::stage::{
    Vendor, client, client_with, granted, granted_alone, header, machine, person, profile, refused,
    resumed, seconds, tokens,
};

/// A provider with a path that answers 401 whatever token comes, and no other.
async fn odd_vendor(issue: fn(usize) -> ResponseTemplate) -> Vendor {
    let api = |_: usize, request: &Request| match request.url.path() {
        "/odd" => refused(401, "go away"),
        _ => ResponseTemplate::new(200).set_body_string("{}"),
    };
    Vendor::with_api(move |n, _| issue(n), api).await
}

/// How a call to `path` ends.
async fn outcome(client: &ApiClient, path: &str) -> Result<(), ErrorKind> {
    let answer = client.request(Method::GET, path).send().await;
    answer.map(|_| ()).map_err(|error| error.kind())
}

#[tokio::test]
async fn a_path_that_refuses_every_token_costs_a_few_tokens_and_harms_no_other_path() {
    let vendor = odd_vendor(granted).await;
    let clock = HastyClock::default();
    let settings = Settings::new().clock(clock.clone());
    let client = client(FORM, &vendor.url(), machine(), &settings);
    for _ in 0..50 {
        let odd = outcome(&client, "/odd").await;
        assert_eq!(odd, Err(ErrorKind::Unauthorized));
    }
    let spent = vendor.tokens();
    assert!((3..=6).contains(&spent), "{spent} token requests");
    assert_eq!(outcome(&client, "/fine").await, Ok(()));
    assert_eq!(vendor.tokens(), spent, "the current token was good");
    // One more is tried when the pause has passed, and the next pause is longer.
    for (wait, renewals) in [(1, 1), (1, 1), (1, 2), (3, 2), (1, 3)] {
        clock.advance(seconds(wait));
        for _ in 0..3 {
            let odd = outcome(&client, "/odd").await;
            assert_eq!(odd, Err(ErrorKind::Unauthorized));
        }
        assert_eq!(vendor.tokens(), spent + renewals, "{wait} s later");
    }
}

#[tokio::test]
async fn tokens_that_are_revoked_once_in_a_while_are_each_renewed_at_once() {
    // The API takes the latest token only, and each but the first call finds that it was revoked meanwhile.
    let good = |n: usize, request: &Request| {
        let expected = format!("Bearer access-{}", n.div_ceil(2));
        let sent = request.headers.get("authorization");
        let is_good = sent.is_some_and(|sent| sent.as_bytes() == expected.as_bytes());
        ResponseTemplate::new(if is_good { 200 } else { 401 })
    };
    let vendor = Vendor::with_api(|n, _| granted(n), good).await;
    let clock = ManualClock::new();
    let settings = Settings::new().clock(clock.clone());
    let client = client(FORM, &vendor.url(), machine(), &settings);
    for renewals in 0..10 {
        assert_eq!(outcome(&client, "/things").await, Ok(()));
        assert_eq!(vendor.tokens(), 1 + renewals);
        assert_eq!(vendor.calls(), 1 + 2 * renewals);
        clock.advance(seconds(600));
    }
}

#[tokio::test]
async fn a_401_that_nothing_can_cure_calls_for_the_person_and_the_token_stays_in_use() {
    let vendor = odd_vendor(granted).await;
    let clock = ManualClock::new();
    let settings = Settings::new().clock(clock.clone());
    let client = client_with(&vendor.url(), tokens(&clock, None, 3600), &settings);
    for _ in 0..3 {
        assert_eq!(outcome(&client, "/fine").await, Ok(()));
        let odd = outcome(&client, "/odd").await;
        assert_eq!(odd, Err(ErrorKind::Reauthorize));
        clock.advance(seconds(70));
    }
    assert_eq!((vendor.tokens(), vendor.calls()), (0, 6));
}

#[tokio::test]
async fn a_401_that_only_the_store_can_cure_is_cured_by_it() {
    let vendor = odd_vendor(granted_alone).await;
    let clock = ManualClock::new();
    let settings = Settings::new()
        .clock(clock.clone())
        .store(MemoryStore::new())
        .account("ann");
    let old = client_with(&vendor.url(), tokens(&clock, None, 3600), &settings);
    assert_eq!(header(&old).await.expect("a token"), "Bearer access-old");
    clock.advance(seconds(10));
    // The person signs in again elsewhere.
    let code = person(FORM, &vendor.url(), "code-1");
    let new = client(FORM, &vendor.url(), code, &settings);
    assert_eq!(header(&new).await.expect("a token"), "Bearer access-0");
    assert_eq!(outcome(&old, "/odd").await, Err(ErrorKind::Unauthorized));
    assert_eq!(header(&old).await.expect("a token"), "Bearer access-0");
    assert_eq!((vendor.tokens(), vendor.calls()), (1, 2));
}

#[tokio::test]
async fn a_refused_refresh_token_is_not_sent_again() {
    let vendor = Vendor::new(|_, _| refused(400, "invalid_grant")).await;
    let clock = ManualClock::new();
    let settings = Settings::new().clock(clock.clone());
    let old = tokens(&clock, Some("refresh-old"), -1);
    let client = client_with(&vendor.url(), old, &settings);
    for second in 0..600 {
        let error = header(&client).await.expect_err("a refused refresh token");
        assert_eq!(error.kind(), ErrorKind::Reauthorize, "second {second}");
        clock.advance(seconds(1));
    }
    assert_eq!(vendor.tokens(), 1);
}

#[tokio::test]
async fn a_refused_refresh_token_of_a_token_that_is_still_good_does_not_end_it() {
    let vendor = Vendor::with_api(
        |_, _| refused(400, "invalid_grant"),
        |_, _| ResponseTemplate::new(401),
    )
    .await;
    let clock = ManualClock::new();
    let settings = Settings::new().clock(clock.clone());
    let good = tokens(&clock, Some("refresh-old"), 3600);
    let client = client_with(&vendor.url(), good, &settings);
    for _ in 0..20 {
        let odd = outcome(&client, "/things").await;
        assert_eq!(odd, Err(ErrorKind::Reauthorize));
        clock.advance(seconds(70));
    }
    assert_eq!(vendor.tokens(), 1);
}

/// How many token requests a refused sign-in costs that is asked for once a second for ten minutes.
pub(super) async fn requests_in_ten_minutes(principal: auth_core::Principal) -> usize {
    let vendor = Vendor::new(|_, _| refused(401, "invalid_client")).await;
    let clock = ManualClock::new();
    let settings = Settings::new().clock(clock.clone());
    let client = client(FORM, &vendor.url(), principal, &settings);
    for _ in 0..600 {
        let error = header(&client).await.expect_err("a refused secret");
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
        clock.advance(seconds(1));
    }
    vendor.tokens()
}

#[tokio::test]
async fn a_refused_secret_that_cannot_change_is_sent_less_and_less_often() {
    // Pauses of up to 1, 2, 4 .. 32 seconds, then of up to 60, each at least half of it.
    let requests = requests_in_ten_minutes(machine()).await;
    assert!((14..=26).contains(&requests), "{requests} token requests");
}

#[tokio::test]
async fn a_day_of_retry_after_is_believed_for_a_quarter_of_an_hour() {
    let vendor = Vendor::new(|n, _| match n {
        0 => refused(503, "busy").insert_header("retry-after", "86400"),
        _ => granted(n),
    })
    .await;
    let clock = ManualClock::new();
    let settings = Settings::new().clock(clock.clone());
    let client = client(FORM, &vendor.url(), machine(), &settings);
    for wait in [0, 899] {
        clock.advance(seconds(wait));
        let error = header(&client).await.expect_err("a busy provider");
        assert_eq!(error.kind(), ErrorKind::Provider);
        assert_eq!(vendor.tokens(), 1, "after {wait} s");
    }
    clock.advance(seconds(1));
    assert_eq!(header(&client).await.expect("a token"), "Bearer access-1");
}

#[test]
fn an_authorization_code_of_another_issuer_is_refused_at_once() {
    let [here, elsewhere] = ["http://127.0.0.1:9", "http://127.0.0.1:10"];
    let build = |issuer: &str| {
        let principal = person(FORM, issuer, "code-1");
        ApiClient::new(profile(FORM, here, principal), &Settings::new())
    };
    assert!(build(here).is_ok());
    let error = build(elsewhere).expect_err("a code of another provider");
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(
        error.to_string().contains("`authorization_code`"),
        "{error}"
    );
    assert!(ApiClient::new(profile(FORM, here, resumed()), &Settings::new()).is_ok());
}
