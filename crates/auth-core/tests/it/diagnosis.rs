//! What a diagnosis says of token, renewals, calls, host and clock, and what it costs; of the store in `session/checkup`.

use auth_core::{
    ApiClient, Check, Clock as _, Diagnosis, ErrorKind, FindingState, Grant, HealthState, List,
    ManualClock, Method, Paging, Principal, RateLimiter, Settings,
};
use chrono::{DateTime, Utc};
use serde_json::json;
use wiremock::ResponseTemplate;

use crate::clocks::eventually;
use crate::dialects::FORM;
use crate::raw::{Act, RawServer, free_port, http};
use crate::stage::{
    CLIENT_SECRET, Vendor, client_with, granted, granted_alone, header, machine, refused, seconds,
    tokens,
};

use FindingState::{Attention, Broken, Fine, Unknown};

/// Fails unless the finding has this state, says all of `parts`, and advises what to do if anything is wrong.
pub(crate) fn says(diagnosis: &Diagnosis, check: Check, state: FindingState, parts: &[&str]) {
    let finding = diagnosis.finding(check);
    assert_eq!(
        (finding.check(), finding.state()),
        (check, state),
        "{diagnosis}"
    );
    for part in parts {
        assert!(finding.text().contains(part), "no `{part}`: {diagnosis}");
    }
    match state {
        Fine => assert_eq!(finding.advice(), None, "{diagnosis}"),
        // Nothing says that anything is wrong.
        Unknown if check == Check::Clock => assert_eq!(finding.advice(), None, "{diagnosis}"),
        _ => assert!(finding.advice().is_some(), "{diagnosis}"),
    }
    assert!(diagnosis.to_string().contains(&finding.to_string()));
    assert_eq!(finding.to_string().lines().count(), 1);
}

/// A list without pages.
const SINGLE: Paging = Paging::single();

fn with_clock() -> (ManualClock, Settings) {
    let clock = ManualClock::new();
    let settings = Settings::new().clock(clock.clone()).token_retries(0);
    (clock, settings)
}

fn client(vendor: &Vendor, settings: &Settings) -> ApiClient {
    crate::stage::client(FORM, &vendor.url(), machine(), settings)
}

#[tokio::test]
async fn a_client_that_is_well_is_fine_and_a_diagnosis_spends_nothing() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let (clock, settings) = with_clock();
    let client = client(&vendor, &settings);
    header(&client).await.expect("a token");
    clock.advance(seconds(12));
    let diagnosis = client.diagnose().await;
    assert_eq!(diagnosis.worst().state(), Fine, "{diagnosis}");
    assert_eq!(diagnosis.dialect(), "FORM");
    assert_eq!(diagnosis.token_age(), Some(seconds(12)));
    assert_eq!(diagnosis.health_state(), HealthState::Fresh);
    assert_eq!(diagnosis.findings().len(), 6);
    let left = [
        "in use for 12 s",
        "ends in 59 min 48 s",
        "renewal is due in 5",
    ];
    says(&diagnosis, Check::Token, Fine, &left);
    says(&diagnosis, Check::Renewal, Fine, &["none has failed"]);
    says(&diagnosis, Check::Calls, Fine, &["none has failed"]);
    let held = ["MemoryStore", "tokens number", ", those in use here"];
    says(&diagnosis, Check::Store, Fine, &held);
    says(
        &diagnosis,
        Check::Host,
        Fine,
        &[&vendor.url(), "status 200"],
    );
    let text = diagnosis.to_string();
    for part in [
        "it/1.0 with auth-core",
        "dialect FORM, sign-in: client credentials",
        &format!("tokens and API at {}", vendor.url()),
        "next: Nothing has to be done.",
    ] {
        assert!(text.contains(part), "no `{part}`: {text}");
    }
    assert_eq!(diagnosis.next_step(), None);
    for secret in [CLIENT_SECRET, "access-0", "refresh-0"] {
        assert_eq!(crate::leak::find(&text, &[secret]), None, "{text}");
    }

    let requests = vendor.requests().await;
    assert_eq!(requests.len(), 2, "the sign-in before it, and one request");
    let asked = &requests[1];
    assert_eq!((asked.method.as_str(), asked.url.path()), ("HEAD", "/"));
    assert_eq!((asked.url.query(), asked.body.len()), (None, 0));
    let names: Vec<_> = asked.headers.keys().map(|name| name.as_str()).collect();
    assert!(
        names
            .iter()
            .all(|name| ["host", "user-agent", "accept"].contains(name)),
        "{names:?}"
    );
    assert_eq!(header(&client).await.expect("a token"), "Bearer access-0");
}

