//! The token request, byte by byte.

use auth_core::{Dialect, Principal, Settings};

use super::json_machine;
use crate::dialects::{BASIC, FORM, JSON};
use crate::raw::{Act, RawServer, http};
use crate::stage::{answer, client, machine, person, renew};

/// The first request and the refresh, as they came; the host is replaced by `HOST`.
async fn requests(dialect: Dialect, principal: impl FnOnce(&str) -> Principal) -> Vec<String> {
    let server =
        RawServer::start(|n| Act::Answer(http("200 OK", "", &answer(n).to_string()))).await;
    let url = server.url();
    let client = client(dialect, &url, principal(&url), &Settings::new());
    renew(&client).await.expect("a token and a newer one");
    let host = url.replace("http://", "");
    server
        .seen()
        .iter()
        .map(|request| request.replace(&host, "HOST"))
        .collect()
}

/// A whole request: what stands in it, and nothing else.
fn request(line: &str, headers: &[&str], body: &str) -> String {
    let length = body.len();
    let headers = headers.join("\r\n");
    format!(
        "{line}\r\n{headers}\r\nuser-agent: it/1.0\r\nhost: HOST\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

const FORM_HEADERS: &[&str] = &[
    "accept: application/json",
    "content-type: application/x-www-form-urlencoded",
];

#[tokio::test]
async fn a_form_request_holds_its_row_and_nothing_else() {
    let line = "POST /oauth/token HTTP/1.1";
    let id = "client_id=app-1&client_secret=s3cret%2Fof%2Bapp+1";
    assert_eq!(
        requests(FORM, |_| machine()).await,
        [
            request(
                line,
                FORM_HEADERS,
                &format!("grant_type=client_credentials&{id}")
            ),
            request(
                line,
                FORM_HEADERS,
                &format!("grant_type=refresh_token&{id}&refresh_token=refresh-0")
            ),
        ]
    );
}

#[tokio::test]
async fn a_json_request_with_the_pair_behind_bearer_holds_its_row_and_nothing_else() {
    let line = "POST /oauth/token?tenant=t%201 HTTP/1.1";
    // The Base64 of `app-1:s3cret/of+app 1`.
    let headers = &[
        "accept: application/json",
        "authorization: Bearer YXBwLTE6czNjcmV0L29mK2FwcCAx",
        "content-type: application/json",
    ];
    assert_eq!(
        requests(JSON, |_| json_machine()).await,
        [
            request(
                line,
                headers,
                // The Base64 of `ann:pa55word-of-ann`.
                r#"{"grant_type":"client_credentials","proof":"YW5uOnBhNTV3b3JkLW9mLWFubg=="}"#
            ),
            request(
                line,
                headers,
                r#"{"grant_type":"refresh_token","renewal":"refresh-0"}"#
            ),
        ]
    );
}

#[tokio::test]
async fn a_form_request_with_the_pair_as_basic_holds_its_row_and_nothing_else() {
    let line = "POST /oauth/token HTTP/1.1";
    // The Base64 of `app-1:s3cret%2Fof%2Bapp+1`.
    let headers = &[
        "accept: application/json",
        "authorization: Basic YXBwLTE6czNjcmV0JTJGb2YlMkJhcHArMQ==",
        "content-type: application/x-www-form-urlencoded",
    ];
    assert_eq!(
        requests(BASIC, |_| machine()).await,
        [
            request(line, headers, "grant_type=client_credentials"),
            request(
                line,
                headers,
                "grant_type=refresh_token&refresh_token=refresh-0"
            ),
        ]
    );
}

#[tokio::test]
async fn a_public_client_sends_its_verifier_and_no_empty_secret() {
    let seen = requests(FORM, |url| {
        let mut principal = person(FORM, url, "co+de%2F1");
        principal.client_secret = None;
        principal
    })
    .await;
    let (_, body) = seen[0].split_once("\r\n\r\n").expect("a body");
    let start = "grant_type=authorization_code&client_id=app-1&code=co%2Bde%2F1\
                 &redirect_uri=https%3A%2F%2Fapp.example%2Fback%3Ffrom%3Dx+y&code_verifier=";
    assert!(body.starts_with(start), "{body}");
    assert!((43..=128).contains(&(body.len() - start.len())), "{body}");
    let (_, body) = seen[1].split_once("\r\n\r\n").expect("a body");
    assert_eq!(
        body,
        "grant_type=refresh_token&client_id=app-1&refresh_token=refresh-0"
    );
}
