//! A sign-in through the browser that can't work is refused before its page is shown or its code is used.

use comm100::{Client, ErrorKind, OAuthClient, Platform};

use super::{REDIRECT, application, code_of, dash, hosted, hosted_code, refused};
use crate::way::ok;

#[test]
fn code_is_good_at_the_origin_that_gave_it_and_at_no_other() {
    let white_label = || {
        dash()
            .oauth_client(application())
            .token_base("a.example.com")
    };
    let request = white_label().authorization_request();
    let (url, pending) = ok(request.and_then(|request| request.start()));
    let state = url.query_pairs().find(|(name, _)| name == "state");
    let (_, state) = state.expect("a state");
    let callback = format!("{REDIRECT}?code=canary-code&state={state}");
    let code = ok(pending.check(&callback));
    for base in ["a.example.com", "https://A.example.com:443/"] {
        let builder = white_label().token_base(base);
        ok(builder.authorization_code(code.clone()).build());
    }

    let at = |platform| Client::builder(platform).oauth_client(application());
    for (what, builder, code) in [
        (
            "another name",
            white_label().token_base("b.example.com"),
            &code,
        ),
        (
            "another port",
            white_label().token_base("a.example.com:8443"),
            &code,
        ),
        ("the platform's own", at(Platform::Dash11), &code),
        (
            "another dash",
            at(Platform::Dash12),
            &code_of("https://dash11.comm100.io"),
        ),
        (
            "another v2",
            at(Platform::v2("https://ent.comm100.com")),
            &hosted_code(),
        ),
        // The host that calls go to does not matter.
        (
            "the API's",
            white_label()
                .token_base("b.example.com")
                .api_base("a.example.com"),
            &code,
        ),
    ] {
        refused(
            what,
            builder.authorization_code(code.clone()),
            "authorization_code",
        );
    }
}

#[test]
fn authorization_request_names_what_it_lacks() {
    let plain = || OAuthClient::new("client-1");
    for (what, builder, setting) in [
        ("no client", dash(), "oauth_client"),
        (
            "no redirect URI",
            dash().oauth_client(plain()),
            "redirect_uri",
        ),
        (
            "redirect URI that is none",
            dash().oauth_client(plain().redirect_uri("callback")),
            "redirect_uri",
        ),
        (
            "redirect URI with a fragment",
            dash().oauth_client(plain().redirect_uri("https://app.example.com/#x")),
            "redirect_uri",
        ),
        (
            "empty client id",
            dash().oauth_client(OAuthClient::new("").redirect_uri(REDIRECT)),
            "client_id",
        ),
        (
            "dash without site",
            Client::builder(Platform::Dash11).oauth_client(application()),
            "site_id",
        ),
        (
            "v2 without site",
            Client::builder(Platform::hosted()).oauth_client(application()),
            "site_id",
        ),
        (
            "v2 without state",
            hosted().oauth_client(application()).allow_missing_state(),
            "allow_missing_state",
        ),
        (
            "page on plain http",
            dash()
                .oauth_client(application())
                .token_base("http://x.example.com"),
            "token_base",
        ),
    ] {
        let request = builder.authorization_request();
        let error = request.and_then(|request| request.start()).expect_err(what);
        assert_eq!(error.kind(), ErrorKind::Config, "{what}");
        let told = error.to_string();
        assert!(
            told.starts_with(&format!("setting `{setting}`: ")),
            "{what}: {told}"
        );
    }
}

#[test]
fn code_on_v2_without_secret_is_refused_before_a_page_is_shown() {
    let public = || OAuthClient::new("client-1").redirect_uri(REDIRECT);
    let error = hosted().oauth_client(public()).authorization_request();
    let told = error.unwrap_err().to_string();
    assert!(told.starts_with("setting `client_secret`: "), "{told}");
    // v4 has PKCE instead.
    let request = dash().oauth_client(public()).authorization_request();
    request.unwrap().start().unwrap();
}

#[cfg(feature = "implicit")]
#[test]
fn implicit_grant_is_for_v2_only() {
    let request = dash()
        .oauth_client(application())
        .implicit_authorization_request();
    let told = request.unwrap().start().unwrap_err().to_string();
    assert!(told.starts_with("setting `platform`: "), "{told}");
}
