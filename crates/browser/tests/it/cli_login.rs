//! The command-line program: its port is open for one answer, and closed for whatever comes after.

use tokio::net::TcpStream;
use url::Url;
use vendor_sandbox::{Host, Sandbox};

use crate::chromium::{ACCOUNT, Chromium};
use crate::program::{Program, exchanges};

const APPROVED: &str = "Sign-in approved";

#[tokio::test]
async fn a_person_approves_and_the_program_goes_on() {
    let Some(browser) = Chromium::open("cli-approve").await else {
        return;
    };
    let sandbox = Sandbox::start().await.unwrap();
    let (program, url) = Program::cli_login(&sandbox).await;
    browser.goto(&url).await;
    browser.sign_in_and("Approve").await;
    let page = browser.sees(APPROVED).await;
    assert!(page.contains("You can close this window"), "{page}");
    let callback = browser.url().await;
    let (status, said) = program.end().await;
    assert!(
        status.success() && said.contains("Signed in. GET"),
        "{said}"
    );
    assert_eq!(exchanges(&sandbox), 1);
    assert_eq!(sandbox.api_requests(Host::Comm100DashApi), 1);
    // Reload: nobody is there any more, and the browser says so.
    assert!(is_closed(&callback).await);
    browser.reload().await;
    browser.sees("refused to connect").await;
    assert_eq!(exchanges(&sandbox), 1);
    assert_eq!(sandbox.refusals(), []);
    browser.close().await;
}

#[tokio::test]
async fn denial_ends_the_program_with_advice() {
    let Some(browser) = Chromium::open("cli-deny").await else {
        return;
    };
    let sandbox = Sandbox::start().await.unwrap();
    let (program, url) = Program::cli_login(&sandbox).await;
    browser.goto(&url).await;
    browser.sign_in_and("Deny").await;
    browser.sees("Sign-in did not happen").await;
    let callback = browser.url().await;
    let (status, said) = program.end().await;
    assert!(
        !status.success() && said.contains("Nobody has approved"),
        "{said}"
    );
    assert!(is_closed(&callback).await);
    assert_eq!(exchanges(&sandbox), 0);
    browser.close().await;
}

#[tokio::test]
async fn going_back_after_approval_asks_nothing_anew() {
    let Some(browser) = Chromium::open("cli-back").await else {
        return;
    };
    let sandbox = Sandbox::start().await.unwrap();
    let (program, url) = Program::cli_login(&sandbox).await;
    browser.goto(&url).await;
    browser.sign_in_and("Approve").await;
    browser.sees(APPROVED).await;
    let (status, said) = program.end().await;
    assert!(status.success(), "{said}");
    browser.back().await;
    browser.sees("You have approved this request").await;
    assert_eq!(exchanges(&sandbox), 1);
    browser.close().await;
}

#[tokio::test]
async fn two_programs_sign_in_from_two_tabs_and_each_gets_its_own_answer() {
    let Some(browser) = Chromium::open("cli-tabs").await else {
        return;
    };
    let sandbox = Sandbox::start().await.unwrap();
    let (one, first_url) = Program::cli_login(&sandbox).await;
    let (other, second_url) = Program::cli_login(&sandbox).await;
    let first = browser.tab().await;
    browser.goto(&first_url).await;
    browser.sees(ACCOUNT).await;
    browser.new_tab().await;
    browser.goto(&second_url).await;
    browser.sign_in_and("Approve").await;
    browser.sees(APPROVED).await;
    let (status, said) = other.end().await;
    assert!(status.success(), "{said}");
    assert_eq!(exchanges(&sandbox), 1);
    browser.switch_to(&first).await;
    browser.sign_in_and("Deny").await;
    browser.sees("Sign-in did not happen").await;
    let (status, said) = one.end().await;
    assert!(!status.success(), "{said}");
    assert_eq!(exchanges(&sandbox), 1);
    browser.close().await;
}

/// Two tabs ask for the same program: the second answer finds the port closed.
#[tokio::test]
async fn a_second_answer_to_the_same_program_reaches_nobody() {
    let Some(browser) = Chromium::open("cli-second-answer").await else {
        return;
    };
    let sandbox = Sandbox::start().await.unwrap();
    let (program, url) = Program::cli_login(&sandbox).await;
    let first = browser.tab().await;
    browser.goto(&url).await;
    browser.sees(ACCOUNT).await;
    let second = browser.new_tab().await;
    browser.goto(&url).await;
    browser.sees(ACCOUNT).await;
    browser.switch_to(&first).await;
    browser.sign_in_and("Approve").await;
    browser.sees(APPROVED).await;
    let (status, said) = program.end().await;
    assert!(status.success(), "{said}");
    browser.switch_to(&second).await;
    browser.sign_in_and("Approve").await;
    browser.sees("refused to connect").await;
    assert_eq!(exchanges(&sandbox), 1);
    browser.close().await;
}

async fn is_closed(callback: &Url) -> bool {
    let addresses = callback.socket_addrs(|| None).unwrap();
    TcpStream::connect(addresses.as_slice()).await.is_err()
}
