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

/// Runs a sign-in in a process whose system has `launcher` for opening URLs; what that wrote down, and what the
/// process said.
fn opened_by(launcher: &str, more: &[(&str, &str)]) -> (Option<String>, String) {
    let directory = TempDir::new().expect("a directory");
    let program = directory.path().join("xdg-open");
    fs::write(&program, launcher).expect("written");
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
    let url = fs::read_to_string(directory.path().join("url")).ok();
    (url, said)
}

const WRITES: &str = "#!/bin/sh\nprintf '%s' \"$1\" > \"$AUTH_CORE_TEST_BROWSER/new\"\n\
                      mv \"$AUTH_CORE_TEST_BROWSER/new\" \"$AUTH_CORE_TEST_BROWSER/url\"\n";

#[test]
fn the_system_is_asked_to_open_the_url_that_is_shown() {
    let (url, said) = opened_by(WRITES, &[]);
    let url = url.expect("a URL was opened");
    assert!(
        url.starts_with(&format!("{PANEL}/oauth/authorize?")),
        "{url}"
    );
    assert!(said.contains(&format!("shown: {url}\n")), "{said}");
}

#[test]
fn no_browser_is_opened_where_none_is_wanted() {
    let (url, said) = opened_by(WRITES, &[(NO_BROWSER, "1")]);
    assert_eq!(url, None);
    assert!(
        said.contains(&format!("shown: {PANEL}/oauth/authorize?")),
        "{said}"
    );
}

#[test]
#[ignore = "a test runs it as its child"]
fn child() {
    let Some(directory) = env::var_os(DIRECTORY) else {
        return;
    };
    let opened = Path::new(&directory).join("url");
    let mut sign_in = LoopbackSignIn::new(|url| println!("shown: {url}"));
    let wanted = env::var_os(NO_BROWSER).is_none();
    if !wanted {
        sign_in = sign_in.no_browser();
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let settings = Settings::new();
        let make = |uri: &str| AuthorizationRequest::new(FORM, base(PANEL), CLIENT_ID, uri);
        let wait = sign_in.run(&settings, None, make);
        tokio::select! {
            biased; // the URL is shown before anything else is looked at
            outcome = wait => panic!("nobody came: {:?}", outcome.err().map(|error| error.kind() == ErrorKind::Timeout)),
            () = async {
                if wanted {
                    eventually("a browser comes up", || opened.exists()).await;
                }
            } => {}
        }
    });
}