#[tokio::test]
async fn a_client_that_has_not_signed_in_is_not_signed_in_by_it() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let client = client(&vendor, &Settings::new());
    for _ in 0..3 {
        let diagnosis = client.diagnose().await;
        says(&diagnosis, Check::Token, Unknown, &["none yet"]);
        says(&diagnosis, Check::Store, Fine, &["holds no tokens"]);
        assert_eq!(diagnosis.token_age(), None);
        let next = diagnosis.next_step().expect("something to do");
        assert!(next.contains("`sign_in`"), "{next}");
    }
    assert_eq!((vendor.tokens(), vendor.calls()), (0, 3));
}

#[tokio::test]
async fn a_token_that_is_due_or_over_is_told_and_left_alone() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let (clock, settings) = with_clock();
    let client = client(&vendor, &settings);
    header(&client).await.expect("a token");
    clock.advance(seconds(3400));
    let due = client.diagnose().await;
    let left = ["ends in 3 min 20 s", "renewal is due"];
    says(&due, Check::Token, Fine, &left);
    clock.advance(seconds(260));
    let over = client.diagnose().await;
    let told = ["ended 1 min ago", "the next call renews"];
    says(&over, Check::Token, Attention, &told);
    says(&over, Check::Store, Fine, &["which ended 1 min ago"]);
    assert_eq!(over.token_age(), None);
    assert_eq!(vendor.tokens(), 1);
}

#[tokio::test]
async fn a_token_that_was_refused_and_could_not_be_renewed_is_told() {
    let vendor = Vendor::with_api(
        |n, _| match n {
            0 => granted(n),
            _ => refused(503, "busy"),
        },
        |_, _| refused(401, "gone"),
    )
    .await;
    let (clock, settings) = with_clock();
    let client = client(&vendor, &settings);
    let call = client.request(Method::GET, "/things").send();
    call.await.expect_err("a refusal, and no other token");
    clock.advance(seconds(3));
    let diagnosis = client.diagnose().await;
    let told = ["refused with 401 before its end", "the next call renews"];
    says(&diagnosis, Check::Token, Attention, &told);
    let told = ["the last one failed", "Provider: ", "status 503", "busy"];
    says(&diagnosis, Check::Renewal, Broken, &told);
    let told = ["3 s ago", "Provider: ", "status 503"];
    says(&diagnosis, Check::Calls, Attention, &told);
    assert_eq!(diagnosis.worst().check(), Check::Renewal);
    let text = diagnosis.to_string();
    assert!(
        text.ends_with(diagnosis.next_step().expect("one")),
        "{text}"
    );
}

#[tokio::test]
async fn a_person_who_will_be_needed_or_is_needed_is_told() {
    let vendor = Vendor::new(|_, _| refused(400, "invalid_grant")).await;
    let (clock, settings) = with_clock();
    let alone = client_with(&vendor.url(), tokens(&clock, None, 630), &settings);
    let told = ["ends in 10 min", "nothing to renew it with"];
    says(&alone.diagnose().await, Check::Token, Attention, &told);

    let brought = tokens(&clock, Some("refresh-old"), 630);
    let client = client_with(&vendor.url(), brought, &settings);
    says(
        &client.diagnose().await,
        Check::Token,
        Fine,
        &["ends in 10 min"],
    );
    clock.advance(seconds(631));
    let over = ["ended 1 s ago", "nothing to renew it with"];
    says(&alone.diagnose().await, Check::Token, Broken, &over);
    header(&client).await.expect_err("a refused refresh token");
    let diagnosis = client.diagnose().await;
    says(&diagnosis, Check::Token, Broken, &over);
    let told = [
        "a person must sign in again",
        "Reauthorize: ",
        "invalid_grant",
    ];
    says(&diagnosis, Check::Renewal, Broken, &told);
    assert_eq!(diagnosis.health_state(), HealthState::NeedsPerson);
    let next = diagnosis.next_step().expect("something to do");
    assert!(next.contains("sign-in page"), "{next}");
    assert_eq!(vendor.tokens(), 1);
}

