//! Compares every request with the vendor's page, byte by byte.

use std::time::Duration;

use webcommander::{Client, Clock as _, ErrorKind, ManualClock, Method, Settings, TokenHeader};
use wiremock::{MockServer, Request};

use crate::client::{
    AUTH_STRING, CUSTOMERS, TOKEN_PATH, application, customers, json, mount, mount_once,
    no_customers, once, requests, server, tokens, user,
};
use crate::fixture;

const USER_AGENT: &str = concat!("webcommander-rust/", env!("CARGO_PKG_VERSION"));
const HOUR: Duration = Duration::from_secs(3600);
/// The first grant, written out.
const FIRST: &str = concat!(
    r#"{"grant_type":"client_credentials","#,
    r#""auth_string":"c3RvcmVhZG1pbjdAc2hvcDcuZXhhbXBsZTpJbnYzbnRlZC1TdG9yZS1QYXNzdzByZC14","#,
    r#""redirect_uri":"https://app.example.com/oauth-callback","#,
    r#""client_id":"48c25a7ebd07958498c1ea0c6eb78809","#,
    r#""client_secret":"6b7277cfc91adae6cde76baa7080f383"}"#,
);
const ISSUED: &str = "YWI5MmQyZWA5NjY3ZmIsNTk1NzEzNzhjMTdiNGFhZCw5ZmNkMC8sZiw5ZTE2NTQ1LGAwL2IyMWQ=";

/// The refresh with `token`, written out.
fn refresh(token: &str) -> String {
    format!(
        r#"{{"grant_type":"refresh_token","refresh_token":"{token}","redirect_uri":"https://app.example.com/oauth-callback","client_id":"48c25a7ebd07958498c1ea0c6eb78809","client_secret":"6b7277cfc91adae6cde76baa7080f383"}}"#
    )
}

/// Says that a request to `server` has this line, these headers and no other, and this body.
#[track_caller]
fn assert_wire(
    (server, request): (&MockServer, &Request),
    line: &str,
    headers: &[(&str, &str)],
    body: &str,
) {
    let target = request.url.query().map_or_else(
        || request.url.path().to_owned(),
        |query| format!("{}?{query}", request.url.path()),
    );
    assert_eq!(format!("{} {target}", request.method), line);
    let length = request.body.len().to_string();
    let host = server.address().to_string();
    let mut wanted = vec![
        ("accept", "application/json"),
        ("host", &host),
        ("user-agent", USER_AGENT),
    ];
    if !body.is_empty() {
        wanted.push(("content-length", &length));
        wanted.push(("content-type", "application/json"));
    }
    wanted.extend(headers);
    wanted.sort_unstable();
    let mut sent: Vec<(&str, &str)> = request
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().expect("visible ASCII")))
        .collect();
    sent.sort_unstable();
    assert_eq!(sent, wanted);
    assert_eq!(String::from_utf8_lossy(&request.body), body);
}

#[track_caller]
fn assert_token_request(server: &MockServer, request: &Request, body: &str) {
    let line = format!("POST {TOKEN_PATH}");
    assert_wire((server, request), &line, &[], body);
}

#[track_caller]
fn assert_call(server: &MockServer, request: &Request, header: (&str, &str)) {
    let line = format!("GET {CUSTOMERS}");
    assert_wire((server, request), &line, &[header], "");
}

/// Where each member of the samples' token request begins in `text`.
fn places(text: &str) -> Vec<usize> {
    let names = [
        "grant_type",
        "auth_string",
        "redirect_uri",
        "client_id",
        "client_secret",
    ];
    let place = |name: &&str| text.find(&format!("\"{name}\":")).expect("a member");
    names.iter().map(place).collect()
}

#[tokio::test]
async fn the_token_request_is_the_page_s_and_the_call_carries_the_new_token() {
    let answer = json(200, &fixture::text("token.response.json"));
    let server = server(answer, no_customers()).await;
    let clock = ManualClock::new();
    let client = user(&server.uri())
        .settings(Settings::new().clock(clock.clone()))
        .build()
        .expect("a client");
    customers(&client).await.expect("customers");
    let seen = requests(&server).await;
    let [token, call] = seen.as_slice() else {
        panic!("two requests, not {}", seen.len())
    };
    assert_token_request(&server, token, FIRST);
    fixture::assert_is_sample(token, "token.request.json");
    let sample = fixture::text("token.request.json");
    assert!(places(&sample).is_sorted() && places(FIRST).is_sorted());
    assert_call(&server, call, ("access_token", ISSUED));
    fixture::assert_is_sample(call, "api_call.request.json");

    let answer = fixture::json("token.response.json");
    let set = client.token_set().expect("tokens");
    assert_eq!(set.access_token().expose(), answer["access_token"]);
    let refresh_token = set.refresh_token().expect("a refresh token");
    assert_eq!(refresh_token.expose(), answer["refresh_token"]);
    assert_eq!(set.expires_at(), Some(clock.utc() + HOUR));
}

