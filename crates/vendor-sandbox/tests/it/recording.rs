//! What the sandbox remembers, what it shows of it, and when it stops.

use std::sync::{Arc, Mutex};

use http::Method;
use tokio::net::TcpStream;
use vendor_sandbox::{Endpoint, Host, Sandbox, credentials as known};

use crate::client::{Call, api_key, dash_campaigns, dash_password};

#[tokio::test]
async fn requests_are_kept_whole() {
    let sandbox = Sandbox::start().await.unwrap();
    dash_password(&sandbox).send().await.ok();
    let origin = sandbox.url(Host::Comm100DashApi);
    let url = format!("{origin}/v4/livechat/chats?siteId=10000");
    let call = Call::new(Method::DELETE, url).header("authorization", api_key());
    call.raw("application/json", "[9001]").send().await;
    let [token, api] = &sandbox.requests()[..] else {
        panic!("two requests were sent");
    };
    assert_eq!(
        (token.host, token.endpoint),
        (Host::Comm100DashPanel, Endpoint::Token)
    );
    assert_eq!(
        (token.method.as_str(), token.path.as_str()),
        ("POST", "/oauth/token")
    );
    assert_eq!(token.status, Some(200));
    let password = ("password".to_owned(), known::COMM100_PASSWORD.to_owned());
    assert!(token.form().contains(&password));
    assert_eq!(api.query.as_deref(), Some("siteId=10000"));
    assert_eq!(api.header("authorization"), Some(api_key().as_str()));
    assert_eq!(api.json(), Some(serde_json::json!([9001])));
    assert_eq!(api.status, Some(204));
    assert_eq!(sandbox.token_requests(Host::Comm100DashPanel), 1);
    assert_eq!(sandbox.api_requests(Host::Comm100DashPanel), 0);
    assert_eq!(sandbox.api_requests(Host::Comm100DashApi), 1);
    sandbox.clear();
    assert!(sandbox.requests().is_empty());
}

#[tokio::test]
async fn debug_shows_no_secret() {
    let sandbox = Sandbox::start().await.unwrap();
    let token = dash_password(&sandbox).send().await.member("access_token");
    dash_campaigns(&sandbox, &token).send().await;
    let orders = format!("{}/api/v4/admin/orders", sandbox.url(Host::WebCommander));
    let leak = format!("{orders}?access_token={token}&{token}");
    Call::get(leak)
        .header("access_token", &*token)
        .header("x-api-key", &*token)
        .send()
        .await;
    let said = format!(
        "{:?} {:?} {sandbox:?}",
        sandbox.requests(),
        sandbox.refusals()
    );
    assert!(!said.contains(&token), "{said}");
    assert!(!said.contains("not%2Ba"), "{said}");
    for part in ["[REDACTED]", "bytes]", "access_token", "http://127.0.0.1:"] {
        assert!(said.contains(part), "{part} in {said}");
    }
}

#[tokio::test]
async fn a_refused_request_says_why_in_its_entry() {
    let sandbox = Sandbox::start().await.unwrap();
    let origin = sandbox.url(Host::Comm100DashPanel);
    Call::get(format!("{origin}/oauth/token")).send().await;
    let request = &sandbox.requests()[0];
    assert_eq!(request.status, Some(400));
    assert_eq!(
        request.refusal.as_deref(),
        Some("the token endpoint takes POST only")
    );
}

#[tokio::test]
async fn the_listener_hears_every_answer() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&heard);
    let sandbox = Sandbox::builder()
        .on_answer(move |request| listener.lock().unwrap().push(request.status))
        .start()
        .await
        .unwrap();
    dash_password(&sandbox).send().await;
    dash_campaigns(&sandbox, "made-up").send().await;
    assert_eq!(*heard.lock().unwrap(), [Some(200), Some(401)]);
}

#[tokio::test]
async fn an_api_client_holds_no_cookies() {
    let sandbox = Sandbox::start().await.unwrap();
    let token = dash_password(&sandbox).send().await.member("access_token");
    let call = dash_campaigns(&sandbox, &token).header("cookie", "JSESSIONID=1");
    assert_eq!(call.send().await.status, 400);
}

#[tokio::test]
async fn the_servers_stop_with_the_last_clone() {
    let sandbox = Sandbox::start().await.unwrap();
    let authority = sandbox
        .url(Host::Communic8)
        .trim_start_matches("http://")
        .to_owned();
    let clone = sandbox.clone();
    drop(sandbox);
    assert!(TcpStream::connect(&authority).await.is_ok());
    drop(clone);
    // The listener's task needs its turn to notice.
    while TcpStream::connect(&authority).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn fixed_ports_are_consecutive_and_end_at_the_last_port() {
    let error = Sandbox::builder().ports(65_530).start().await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    // Another process may hold a port of one range, hardly of all.
    let mut started = None;
    for first in (20_000..30_000).step_by(1000) {
        if let Ok(sandbox) = Sandbox::builder().ports(first).start().await {
            started = Some((first, sandbox));
            break;
        }
    }
    let (first, sandbox) = started.unwrap();
    for (port, host) in (first..).zip(Host::ALL) {
        assert_eq!(sandbox.url(host), format!("http://127.0.0.1:{port}"));
    }
}
