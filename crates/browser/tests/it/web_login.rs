//! The web app: people sign in, turn back, sign in twice, and somebody else tries their callback.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use vendor_sandbox::{Endpoint, Fault, Host, Injection, Sandbox};

use crate::chromium::{ACCOUNT, Chromium};
use crate::program::{Program, exchanges, free_port, last_authorization};

const SIGN_IN: &str = "Sign in with Comm100";
const SIGNED_OUT: &str = "You are not signed in.";
const SIGNED_IN: &str = "You are signed in.";
const OVER: &str = "This sign-in is over";

#[tokio::test]
async fn a_person_approves_sees_the_campaigns_and_signs_out() {
    let Some(browser) = Chromium::open("web-approve").await else {
        return;
    };
    let sandbox = Sandbox::start().await.unwrap();
    let (_app, home) = Program::web_login(&sandbox).await;
    browser.goto(&home).await;
    browser.sees(SIGNED_OUT).await;
    browser.press(SIGN_IN).await;
    browser.sign_in_and("Approve").await;
    let page = browser.sees(SIGNED_IN).await;
    assert!(page.contains("campaigns"), "{page}");
    assert_eq!(
        browser.url().await.as_str(),
        home,
        "the code is not kept in the address"
    );
    assert_eq!(browser.script("document.cookie").await, "");
    assert_eq!(exchanges(&sandbox), 1);
    assert_eq!(sandbox.api_requests(Host::Comm100DashApi), 1);
    browser.press("Sign out").await;
    browser.sees(SIGNED_OUT).await;
    assert_eq!(exchanges(&sandbox), 1);
    assert_eq!(sandbox.refusals(), []);
    browser.close().await;
}

#[tokio::test]
async fn denial_is_told_and_can_be_reconsidered() {
    let Some(browser) = Chromium::open("web-deny").await else {
        return;
    };
    let sandbox = Sandbox::start().await.unwrap();
    let (_app, home) = Program::web_login(&sandbox).await;
    browser.goto(&home).await;
    browser.press(SIGN_IN).await;
    browser.sign_in_and("Deny").await;
    browser.sees("You did not approve the sign-in").await;
    // The page is the callback's own: a reload sends it once more.
    browser.reload().await;
    browser.sees(OVER).await;
    assert_eq!(exchanges(&sandbox), 0);
    browser.press("Try again").await;
    browser.sees("Allow access?").await;
    browser.press("Approve").await;
    browser.sees(SIGNED_IN).await;
    assert_eq!(exchanges(&sandbox), 1);
    browser.close().await;
}

#[tokio::test]
async fn going_back_after_approval_changes_nothing() {
    let Some(browser) = Chromium::open("web-back").await else {
        return;
    };
    let sandbox = Sandbox::start().await.unwrap();
    let (_app, home) = Program::web_login(&sandbox).await;
    browser.goto(&home).await;
    browser.press(SIGN_IN).await;
    browser.sign_in_and("Approve").await;
    browser.sees(SIGNED_IN).await;
    browser.back().await;
    browser.sees("You have approved this request").await;
    browser.goto(&home).await;
    browser.sees(SIGNED_IN).await;
    assert_eq!(exchanges(&sandbox), 1);
    browser.close().await;
}

#[tokio::test]
async fn two_tabs_sign_in_at_the_same_time_and_both_end_well() {
    let Some(browser) = Chromium::open("web-tabs").await else {
        return;
    };
    let sandbox = Sandbox::start().await.unwrap();
    let (_app, home) = Program::web_login(&sandbox).await;
    let first = browser.tab().await;
    browser.goto(&home).await;
    browser.press(SIGN_IN).await;
    browser.sees(ACCOUNT).await;
    browser.new_tab().await;
    browser.goto(&home).await;
    browser.press(SIGN_IN).await;
    browser.sign_in_and("Approve").await;
    browser.sees(SIGNED_IN).await;
    assert_eq!(exchanges(&sandbox), 1);
    // The first tab still shows the form of before.
    browser.switch_to(&first).await;
    browser.sign_in_and("Approve").await;
    browser.sees(SIGNED_IN).await;
    assert_eq!(exchanges(&sandbox), 2);
    assert_eq!(sandbox.refusals(), []);
    browser.close().await;
}