#[tokio::test]
async fn an_auth_string_that_is_encoded_already_gives_the_same_request() {
    let server = server(tokens("a", "r"), no_customers()).await;
    let client = application(&server.uri()).auth_string(AUTH_STRING).build();
    client.expect("a client").sign_in().await.expect("a token");
    let seen = requests(&server).await;
    assert_eq!(seen.len(), 1);
    assert_token_request(&server, &seen[0], FIRST);
}

#[tokio::test]
async fn values_are_encoded_for_base64_and_json_and_for_nothing_else() {
    let server = server(tokens("a", "r"), no_customers()).await;
    let client = Client::builder(server.uri())
        .application(
            "id+%20/&",
            "s\"e\\c/ü=",
            "https://app.example.com/cb?x=1&y=%20",
        )
        .user("store+user@shop.example", "pä ss+/=&%3A:x\"\\")
        .build()
        .expect("a client");
    client.sign_in().await.expect("a token");
    let seen = requests(&server).await;
    let body = concat!(
        r#"{"grant_type":"client_credentials","#,
        r#""auth_string":"c3RvcmUrdXNlckBzaG9wLmV4YW1wbGU6cMOkIHNzKy89JiUzQTp4Ilw=","#,
        r#""redirect_uri":"https://app.example.com/cb?x=1&y=%20","#,
        r#""client_id":"id+%20/&","client_secret":"s\"e\\c/ü="}"#,
    );
    assert_token_request(&server, &seen[0], body);
}

