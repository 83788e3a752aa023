//! The pending sign-ins of a web back end: bound to a browser, good once, for a while, and not without number.

use std::time::Duration;

use auth_core::{
    AuthorizationCode, AuthorizationRequest, Error, ErrorKind, ManualClock, PendingAuthorizations,
    Secret, Settings,
};

use super::PANEL;
use crate::dialects::FORM;
use crate::stage::{authorization, query};

/// A sign-in that was begun: the value of the browser's cookie, and the callback that would be good.
struct Begun {
    user_agent: Secret,
    callback: String,
}

fn begin(all: &PendingAuthorizations, cookie: Option<&str>) -> Begun {
    begin_with(all, &authorization(FORM, PANEL), cookie)
}

fn begin_with(
    all: &PendingAuthorizations,
    request: &AuthorizationRequest,
    cookie: Option<&str>,
) -> Begun {
    let (url, user_agent) = all.begin(request, cookie).expect("a sign-in");
    let state = query(&url, "state");
    assert!(!url.as_str().contains(user_agent.expose()));
    Begun {
        user_agent,
        callback: format!("/back?from=x%20y&code=c&state={state}"),
    }
}

impl Begun {
    fn finish(&self, all: &PendingAuthorizations) -> Result<AuthorizationCode, Error> {
        all.finish(Some(self.user_agent.expose()), &self.callback)
    }
}

#[track_caller]
fn is_over(outcome: Result<AuthorizationCode, Error>) {
    let error = outcome.expect_err("no such sign-in");
    assert_eq!(error.kind(), ErrorKind::Blocked);
    assert!(error.to_string().contains("begin a new one"), "{error}");
    assert!(!error.is_retryable());
}

fn count(all: &PendingAuthorizations) -> usize {
    let shown = format!("{all:?}");
    let (_, rest) = shown.split_once("pending: ").expect("a count");
    let (count, _) = rest.split_once(',').expect("a count");
    count.parse().expect("a number")
}

#[test]
fn a_callback_is_good_once() {
    let all = PendingAuthorizations::new();
    let begun = begin(&all, None);
    begun.finish(&all.clone()).expect("a code");
    is_over(begun.finish(&all));
    assert_eq!(count(&all), 0);
}

#[test]
fn of_many_threads_with_one_callback_one_gets_the_code() {
    let all = PendingAuthorizations::new();
    let begun = begin(&all, None);
    let taken: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16)
            .map(|_| scope.spawn(|| usize::from(begun.finish(&all).is_ok())))
            .collect();
        let taken = threads.into_iter().map(|thread| thread.join());
        taken.map(|taken| taken.expect("no panic")).sum()
    });
    assert_eq!(taken, 1);
}

#[test]
fn another_browser_gets_nothing_and_spoils_nothing() {
    let all = PendingAuthorizations::new();
    let (mine, theirs) = (begin(&all, None), begin(&all, None));
    let own = mine.user_agent.expose();
    assert_ne!(own, theirs.user_agent.expose());
    let long = format!("{own}x");
    let other = if own.starts_with('A') { "B" } else { "A" };
    let near = format!("{other}{}", &own[1..]);
    for cookie in [
        None,
        Some(""),
        Some("guess"),
        Some(theirs.user_agent.expose()),
        Some(&long),
        Some(&own[1..]),
        Some(&near),
    ] {
        is_over(all.finish(cookie, &mine.callback));
    }
    mine.finish(&all).expect("still good");
    theirs.finish(&all).expect("still good");
}

#[test]
fn each_tab_of_a_browser_has_a_sign_in_of_its_own() {
    let all = PendingAuthorizations::new();
    let first = begin(&all, None);
    let second = begin(&all, Some(first.user_agent.expose()));
    assert_eq!(first.user_agent.expose(), second.user_agent.expose());
    assert_ne!(first.callback, second.callback);
    second.finish(&all).expect("the second tab");
    first.finish(&all).expect("the first tab");
}

#[test]
fn a_cookie_that_is_not_of_our_making_is_replaced() {
    let all = PendingAuthorizations::new();
    let odd = "x".repeat(42) + ";";
    for cookie in ["", "short", &"x".repeat(44), &odd, &"é".repeat(22)] {
        let begun = begin(&all, Some(cookie));
        assert_ne!(begun.user_agent.expose(), cookie);
        assert_eq!(begun.user_agent.expose().len(), 43);
        begun.finish(&all).expect("a code");
    }
}