/// The exchange fails, so that the browser stays at the callback with its code.
#[tokio::test]
async fn a_reload_of_the_callback_exchanges_no_code_a_second_time() {
    let Some(browser) = Chromium::open("web-reload").await else {
        return;
    };
    let sandbox = Sandbox::start().await.unwrap();
    let (_app, home) = Program::web_login(&sandbox).await;
    sandbox.inject(
        Injection::new(Fault::status(400))
            .host(Host::Comm100DashPanel)
            .endpoint(Endpoint::Token),
    );
    browser.goto(&home).await;
    browser.press(SIGN_IN).await;
    browser.sign_in_and("Approve").await;
    browser.sees("The sign-in failed").await;
    let url = browser.url().await;
    assert!(url.path() == "/callback" && url.query().is_some_and(|q| q.contains("code=")));
    browser.reload().await;
    browser.sees(OVER).await;
    assert_eq!(exchanges(&sandbox), 1);
    browser.close().await;
}

#[tokio::test]
async fn a_callback_is_good_once_and_only_in_the_browser_that_began() {
    let Some(browser) = Chromium::open("web-replay").await else {
        return;
    };
    let Some(other) = Chromium::open("web-replay-other").await else {
        return;
    };
    let sandbox = Sandbox::start().await.unwrap();
    let (_app, home) = Program::web_login(&sandbox).await;
    browser.goto(&home).await;
    browser.press(SIGN_IN).await;
    browser.sees(ACCOUNT).await;
    // Somebody else gets hold of the callback before this browser is sent there.
    let request = last_authorization(&sandbox);
    let callback = sandbox.approve(&request).await.unwrap();
    other.goto(&callback).await;
    other.sees(OVER).await;
    // Also with a sign-in of its own under way.
    other.goto(&home).await;
    other.press(SIGN_IN).await;
    other.sees(ACCOUNT).await;
    other.goto(&callback).await;
    other.sees(OVER).await;
    assert_eq!(exchanges(&sandbox), 0);
    browser.goto(&callback).await;
    browser.sees(SIGNED_IN).await;
    assert_eq!(exchanges(&sandbox), 1);
    // The same address once more, in both.
    browser.goto(&callback).await;
    browser.sees(OVER).await;
    other.goto(&callback).await;
    other.sees(OVER).await;
    assert_eq!(exchanges(&sandbox), 1);
    browser.goto(&home).await;
    browser.sees(SIGNED_IN).await;
    other.goto(&home).await;
    other.sees(SIGNED_OUT).await;
    assert_eq!(sandbox.refusals(), []);
    browser.close().await;
    other.close().await;
}

/// The answer's head to a plain GET.
async fn head(port: u16, path: &str, cookie: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.split("\r\n\r\n").next().unwrap().to_owned()
}

/// The cookie that a head sets, without its attributes, and those.
fn set_cookie(head: &str) -> Option<(&str, &str)> {
    let mut lines = head.lines();
    let cookie = lines.find_map(|line| line.strip_prefix("set-cookie: "))?;
    cookie.split_once("; ")
}

#[tokio::test]
async fn tabs_that_begin_at_the_same_moment_have_the_value_of_the_page_before() {
    let sandbox = Sandbox::start().await.unwrap();
    let port = free_port();
    let uri = format!("http://127.0.0.1:{port}/callback");
    let mut app = Program::web_login_at(&sandbox, port, &uri);
    app.line("Open ").await;
    let home = head(port, "/", "other=1").await;
    let (cookie, attributes) = set_cookie(&home).expect("the browser's value");
    assert!(
        cookie.starts_with(&format!("user-agent-{port}=")),
        "{cookie}"
    );
    assert_eq!(attributes, "HttpOnly; SameSite=Lax; Path=/");
    assert_eq!(set_cookie(&head(port, "/", cookie).await), None);
    for _ in 0..2 {
        let begun = head(port, "/sign-in", cookie).await;
        assert_eq!(set_cookie(&begun), Some((cookie, attributes)));
    }
}

#[tokio::test]
async fn the_app_names_the_address_of_its_redirect_uri_and_refuses_one_of_its_own_pages() {
    let sandbox = Sandbox::start().await.unwrap();
    let port = free_port();
    let mut app = Program::web_login_at(&sandbox, port, "https://app.example.com/back");
    assert_eq!(app.line("Open ").await, "https://app.example.com/");
    let home = head(port, "/", "other=1").await;
    let (cookie, attributes) = set_cookie(&home).expect("the browser's value");
    assert!(cookie.starts_with("__Host-user-agent="), "{cookie}");
    assert_eq!(attributes, "HttpOnly; SameSite=Lax; Path=/; Secure");
    for path in ["", "/", "/sign-in", "/sign-out"] {
        let uri = format!("https://app.example.com{path}");
        let (status, said) = Program::web_login_at(&sandbox, free_port(), &uri)
            .end()
            .await;
        assert!(
            !status.success() && said.contains("the redirect URI's path"),
            "{said}"
        );
    }
}