#[tokio::test]
async fn renewals_that_fail_in_the_background_call_for_attention() {
    let vendor = Vendor::new(|n, _| match n {
        0 => granted_alone(n),
        _ => refused(401, "invalid_client"),
    })
    .await;
    let (clock, settings) = with_clock();
    let client = client(&vendor, &settings);
    header(&client).await.expect("a token");
    clock.advance(seconds(3400));
    let session = client.session();
    for failed in [1, 2] {
        header(&client).await.expect("the old token");
        eventually("the renewal has failed", || {
            vendor.tokens() == failed + 1
                && matches!(session.health().state, HealthState::BackingOff { .. })
        })
        .await;
        let row = ["the last one failed", "the last 2 failed"][failed - 1];
        let told = [
            row,
            "no other begins yet",
            "Unauthorized: ",
            "invalid_client",
        ];
        says(&client.diagnose().await, Check::Renewal, Attention, &told);
        clock.advance(seconds(5));
    }
    assert_eq!(
        session.health().error.map(|error| error.kind()),
        Some(ErrorKind::Unauthorized)
    );
}

#[tokio::test]
async fn a_call_that_failed_is_told_with_what_a_support_desk_asks_for() {
    let vendor = Vendor::with_api(
        |n, _| granted(n),
        |n, _| match n {
            0 => refused(403, "forbidden").insert_header("x-request-id", "id-7"),
            2 => refused(404, "unknown"),
            _ => ResponseTemplate::new(200),
        },
    )
    .await;
    let (clock, settings) = with_clock();
    let client = client(&vendor, &settings);
    let call = || client.request(Method::GET, "/things").send();
    call().await.expect_err("a refusal");
    clock.advance(seconds(90));
    call().await.expect("an answer");
    // What worked since is not counted, so that it costs nothing.
    let told = [
        "1 min 30 s ago",
        "Permission: ",
        "403",
        "forbidden",
        "[request id-7]",
    ];
    let diagnosis = client.clone().diagnose().await;
    says(&diagnosis, Check::Calls, Attention, &told);
    assert_eq!(vendor.calls(), 3);
    // After an hour it is no news.
    clock.advance(seconds(3600));
    let diagnosis = client.diagnose().await;
    says(&diagnosis, Check::Calls, Fine, &["1 h 1 min ago"]);
    let calls = diagnosis.finding(Check::Calls).advice();
    assert_eq!(calls, None, "{diagnosis}");

    let other = Vendor::with_api(|n, _| granted(n), |_, _| refused(404, "unknown")).await;
    let client = self::client(&other, &settings);
    let call = client.request(Method::GET, "/things").send();
    call.await.expect_err("nothing there");
    says(
        &client.diagnose().await,
        Check::Calls,
        Fine,
        &["NotFound: "],
    );
}

#[tokio::test]
async fn an_answer_that_does_not_fit_is_told_and_outlasts_a_call_that_asked_for_nothing() {
    let vendor = Vendor::with_api(
        |n, _| granted(n),
        |n, _| match n {
            0 => ResponseTemplate::new(200).set_body_json(json!({ "id": "seven" })),
            1 => refused(404, "unknown"),
            // Each diagnosis asks the host, too.
            3 => refused(403, "forbidden"),
            _ => ResponseTemplate::new(200).set_body_json(json!([1, "two"])),
        },
    )
    .await;
    let client = client(&vendor, &Settings::new());
    let call = || client.request(Method::GET, "/things");
    #[derive(Debug, serde::Deserialize)]
    struct Thing {
        #[expect(dead_code, reason = "it is never read: it does not fit")]
        id: u64,
    }
    let answer = call().send().await.expect("an answer");
    answer.json::<Thing>().expect_err("a text is no number");
    call().send().await.expect_err("nothing there");
    let told = ["Decode: the answer does not fit at `id`"];
    let diagnosis = client.diagnose().await;
    says(&diagnosis, Check::Calls, Attention, &told);
    let failure = diagnosis.finding(Check::Calls).failure();
    assert_eq!(failure, Some(ErrorKind::Decode));

    // The latest of those that somebody has to do something about.
    call().send().await.expect_err("no right");
    let diagnosis = client.diagnose().await;
    let told = ["Permission: ", "forbidden"];
    says(&diagnosis, Check::Calls, Attention, &told);
    let list = List::<u64>::json(call(), &SINGLE);
    list.send().await.expect_err("a text is no number");
    let told = ["Decode: the answer does not fit at `$[1]`"];
    says(&client.diagnose().await, Check::Calls, Attention, &told);
}

