//! The person's own browser is opened, or it is not.
#![cfg(all(unix, not(target_os = "macos")))]

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use auth_core::{AuthorizationRequest, ErrorKind, LoopbackSignIn, Settings};
use tempfile::TempDir;

use super::PANEL;
use crate::clocks::eventually;
use crate::dialects::FORM;
use crate::stage::{CLIENT_ID, base};

/// Tells the child where its browser writes.
const DIRECTORY: &str = "AUTH_CORE_TEST_BROWSER";
const NO_BROWSER: &str = "AUTH_CORE_TEST_NO_BROWSER";

/// Notes each URL in a line of its own.
const LAUNCHER: &str = "#!/bin/sh\nprintf '%s\\n' \"$1\" >> \"$AUTH_CORE_TEST_BROWSER/urls\"\n";

/// Runs sign-ins in a process whose system has a launcher of ours for opening URLs: what was shown, and what was opened.
fn shown_and_opened(more: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let directory = TempDir::new().expect("a directory");
    let program = directory.path().join("xdg-open");
    fs::write(&program, LAUNCHER).expect("written");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).expect("executable");
    let output = Command::new(env::current_exe().expect("this binary"))
        .args([
            "--exact",
            "loopback::browser::child",
            "--ignored",
            "--nocapture",
        ])
        .env(DIRECTORY, directory.path())
        .env(
            "PATH",
            format!("{}:/usr/bin:/bin", directory.path().display()),
        )
        .envs(more.iter().copied())
        .output()
        .expect("a child");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    let said = text(output.stdout) + &text(output.stderr);
    assert!(output.status.success(), "{said}");
    let urls = fs::read_to_string(directory.path().join("urls")).expect("a URL was opened");
    let shown = said.lines().filter_map(|line| line.strip_prefix("shown: "));
    (
        shown.map(str::to_owned).collect(),
        urls.lines().map(str::to_owned).collect(),
    )
}

#[test]
fn the_system_is_asked_to_open_the_url_that_is_shown() {
    let (shown, opened) = shown_and_opened(&[]);
    assert_eq!(opened, shown);
    let [url] = opened.as_slice() else {
        panic!("not one URL: {opened:?}");
    };
    assert!(
        url.starts_with(&format!("{PANEL}/oauth/authorize?")),
        "{url}"
    );
}

/// A second sign-in, whose browser is wanted, shows that one for the first would have been seen.
#[test]
fn no_browser_is_opened_where_none_is_wanted() {
    let (shown, opened) = shown_and_opened(&[(NO_BROWSER, "1")]);
    let [_, wanted] = shown.as_slice() else {
        panic!("not two URLs: {shown:?}");
    };
    assert_eq!(&opened, &[wanted.as_str()]);
}

#[test]
#[ignore = "a test runs it as its child"]
fn child() {
    let Some(directory) = env::var_os(DIRECTORY) else {
        return;
    };
    let urls = Path::new(&directory).join("urls");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        // The test's own line may lack its end.
        println!();
        let new = || LoopbackSignIn::new(|url| println!("shown: {url}"));
        if env::var_os(NO_BROWSER).is_some() {
            shows(new().no_browser(), async {}).await;
        }
        let written = || fs::read_to_string(&urls).is_ok_and(|urls| urls.ends_with('\n'));
        shows(new(), eventually("a browser comes up", written)).await;
    });
}

/// Begins a sign-in that nobody comes back from, and gives it up after `more`.
async fn shows(sign_in: LoopbackSignIn, more: impl Future<Output = ()>) {
    let settings = Settings::new();
    let make = |uri: &str| AuthorizationRequest::new(FORM, base(PANEL), CLIENT_ID, uri);
    let wait = sign_in.run(&settings, None, make);
    tokio::select! {
        biased; // the URL is shown before anything else is looked at
        outcome = wait => panic!("nobody came: {:?}", outcome.err().map(|error| error.kind() == ErrorKind::Timeout)),
        () = more => {}
    }
}