#[test]
fn a_wrong_callback_under_the_right_state_ends_the_sign_in() {
    for (from, to, kind) in [
        ("/back", "/elsewhere", ErrorKind::Blocked),
        (
            "code=c",
            "code=c&iss=https://evil.example",
            ErrorKind::Blocked,
        ),
        ("code=c", "code=c&code=d", ErrorKind::Blocked),
        ("code=c", "error=access_denied", ErrorKind::Permission),
        ("code=c", "x=y", ErrorKind::Decode),
    ] {
        let all = PendingAuthorizations::new();
        let begun = begin(&all, None);
        let wrong = begun.callback.replace(from, to);
        let error = all.finish(Some(begun.user_agent.expose()), &wrong);
        assert_eq!(error.expect_err(&wrong).kind(), kind, "{wrong}");
        is_over(begun.finish(&all));
    }
    let all = PendingAuthorizations::new();
    let begun = begin(&all, None);
    let twice = format!("{}&state=x", begun.callback);
    is_over(all.finish(Some(begun.user_agent.expose()), &twice));
    begun.finish(&all).expect("nobody's callback");
}

#[test]
fn a_sign_in_expires_and_is_forgotten() {
    let clock = ManualClock::new();
    let request = authorization(FORM, PANEL).settings(&Settings::new().clock(clock.clone()));
    let all = PendingAuthorizations::new();
    let (early, late) = (
        begin_with(&all, &request, None),
        begin_with(&all, &request, None),
    );
    clock.advance(Duration::from_millis(599_999));
    early.finish(&all).expect("in time");
    clock.advance(Duration::from_millis(1));
    let error = late.finish(&all).expect_err("too late");
    assert_eq!(error.kind(), ErrorKind::Blocked);
    assert_eq!(count(&all), 0);
    for _ in 0..5 {
        begin_with(&all, &request, None);
    }
    clock.advance(Duration::from_secs(600));
    begin_with(&all, &request, None);
    assert_eq!(count(&all), 1, "expired ones go with the next beginning");
}

#[test]
fn a_flood_of_beginnings_drops_the_oldest() {
    let all = PendingAuthorizations::with_capacity(100);
    let first = begin(&all, None);
    let second = begin(&all, None);
    for _ in 0..99 {
        begin(&all, None);
    }
    assert_eq!(count(&all), 100);
    is_over(first.finish(&all));
    second.finish(&all).expect("the oldest that is left");
    for _ in 0..1000 {
        let begun = begin(&all, None);
        begun.finish(&all).expect("a code");
    }
    assert_eq!(count(&all), 99);
    let none = PendingAuthorizations::with_capacity(0);
    begin(&none, None)
        .finish(&none)
        .expect("there is room for one");
}

#[test]
fn without_echoed_state_the_browsers_latest_sign_in_is_meant() {
    let all = PendingAuthorizations::new();
    let strict = begin(&all, None);
    let cookie = Some(strict.user_agent.expose());
    is_over(all.finish(cookie, "/back?from=x%20y&code=c"));
    let lenient = authorization(FORM, PANEL).allow_missing_state();
    let old = begin_with(&all, &lenient, cookie);
    let other = begin_with(&all, &lenient, None);
    let new = begin_with(&all, &lenient, cookie);
    all.finish(cookie, "/back?from=x%20y&code=c")
        .expect("the latest");
    is_over(new.finish(&all));
    old.finish(&all).expect("left alone");
    other.finish(&all).expect("left alone");
    strict.finish(&all).expect("left alone");
}

#[test]
fn nothing_of_it_is_shown() {
    let all = PendingAuthorizations::new();
    let begun = begin(&all, None);
    let state = begun.callback.rsplit_once('=').expect("a state").1;
    let shown = format!("{all:?} {all:#?} {:?}", begun.user_agent);
    assert!(shown.contains("pending: 1"), "{shown}");
    assert!(
        !shown.contains(state) && !shown.contains(begun.user_agent.expose()),
        "{shown}"
    );
}