#[tokio::test]
async fn a_body_that_breaks_off_or_is_too_large_or_no_file_is_told() {
    let cut = http("200 OK", "", "0123456789");
    let server = RawServer::start(move |n| match n {
        0 => Act::AnswerAndClose(cut[..cut.len() - 5].to_vec()),
        2 => Act::Answer(http("200 OK", "", "0123456789")),
        // Each diagnosis asks the host, too.
        _ => Act::Answer(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()),
    })
    .await;
    let key = Principal::new(Grant::StaticToken("key-canary".into()));
    let client = crate::stage::client(FORM, &server.url(), key, &Settings::new());
    let open = || client.request(Method::GET, "/things").open();

    let download = open().await.expect("half an answer");
    download.bytes().await.expect_err("half a body");
    let told = ["Connect: the connection to", "broke"];
    says(&client.diagnose().await, Check::Calls, Attention, &told);
    let download = open().await.expect("an answer").with_limit(9);
    download.bytes().await.expect_err("a body too large");
    let told = ["Blocked: the answer is larger than 9 bytes"];
    says(&client.diagnose().await, Check::Calls, Attention, &told);
    let home = tempfile::tempdir().expect("a directory");
    let saving = open()
        .await
        .expect("an answer")
        .save(home.path().join("it"));
    saving.await.expect_err("no file");
    let told = ["Decode: ", "no content that could be a file"];
    says(&client.diagnose().await, Check::Calls, Attention, &told);
}

#[tokio::test]
async fn our_own_rate_limit_is_told_as_the_cause() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let limiter = RateLimiter::new(1, seconds(3600));
    let client = client(&vendor, &Settings::new().rate_limiter(limiter));
    let call = || client.request(Method::GET, "/things");
    call().send().await.expect("the first one");
    let call = call().with_deadline(seconds(1));
    call.send().await.expect_err("no turn");
    let diagnosis = client.diagnose().await;
    let told = ["RateLimited: the client-side rate limit is used up"];
    says(&diagnosis, Check::Calls, Attention, &told);
    let next = diagnosis.next_step().expect("something to do");
    assert!(next.contains("own rate limit"), "{next}");
}

#[tokio::test]
async fn a_key_needs_neither_renewal_nor_store() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let (clock, settings) = with_clock();
    let key = Principal::new(Grant::StaticToken("key-canary".into()));
    let client = crate::stage::client(FORM, &vendor.url(), key, &settings);
    says(
        &client.diagnose().await,
        Check::Token,
        Unknown,
        &["a key that no call has shown to be good"],
    );
    header(&client).await.expect("a key");
    let unproved = client.diagnose().await;
    says(&unproved, Check::Token, Unknown, &["no call has shown"]);
    let call = || client.request(Method::GET, "/things").send();
    call().await.expect("an answer");
    clock.advance(seconds(30));
    let diagnosis = client.diagnose().await;
    says(
        &diagnosis,
        Check::Token,
        Fine,
        &["a key without an end", "30 s"],
    );
    says(&diagnosis, Check::Store, Fine, &["none is needed"]);
    assert_eq!(diagnosis.worst().state(), Fine, "{diagnosis}");
    let text = diagnosis.to_string();
    assert!(text.contains("sign-in: static token"), "{text}");
    assert!(!text.contains("key-canary"), "{text}");
}

