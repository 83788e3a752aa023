//! Every way in which a sign-in or a call can fail, with secrets in all that the provider sends.

use std::collections::BTreeMap;
use std::time::Duration;

use auth_core::{Method, Settings};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::{ACCESS, REFRESH, Watch, issue, live, principals};
use crate::clocks::HastyClock;
use crate::network::tls_server;
use crate::raw::{Act, RawServer};
use crate::stage::{Vendor, client};

/// Answers that are none, each with tokens that the session never gets to know.
fn malformed() -> Vec<(u16, String)> {
    let mut answers: Vec<(u16, String)> = [
        json!({ "access_token": [ACCESS], "token_type": "bearer" }),
        json!({ "access_token": { ACCESS: 1 }, "token_type": "bearer" }),
        json!({ "access_token": format!("{ACCESS}\r\n"), "token_type": "bearer" }),
        json!({ "access_token": "", "refresh_token": REFRESH, "token_type": "bearer" }),
        json!({ "access_token": ACCESS, "token_type": REFRESH }),
        json!({ "access_token": ACCESS, "token_type": ["bearer"] }),
        json!({ "access_token": ACCESS, "token_type": "bearer", "refresh_token": [REFRESH] }),
        json!({ "access_token": ACCESS, "token_type": "bearer", "expires_in": { REFRESH: 1 } }),
        json!({ "accessToken": ACCESS, "refreshToken": REFRESH }),
        json!({ "success": false, "data": { "access_token": ACCESS }, REFRESH: null }),
        json!([ACCESS, "bearer", REFRESH]),
        json!(ACCESS),
    ]
    .iter()
    .map(|answer| (200, answer.to_string()))
    .collect();
    let cut = json!({ "token_type": "bearer", "access_token": ACCESS }).to_string();
    for (status, answer) in [
        (200, cut[..cut.len() - 3].to_owned()),
        (200, format!("{cut}{cut}")),
        (
            200,
            format!("{{\"access_token\":\"{ACCESS}\",\"access_token\":\"{REFRESH}\"}}"),
        ),
        (200, format!("<html>{ACCESS}</html>")),
        (
            200,
            format!("access_token={ACCESS}&refresh_token={REFRESH}"),
        ),
        (201, String::new()),
        (204, format!("{ACCESS} {REFRESH}")),
        (302, ACCESS.to_owned()),
        (600, REFRESH.to_owned()),
    ] {
        answers.push((status, answer));
    }
    answers
}

#[tokio::test]
async fn no_secret_of_an_answer_that_is_none_is_shown() {
    let watch = Watch::new().without_bodies();
    let guard = watch.shown.listen();
    for (status, answer) in malformed() {
        for issued in [0, 1] {
            let (text, other) = (answer.clone(), answer.clone());
            let bad = move |text: &str| {
                ResponseTemplate::new(status)
                    .insert_header("location", "https://evil.example/")
                    .set_body_raw(text.to_owned(), "application/json")
            };
            let vendor = Vendor::with_api(
                move |n, _| match n < issued {
                    true => issue(),
                    false => bad(&text),
                },
                move |_, _| ResponseTemplate::new(200).set_body_string(other.clone()),
            )
            .await;
            for (dialect, principal) in principals(&vendor.url()) {
                let settings = Settings::new().clock(HastyClock::default());
                let client = client(dialect, &vendor.url(), principal, &settings);
                live(&watch, &client).await;
                // What can't be decoded is told by its place.
                if let Ok(response) = client.request(Method::GET, "/things").send().await {
                    watch.outcome(&response.json::<u64>());
                    watch.outcome(&response.json::<(u8, u8)>());
                    watch.outcome(&response.json::<BTreeMap<String, Vec<u8>>>());
                    watch.debug(&response.json::<Value>().is_ok());
                }
            }
        }
    }
    drop(guard);
    assert_eq!(watch.leak(), None);
}

#[tokio::test]
async fn no_secret_is_shown_when_an_answer_breaks_off_or_never_comes() {
    let watch = Watch::new();
    let guard = watch.shown.listen();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    let scripts: [fn(&str) -> Act; 6] = [
        |head| {
            let body = format!("{{\"access_token\":\"{ACCESS}\"");
            Act::AnswerAndClose(format!("{head}content-length: 900\r\n\r\n{body}").into_bytes())
        },
        |head| {
            let chunk = format!("zz\r\n{{\"access_token\":\"{ACCESS}\"}}\r\n0\r\n\r\n");
            Act::AnswerAndClose(format!("{head}transfer-encoding: chunked\r\n\r\n{chunk}").into())
        },
        |_| {
            Act::AnswerAndClose(format!("HTTP/1.1 200 OK\r\nx-{ACCESS}\u{1}: {REFRESH}\r\n").into())
        },
        |_| Act::AnswerAndClose(format!("{ACCESS} {REFRESH}\r\n\r\n").into_bytes()),
        |_| Act::Hang,
        |_| Act::Close,
    ];
    for script in scripts {
        let server = RawServer::start(move |_| script(head)).await;
        for (dialect, principal) in principals(&server.url()) {
            let short = Duration::from_millis(20);
            let settings = Settings::new()
                .clock(HastyClock::default())
                .token_timeout(short)
                .call_timeout(short);
            live(
                &watch,
                &client(dialect, &server.url(), principal, &settings),
            )
            .await;
        }
    }
    drop(guard);
    assert_eq!(watch.leak(), None);
}

#[tokio::test]
async fn no_secret_is_shown_when_tls_fails_or_works() {
    let watch = Watch::new();
    let guard = watch.shown.listen();
    let (url, pem, requests) = tls_server().await;
    for (dialect, principal) in principals(&url) {
        let settings = Settings::new().clock(HastyClock::default());
        live(&watch, &client(dialect, &url, principal.clone(), &settings)).await;
        let trusting = settings.root_certificate(pem.clone());
        watch.debug(&trusting);
        live(&watch, &client(dialect, &url, principal, &trusting)).await;
    }
    drop(guard);
    assert!(requests.load(std::sync::atomic::Ordering::SeqCst) > 0);
    let text = watch.shown.text();
    assert!(text.contains("https://localhost"), "connections are heard");
    assert_eq!(watch.leak(), None);
}
