//! What the person and the program are told.

use auth_core::{Error, ErrorKind, Grant, LoopbackSignIn, Settings};

use super::{HEADERS, PANEL, Waiting};
use crate::dialects::FORM;
use crate::stage::{
    CLIENT_ID, Vendor, application, authorization, base, client, granted, header, member, query,
};

fn page(title: &str, text: &str) -> String {
    let body = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\n\
         <style>body{{max-width:32rem;margin:15vh auto;padding:0 1.5rem;font:1.1rem/1.5 system-ui,sans-serif}}</style></head>\n\
         <body>\n<h1>{title}</h1>\n<p>{text}</p>\n</body>\n</html>\n"
    );
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\n{HEADERS}Content-Type: text/html; charset=utf-8\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

fn not_approved() -> String {
    page(
        "Sign-in did not happen",
        "The program says why. You can close this window and go back to it.",
    )
}

#[tokio::test]
async fn a_good_callback_is_told_and_gives_the_code() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let waiting = Waiting::start().await;
    let expected = page(
        "Sign-in approved",
        "You can close this window and go back to the program.",
    );
    assert_eq!(waiting.approve().await, expected);
    let code = waiting.end().await.expect("a code");
    // It was given by another host than the vendor here, and so it is not sent there.
    let principal = application(Grant::AuthorizationCode(code));
    let profile = crate::stage::profile(FORM, &vendor.url(), principal);
    let error = auth_core::ApiClient::new(profile, &Settings::new()).expect_err("another host");
    assert!(
        error.to_string().contains("`authorization_code`"),
        "{error}"
    );
}

#[tokio::test]
async fn the_code_is_exchanged_with_the_redirect_uri_of_this_wait() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let (shown, mut urls) = tokio::sync::mpsc::unbounded_channel();
    let url = vendor.url();
    let task = tokio::spawn(async move {
        let sign_in = LoopbackSignIn::new(move |url| shown.send(url.clone()).expect("listens"));
        let make =
            |uri: &str| auth_core::AuthorizationRequest::new(FORM, base(&url), CLIENT_ID, uri);
        sign_in.no_browser().run(&Settings::new(), None, make).await
    });
    let page = urls.recv().await.expect("a URL");
    let uri = query(&page, "redirect_uri");
    let back = format!("{uri}?code=c-1&state={}", query(&page, "state"));
    let answer = reqwest_like(&back).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    let code = task.await.expect("no panic").expect("a code");
    let principal = application(Grant::AuthorizationCode(code));
    let client = client(FORM, &vendor.url(), principal, &Settings::new());
    header(&client).await.expect("a token");
    let body = vendor.requests().await.remove(0).body;
    assert_eq!(member(&body, "redirect_uri"), Some(uri));
    assert_eq!(member(&body, "code").as_deref(), Some("c-1"));
    assert!(member(&body, "code_verifier").is_some());
}

/// The answer to a plain GET of a URL on loopback.
async fn reqwest_like(url: &str) -> String {
    let url = url::Url::parse(url).expect("a URL");
    let (port, query) = (url.port().expect("a port"), url.query().unwrap_or_default());
    let request = format!(
        "GET {}?{query} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n",
        url.path()
    );
    let stream = super::connect(super::V4, port).await.expect("it is open");
    super::exchange(stream, request.as_bytes()).await
}

async fn told(parameters: &str) -> (String, Error) {
    let waiting = Waiting::start().await;
    let target = format!("/callback?{parameters}&state={}", waiting.state);
    let page = waiting.send(waiting.get(&target)).await;
    (page, waiting.end().await.expect_err(parameters))
}

#[tokio::test]
async fn a_refusal_ends_the_wait_and_the_page_says_that_nothing_happened() {
    for (parameters, kind) in [
        ("error=access_denied", ErrorKind::Permission),
        (
            "error=access_denied&error_description=<script>alert(1)</script>",
            ErrorKind::Permission,
        ),
        ("error=server_error", ErrorKind::Provider),
        ("error=invalid_scope&code=c", ErrorKind::Invalid),
        ("code=", ErrorKind::Decode),
        ("x=y", ErrorKind::Decode),
    ] {
        let (page, error) = told(parameters).await;
        assert_eq!(page, not_approved(), "{parameters}");
        assert_eq!(error.kind(), kind, "{parameters}");
    }
}

#[tokio::test]
async fn without_echoed_state_the_callback_is_taken_where_that_is_allowed() {
    let waiting = Waiting::start_with(
        None,
        |sign_in| sign_in,
        auth_core::AuthorizationRequest::allow_missing_state,
    )
    .await;
    let answer = waiting
        .send(waiting.get("/callback?code=c&state=other"))
        .await;
    assert_eq!(answer, super::not_ours());
    // What a page can make a browser ask for without going there.
    for destination in ["image", "empty", "script", "iframe", "Document", ""] {
        let request = waiting.get("/callback?error=access_denied");
        let header = format!("Sec-Fetch-Dest: {destination}\r\nAccept:");
        let request = request.replace("Accept:", &header);
        assert_eq!(waiting.send(request).await, super::not_ours());
    }
    let request = waiting.get("/callback?code=c");
    let request = request.replace("Accept:", "Sec-Fetch-Dest: document\r\nAccept:");
    let page = waiting.send(request).await;
    assert!(page.contains("Sign-in approved"), "{page}");
    waiting.end().await.expect("a code");
}

#[tokio::test]
async fn a_request_that_cannot_be_made_opens_no_wait() {
    let sign_in = || LoopbackSignIn::new(|_| panic!("no URL to show")).no_browser();
    let fails = |_: &str| Err(Error::config("client_id", "is missing"));
    let error = sign_in().run(&Settings::new(), None, fails).await;
    assert!(
        error
            .expect_err("no request")
            .to_string()
            .contains("`client_id`")
    );
    let good = |uri: &str| {
        let request = auth_core::AuthorizationRequest::new(FORM, base(PANEL), CLIENT_ID, uri);
        Ok::<_, Error>(request.expect("a good request"))
    };
    for registered in ["https://app.example/back", "http://localhost/back"] {
        let error = sign_in()
            .run(&Settings::new(), Some(registered), good)
            .await;
        let error = error.expect_err(registered);
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("`redirect_uri`"), "{error}");
    }
    let none = sign_in().timeout(std::time::Duration::ZERO);
    let error = none.run(&Settings::new(), None, good).await;
    assert!(
        error
            .expect_err("no time")
            .to_string()
            .contains("`timeout`")
    );
}

#[test]
fn debug_shows_no_url() {
    let shown = format!("{:?}", LoopbackSignIn::new(|_| {}).no_browser());
    assert_eq!(
        shown,
        "LoopbackSignIn { opens_browser: false, timeout: 300s, .. }"
    );
    let request = authorization(FORM, PANEL);
    assert!(!format!("{request:?}").contains("secret"));
}