/// A machine's client whose host answers `HEAD /` with these headers, and nothing else.
async fn answering(headers: String, settings: &Settings) -> ApiClient {
    let server = RawServer::start(move |_| Act::Answer(http("204 No Content", &headers, ""))).await;
    crate::stage::client(FORM, &server.url(), machine(), settings)
}

#[tokio::test]
async fn a_clock_that_is_off_is_told_with_its_direction() {
    let (clock, settings) = with_clock();
    let told = |offset: i64| {
        let offset = chrono::TimeDelta::seconds(offset);
        let date = DateTime::<Utc>::from(clock.utc()) + offset;
        format!("date: {}\r\n", date.format("%a, %d %b %Y %H:%M:%S GMT"))
    };
    for (host, state, skew, words) in [
        (0, Fine, 0, "as the host's"),
        (-50, Fine, 49, "s ahead of the host's"),
        (50, Fine, -49, "s behind the host's"),
        (-600, Attention, 599, " min 59 s ahead of the host's"),
        (90_030, Attention, -90_029, "1 d 1 h behind the host's"),
        // Past what a `SystemTime` reaches on some systems.
        (230_000_000_000, Attention, -229_999_999_999, " d"),
    ] {
        let client = answering(told(host), &settings).await;
        let diagnosis = client.diagnose().await;
        says(&diagnosis, Check::Clock, state, &[words]);
        let seen = diagnosis.clock_skew_seconds().expect("a date");
        // The part of a second that a `Date` leaves out can count for one.
        assert!((seen - skew).abs() <= 1, "{seen} instead of {skew}");
    }
    // What a cache has kept for ten minutes is ten minutes older.
    let kept = told(-600) + "age: 600\r\n";
    let diagnosis = answering(kept, &settings).await.diagnose().await;
    says(&diagnosis, Check::Clock, Fine, &["as the host's"]);
}

#[tokio::test]
async fn a_clock_that_can_not_be_compared_is_unknown_and_the_host_is_fine() {
    let settings = Settings::new();
    for (headers, words) in [
        ("", "no `Date`"),
        ("date: yesterday\r\n", "is no date"),
        ("date: Mon, 06 Nov 1994 08:49:37 GMT\r\n", "is no date"),
    ] {
        let client = answering(headers.to_owned(), &settings).await;
        let diagnosis = client.diagnose().await;
        says(&diagnosis, Check::Clock, Unknown, &[words]);
        says(&diagnosis, Check::Host, Fine, &["status 204"]);
        assert_eq!(diagnosis.clock_skew_seconds(), None);
    }
}

#[tokio::test]
async fn a_key_that_is_refused_is_broken_until_a_call_is_let_in() {
    let statuses = [401, 403, 401, 200];
    let vendor = Vendor::with_api(
        |n, _| granted(n),
        // Each diagnosis asks the host, too.
        move |n, _| ResponseTemplate::new(statuses[n / 2 % statuses.len()]),
    )
    .await;
    let key = Principal::new(Grant::StaticToken("key-canary".into()));
    let client = crate::stage::client(FORM, &vendor.url(), key, &Settings::new());
    for (state, word) in [
        (Broken, "a key that was refused"),
        (Fine, "a key without an end"),
        (Broken, "a key that was refused"),
        (Fine, "a key without an end"),
    ] {
        let _ = client.request(Method::GET, "/things").send().await;
        let diagnosis = client.diagnose().await;
        says(&diagnosis, Check::Token, state, &[word]);
        if state == Broken {
            let next = diagnosis.next_step().expect("something to do");
            assert!(next.contains("Check the credentials"), "{next}");
        }
    }
}

#[tokio::test]
async fn a_host_that_sends_elsewhere_or_away_is_told() {
    for (status, word) in [
        (301, "sends elsewhere"),
        (407, "proxy"),
        (429, "fewer calls"),
        (503, "status page"),
    ] {
        let vendor = Vendor::with_api(|n, _| granted(n), move |_, _| ResponseTemplate::new(status));
        let vendor = vendor.await;
        let client = client(&vendor, &Settings::new());
        let diagnosis = client.diagnose().await;
        says(&diagnosis, Check::Host, Attention, &[&status.to_string()]);
        let advice = diagnosis.finding(Check::Host).advice();
        assert!(advice.is_some_and(|it| it.contains(word)), "{diagnosis}");
    }
}

