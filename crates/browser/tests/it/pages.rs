//! The sandbox's pages by themselves, with a client that does no more than wait for its answer.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use vendor_sandbox::{Host, Sandbox, credentials};

use crate::chromium::{ACCOUNT, Chromium};
use crate::client::Client;

const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

const ARRIVED: &str = "The client has its answer";

#[tokio::test]
async fn a_mistyped_password_is_said_and_mended_before_approval() {
    let Some(browser) = Chromium::open("pages-mistyped").await else {
        return;
    };
    let sandbox = Sandbox::start().await.unwrap();
    let client = Client::on(V4).await;
    let url = client.authorization_url(&sandbox, Host::Comm100DashPanel, "s1");
    browser.goto(&url).await;
    browser.sees(ACCOUNT).await;
    browser.sign_in("not the password").await;
    browser
        .sees("Wrong email or password. Please try again.")
        .await;
    browser.sign_in(credentials::COMM100_PASSWORD).await;
    let page = browser.sees("Allow access?").await;
    assert!(page.contains(credentials::COMM100_CLIENT_ID), "{page}");
    assert!(page.contains(&client.url("/callback")), "{page}");
    // The style has passed its own policy, and the cookie is out of a script's reach.
    let style = browser
        .script("getComputedStyle(document.querySelector('main')).maxWidth")
        .await;
    assert_eq!(style, "416px");
    assert_eq!(browser.script("document.cookie").await, "");
    assert!(client.callbacks().is_empty());
    browser.press("Approve").await;
    browser.sees(ARRIVED).await;
    let callbacks = client.callbacks();
    assert_eq!(callbacks.len(), 1, "{callbacks:?}");
    assert!(callbacks[0].starts_with("code=") && callbacks[0].ends_with("&state=s1"));
    assert_eq!(sandbox.refusals(), []);
    browser.close().await;
}

#[tokio::test]
async fn denial_reaches_the_client_on_both_panels() {
    let Some(browser) = Chromium::open("pages-deny").await else {
        return;
    };
    let sandbox = Sandbox::start().await.unwrap();
    let client = Client::on(V4).await;
    for host in [Host::Comm100DashPanel, Host::Comm100Hosted] {
        browser
            .goto(&client.authorization_url(&sandbox, host, "s2"))
            .await;
        browser.sign_in_and("Deny").await;
        browser.sees(ARRIVED).await;
    }
    assert_eq!(client.callbacks(), ["error=access_denied&state=s2"; 2]);
    assert_eq!(sandbox.refusals(), []);
    browser.close().await;
}

#[tokio::test]
async fn going_back_after_an_answer_gives_no_second_code() {
    let Some(browser) = Chromium::open("pages-back").await else {
        return;
    };
    let sandbox = Sandbox::start().await.unwrap();
    let client = Client::on(V4).await;
    let url = client.authorization_url(&sandbox, Host::Comm100DashPanel, "s3");
    browser.goto(&url).await;
    browser.sign_in_and("Approve").await;
    browser.sees(ARRIVED).await;
    browser.back().await;
    let page = browser.sees("Already answered").await;
    assert!(page.contains("You have approved this request"), "{page}");
    assert!(page.contains("Go back to the application"), "{page}");
    browser.reload().await;
    browser.sees("Already answered").await;
    assert_eq!(client.callbacks().len(), 1);
    assert_eq!(sandbox.refusals(), []);
    browser.close().await;
}

#[tokio::test]
async fn a_question_left_open_in_another_tab_is_answered_once() {
    let Some(browser) = Chromium::open("pages-tabs").await else {
        return;
    };
    let sandbox = Sandbox::start().await.unwrap();
    let client = Client::on(V4).await;
    let url = |state| client.authorization_url(&sandbox, Host::Comm100DashPanel, state);
    let first = browser.tab().await;
    browser.goto(&url("one")).await;
    browser.sees(ACCOUNT).await;
    browser.sign_in(credentials::COMM100_PASSWORD).await;
    browser.sees("Allow access?").await;
    let question = browser.url().await;
    // The same question once more: its form is sent after the answer of the other tab.
    let second = browser.new_tab().await;
    browser.goto(question.as_str()).await;
    browser.sees("Allow access?").await;
    browser.switch_to(&first).await;
    browser.press("Approve").await;
    browser.sees(ARRIVED).await;
    browser.switch_to(&second).await;
    browser.press("Deny").await;
    browser.sees("You have approved this request").await;
    // Another question needs no second sign-in.
    browser.goto(&url("two")).await;
    browser.sees("Allow access?").await;
    browser.press("Approve").await;
    browser.sees(ARRIVED).await;
    let callbacks = client.callbacks();
    assert_eq!(callbacks.len(), 2, "{callbacks:?}");
    assert!(callbacks[0].ends_with("&state=one") && callbacks[1].ends_with("&state=two"));
    assert_ne!(
        callbacks[0].split('&').next(),
        callbacks[1].split('&').next()
    );
    browser.close().await;
}

#[tokio::test]
async fn an_answer_reaches_an_address_of_version_six() {
    let Some(browser) = Chromium::open("pages-ipv6").await else {
        return;
    };
    let sandbox = Sandbox::start().await.unwrap();
    let client = Client::on(V6).await;
    let url = client.authorization_url(&sandbox, Host::Comm100DashPanel, "s4");
    browser.goto(&url).await;
    browser.sign_in_and("Approve").await;
    browser.sees(ARRIVED).await;
    assert_eq!(client.callbacks().len(), 1);
    browser.close().await;
}

/// Whoever could draw over the page could have Approve pressed for something else.
#[tokio::test]
async fn the_pages_stand_in_no_frame() {
    let Some(browser) = Chromium::open("pages-frame").await else {
        return;
    };
    let sandbox = Sandbox::start().await.unwrap();
    let client = Client::on(V4).await;
    let url = client.authorization_url(&sandbox, Host::Comm100DashPanel, "s5");
    browser.goto(&url).await;
    let question = browser.url().await;
    browser.sees(ACCOUNT).await;
    browser
        .goto(&client.url(&format!("/frame?{question}")))
        .await;
    browser.sees("A frame").await;
    // What may not be shown is another origin to the page around it; what is shown has a document of its own.
    let inside = browser.in_frame().await;
    assert!(!inside.contains("Sign in"), "{inside}");
    browser.close().await;
}