#[tokio::test]
async fn token_answers_of_200_and_201_are_taken_with_and_without_a_token_type() {
    for (status, member, taken) in [
        (200, "", true),
        (201, "", true),
        (200, r#","token_type":"bearer""#, true),
        (201, r#","token_type":"Bearer""#, true),
        (200, r#","token_type":null"#, true),
        (200, r#","token_type":"mac""#, false),
    ] {
        let body = format!(r#"{{"access_token":"t","expires_in":3600{member}}}"#);
        let server = server(json(status, &body), no_customers()).await;
        let client = user(&server.uri()).settings(once()).build();
        let outcome = client.expect("a client").sign_in().await;
        assert_eq!(outcome.is_ok(), taken, "{status} {member}: {outcome:?}");
        if let Err(error) = outcome {
            assert_eq!(error.kind(), ErrorKind::Decode);
        }
    }
}

#[tokio::test]
async fn the_token_travels_in_the_one_header_that_was_chosen() {
    for (chosen, header) in [
        (TokenHeader::AccessToken, ("access_token", "T0ken=")),
        (
            TokenHeader::AuthorizationBearer,
            ("authorization", "Bearer T0ken="),
        ),
        (TokenHeader::AuthorizationRaw, ("authorization", "T0ken=")),
    ] {
        let server = server(tokens("T0ken=", "r"), no_customers()).await;
        let client = user(&server.uri()).token_header(chosen).build();
        customers(&client.expect("a client"))
            .await
            .expect("customers");
        let seen = requests(&server).await;
        assert_token_request(&server, &seen[0], FIRST);
        assert_call(&server, &seen[1], header);
    }
}

#[tokio::test]
async fn a_refresh_has_no_auth_string_and_each_new_refresh_token_replaces_the_old() {
    let server = MockServer::start().await;
    for (access, refresh) in [("a1", "r1"), ("a2", "r2+/=")] {
        mount_once(&server, "POST", TOKEN_PATH, tokens(access, refresh)).await;
    }
    // Without a new refresh token the old one stays good.
    let without = json(201, r#"{"access_token":"a3","expires_in":3600}"#);
    mount_once(&server, "POST", TOKEN_PATH, without).await;
    mount(&server, "POST", TOKEN_PATH, tokens("a4", "r4")).await;
    mount(&server, "GET", CUSTOMERS, no_customers()).await;
    let clock = ManualClock::new();
    let client = user(&server.uri())
        .settings(Settings::new().clock(clock.clone()))
        .build()
        .expect("a client");
    for _ in 0..4 {
        customers(&client).await.expect("customers");
        clock.advance(HOUR);
    }
    let seen = requests(&server).await;
    assert_eq!(seen.len(), 8);
    let bodies = [
        FIRST.to_owned(),
        refresh("r1"),
        refresh("r2+/="),
        refresh("r2+/="),
    ];
    for (pair, (body, access)) in seen
        .chunks(2)
        .zip(bodies.iter().zip(["a1", "a2", "a3", "a4"]))
    {
        // The whole header set: the old access token is not among it.
        assert_token_request(&server, &pair[0], body);
        assert_call(&server, &pair[1], ("access_token", access));
    }
}

#[tokio::test]
async fn a_refused_refresh_is_followed_by_the_first_grant_at_once() {
    for refusal in [
        json(400, r#"{"error":{"code":"invalid_grant","message":"no"}}"#),
        json(401, r#"{"status":"error","code":401,"message":"no"}"#),
        json(400, ""),
        json(200, r#"{"isSuccess":false,"message":"no"}"#),
    ] {
        let server = MockServer::start().await;
        mount_once(&server, "POST", TOKEN_PATH, tokens("a1", "r1")).await;
        mount_once(&server, "POST", TOKEN_PATH, refusal).await;
        mount(&server, "POST", TOKEN_PATH, tokens("a2", "r2")).await;
        mount(&server, "GET", CUSTOMERS, no_customers()).await;
        let clock = ManualClock::new();
        let client = user(&server.uri())
            .settings(Settings::new().clock(clock.clone()))
            .build()
            .expect("a client");
        client.sign_in().await.expect("a token");
        clock.advance(HOUR);
        customers(&client).await.expect("customers");
        let seen = requests(&server).await;
        let [first, renewal, again, call] = seen.as_slice() else {
            panic!("four requests, not {}", seen.len())
        };
        assert_token_request(&server, first, FIRST);
        assert_token_request(&server, renewal, &refresh("r1"));
        assert_token_request(&server, again, FIRST);
        assert_call(&server, call, ("access_token", "a2"));
    }
}

#[tokio::test]
async fn a_refresh_that_fails_otherwise_is_tried_again_later_with_the_same_refresh_token() {
    let server = MockServer::start().await;
    mount_once(&server, "POST", TOKEN_PATH, tokens("a1", "r1")).await;
    mount_once(&server, "POST", TOKEN_PATH, json(500, "{}")).await;
    mount(&server, "POST", TOKEN_PATH, tokens("a2", "r2")).await;
    let clock = ManualClock::new();
    let client = user(&server.uri())
        .settings(once().clock(clock.clone()))
        .build()
        .expect("a client");
    client.sign_in().await.expect("a token");
    clock.advance(HOUR);
    let error = client.sign_in().await.expect_err("a failure");
    assert_eq!(error.kind(), ErrorKind::Provider);
    clock.advance(Duration::from_secs(5));
    client.sign_in().await.expect("a token");
    let seen = requests(&server).await;
    assert_eq!(seen.len(), 3);
    assert_token_request(&server, &seen[1], &refresh("r1"));
    assert_token_request(&server, &seen[2], &refresh("r1"));
}

#[tokio::test]
async fn no_cookie_is_ever_sent_back() {
    let cookie = |answer: wiremock::ResponseTemplate| {
        answer
            .append_header("set-cookie", "JSESSIONID=s7; Path=/; HttpOnly")
            .append_header("set-cookie", "route=b")
    };
    let server = server(cookie(tokens("a", "r")), cookie(no_customers())).await;
    mount(&server, "GET", "/api/v4/none", cookie(json(404, "{}"))).await;
    let clock = ManualClock::new();
    let client = user(&server.uri())
        .settings(Settings::new().clock(clock.clone()))
        .build()
        .expect("a client");
    let answer = customers(&client).await.expect("customers");
    assert_eq!(answer.headers().get_all("set-cookie").iter().count(), 2);
    let none = client.request(Method::GET, "/api/v4/none").send().await;
    assert_eq!(none.expect_err("a 404").kind(), ErrorKind::NotFound);
    clock.advance(HOUR);
    customers(&client).await.expect("customers");
    let seen = requests(&server).await;
    assert_eq!(seen.len(), 5);
    for request in &seen {
        assert!(!request.headers.contains_key("cookie"), "{}", request.url);
    }
}

#[tokio::test]
async fn a_caller_can_set_neither_cookie_nor_token() {
    let server = server(tokens("a", "r"), no_customers()).await;
    let client = user(&server.uri()).build().expect("a client");
    for name in ["Cookie", "Authorization", "Access_Token"] {
        let call = client.request(Method::GET, CUSTOMERS).header(name, "x");
        let error = call.send().await.expect_err(name);
        assert_eq!(error.kind(), ErrorKind::Blocked, "{name}");
    }
    assert!(requests(&server).await.is_empty());
}

#[tokio::test]
async fn a_write_has_its_query_encoded_once_and_its_body_as_json() {
    let server = MockServer::start().await;
    mount(&server, "POST", TOKEN_PATH, tokens("a", "r")).await;
    mount(&server, "POST", CUSTOMERS, json(201, "{}")).await;
    // A trailing slash of the base URL must not become a second one in the path.
    let client = user(&format!("{}/", server.uri()))
        .build()
        .expect("a client");
    client
        .request(Method::POST, CUSTOMERS)
        .query("note", "a b+c&d=ü/%")
        .json(&serde_json::json!({ "customer": { "first_name": "Ä" } }))
        .send()
        .await
        .expect("an answer");
    let seen = requests(&server).await;
    assert_token_request(&server, &seen[0], FIRST);
    assert_wire(
        (&server, &seen[1]),
        &format!("POST {CUSTOMERS}?note=a%20b%2Bc%26d%3D%C3%BC%2F%25"),
        &[("access_token", "a")],
        r#"{"customer":{"first_name":"Ä"}}"#,
    );
}