#[test]
fn a_diagnosis_without_a_runtime_or_with_half_of_one_is_a_finding() {
    let clock = ManualClock::new();
    let settings = Settings::new().clock(clock);
    let client = crate::stage::client(FORM, "http://127.0.0.1:1", machine(), &settings);
    let waker = std::task::Waker::noop();
    let mut context = std::task::Context::from_waker(waker);
    let mut diagnosing = Box::pin(client.diagnose());
    let std::task::Poll::Ready(diagnosis) = diagnosing.as_mut().poll(&mut context) else {
        panic!("it waits for what nobody drives");
    };
    says(&diagnosis, Check::Host, Broken, &["needs a tokio runtime"]);
    let half = tokio::runtime::Builder::new_current_thread().build();
    let diagnosis = half.expect("a runtime").block_on(client.diagnose());
    says(&diagnosis, Check::Host, Broken, &["needs a tokio runtime"]);
}

#[tokio::test]
async fn a_client_that_is_well_is_advised_nothing_though_its_host_has_no_date() {
    let server = RawServer::start(|_| Act::Answer(http("204 No Content", "", ""))).await;
    let key = Principal::new(Grant::StaticToken("key-canary".into()));
    let client = crate::stage::client(FORM, &server.url(), key, &Settings::new());
    let call = client.request(Method::GET, "/things").send();
    call.await.expect("an answer");
    let diagnosis = client.diagnose().await;
    says(&diagnosis, Check::Clock, Unknown, &["no `Date`"]);
    assert_eq!(diagnosis.next_step(), None, "{diagnosis}");
    let text = diagnosis.to_string();
    assert!(text.ends_with("next: Nothing has to be done."), "{text}");
}

#[tokio::test]
async fn a_host_that_is_away_or_silent_or_broken_is_a_finding() {
    let nobody = format!("http://127.0.0.1:{}", free_port().await);
    let silent = RawServer::start(|_| Act::Hang).await;
    let rude = RawServer::start(|_| Act::Close).await;
    let babble = RawServer::start(|_| Act::AnswerAndClose(b"good day\r\n\r\n".to_vec())).await;
    let settings = Settings::new().call_timeout(std::time::Duration::from_millis(50));
    for (url, words) in [
        (nobody, "Connect: no connection to"),
        (silent.url(), "Timeout: time ran out"),
        (rude.url(), "Connect: the connection to"),
        (babble.url(), "Connect: the connection to"),
    ] {
        let client = crate::stage::client(FORM, &url, machine(), &settings);
        let diagnosis = client.diagnose().await;
        says(&diagnosis, Check::Host, Broken, &[words]);
        says(
            &diagnosis,
            Check::Clock,
            Unknown,
            &["the host did not answer"],
        );
        says(&diagnosis, Check::Store, Fine, &[]);
    }
    assert_eq!(silent.seen().len(), 1, "it is asked once");
}

#[tokio::test]
async fn a_host_answers_with_whatever_status_and_leads_nowhere_else() {
    for (status, state) in [
        (302, Attention),
        (404, Fine),
        (405, Fine),
        (429, Attention),
        (503, Attention),
    ] {
        let elsewhere = Vendor::new(|n, _| granted(n)).await;
        let location = elsewhere.url();
        let moved = move |_: usize, _: &wiremock::Request| {
            ResponseTemplate::new(status).insert_header("location", location.as_str())
        };
        let vendor = Vendor::with_api(|n, _| granted(n), moved).await;
        let client = client(&vendor, &Settings::new());
        let diagnosis = client.diagnose().await;
        says(
            &diagnosis,
            Check::Host,
            state,
            &[&format!("status {status}")],
        );
        says(&diagnosis, Check::Clock, Fine, &[]);
        assert_eq!((vendor.calls(), elsewhere.calls()), (1, 0));
    }
}
