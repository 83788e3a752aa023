//! What can't work is refused when the client is built, by the name of the setting; nothing prints a secret.

mod authorization;
mod environment;

use comm100::{
    AuthorizationCode, Client, ClientBuilder, ErrorKind, MemoryStore, OAuthClient,
    PendingAuthorization, Platform, Settings, TokenSet, Transport,
};
use serde_json::json;
use std::time::Duration;

const REDIRECT: &str = "https://app.example.com/callback";

fn dash() -> ClientBuilder {
    Client::builder(Platform::Dash11).site_id(10000)
}

fn hosted() -> ClientBuilder {
    Client::builder(Platform::hosted()).site_id(10000)
}

fn application() -> OAuthClient {
    OAuthClient::new("client-1")
        .secret("canary-secret")
        .redirect_uri(REDIRECT)
}

fn with_key() -> ClientBuilder {
    dash().api_key("agent@example.com", "canary-key")
}

fn tokens() -> TokenSet {
    let text = json!({
        "version": 1,
        "access_token": "canary-access",
        "refresh_token": "canary-refresh",
    });
    crate::way::ok(TokenSet::import(&text.to_string()))
}

/// A code that the platform of [`dash`] gave.
fn code() -> AuthorizationCode {
    code_of("https://dash11.comm100.io")
}

/// A code that the platform of [`hosted`] gave.
fn hosted_code() -> AuthorizationCode {
    code_of("https://hosted.comm100.com")
}

fn code_of(issuer: &str) -> AuthorizationCode {
    let pending = json!({
        "version": 2,
        "dialect": "DASH_V4",
        "issuer": issuer,
        "redirect_uri": REDIRECT,
        "state": "canary-state",
        "verifier": "canary-verifier",
        "missing_state": false,
        "expires_at_ms": crate::way::soon_ms(),
    });
    let pending = crate::way::ok(PendingAuthorization::import(&pending.to_string()));
    crate::way::ok(pending.check(&format!("{REDIRECT}?code=canary-code&state=canary-state")))
}

#[track_caller]
fn refused(what: &str, builder: ClientBuilder, setting: &str) {
    let shown = format!("{builder:?}");
    let error = crate::way::failed(builder.build(), what);
    assert_eq!(error.kind(), ErrorKind::Config, "{what}");
    let told = error.to_string();
    assert!(
        told.starts_with(&format!("setting `{setting}`: ")),
        "{what}: {told}"
    );
    assert!(
        !format!("{told} {error:?} {shown}").contains("canary"),
        "{what}: {told}"
    );
}

#[test]
fn missing_or_wrong_sign_in_is_named() {
    let key = |builder: ClientBuilder| builder.api_key("agent@example.com", "canary-key");
    for (what, builder, setting) in [
        ("no sign-in", dash(), "credentials"),
        (
            "no sign-in but a client",
            hosted().oauth_client(application()),
            "credentials",
        ),
        (
            "key without e-mail address",
            dash().api_key("", "canary-key"),
            "email",
        ),
        (
            "e-mail address with a colon",
            dash().api_key("a:b", "canary-key"),
            "email",
        ),
        (
            "empty key",
            dash().api_key("agent@example.com", ""),
            "api_key",
        ),
        (
            "key on dash without site",
            key(Client::builder(Platform::Dash11)),
            "site_id",
        ),
        (
            "key on dash with tokens",
            with_key().tokens(tokens()),
            "tokens",
        ),
        (
            "key on v2 with tokens",
            key(hosted()).tokens(tokens()),
            "tokens",
        ),
        (
            "site in token requests without site",
            key(Client::builder(Platform::Dash11)).token_site_id(),
            "site_id",
        ),
        (
            "site in token requests on v2",
            key(Client::builder(Platform::hosted())).token_site_id(),
            "token_site_id",
        ),
        (
            "JSON exchange on v2",
            key(Client::builder(Platform::hosted())).token_body(comm100::TokenBody::Json),
            "token_body",
        ),
        (
            "client credentials on dash",
            dash().oauth_client(application()).client_credentials(),
            "grant",
        ),
        (
            "code on dash without client",
            dash().authorization_code(code()),
            "client_id",
        ),
        (
            "code on v2 without client",
            hosted().authorization_code(hosted_code()),
            "client_id",
        ),
        (
            "code on v2 without secret",
            hosted()
                .oauth_client(OAuthClient::new("client-1"))
                .authorization_code(hosted_code()),
            "client_secret",
        ),
        (
            "code on v2 with an empty secret",
            hosted()
                .oauth_client(OAuthClient::new("client-1").secret(""))
                .authorization_code(hosted_code()),
            "client_secret",
        ),
        (
            "code with an empty client id",
            dash()
                .oauth_client(OAuthClient::new(""))
                .authorization_code(code()),
            "client_id",
        ),
        (
            "client credentials without redirect URI",
            hosted()
                .oauth_client(OAuthClient::new("client-1").secret("canary-secret"))
                .client_credentials(),
            "redirect_uri",
        ),
        (
            "client credentials without secret",
            hosted()
                .oauth_client(OAuthClient::new("client-1").redirect_uri(REDIRECT))
                .client_credentials(),
            "client_secret",
        ),
        (
            "client credentials without site",
            Client::builder(Platform::hosted())
                .oauth_client(application())
                .client_credentials(),
            "site_id",
        ),
    ] {
        refused(what, builder, setting);
    }
}

#[cfg(feature = "password-grant")]
#[test]
fn missing_part_of_a_password_sign_in_is_named() {
    let application = || OAuthClient::new("client-1");
    for (what, builder, setting) in [
        (
            "no client",
            dash().password("a@example.com", "canary"),
            "client_id",
        ),
        (
            "no e-mail address",
            dash().oauth_client(application()).password("", "canary"),
            "email",
        ),
        (
            "no password",
            dash()
                .oauth_client(application())
                .password("a@example.com", ""),
            "password",
        ),
        (
            "no password on v2",
            hosted().password("a@example.com", ""),
            "password",
        ),
    ] {
        refused(what, builder, setting);
    }
}

#[cfg(feature = "partner")]
#[test]
fn partner_platforms_take_a_password_and_v4_a_partner() {
    let v2 = || Client::builder(Platform::PartnerV2("https://hosted.comm100.com".to_owned()));
    let v4 = || Client::builder(Platform::PartnerV4).oauth_client(OAuthClient::new("client-1"));
    for (what, builder, setting) in [
        (
            "key on v2",
            v2().api_key("a@example.com", "canary"),
            "api_key",
        ),
        (
            "key on v4",
            v4().api_key("a@example.com", "canary"),
            "api_key",
        ),
        (
            "no partner",
            v4().password("a@example.com", "canary"),
            "partner_id",
        ),
        (
            "no client",
            Client::builder(Platform::PartnerV4)
                .partner_id(1)
                .password("a@example.com", "canary"),
            "client_id",
        ),
        (
            "code on v2",
            v2().oauth_client(application())
                .authorization_code(hosted_code()),
            "grant",
        ),
        (
            "code on v4",
            v4().authorization_code(code_of("https://partner.comm100.io")),
            "grant",
        ),
        ("client credentials", v4().client_credentials(), "grant"),
    ] {
        refused(what, builder, setting);
    }
    let request = v4().oauth_client(application()).authorization_request();
    let error = request.unwrap().start().unwrap_err();
    assert!(
        error.to_string().starts_with("setting `platform`: "),
        "{error}"
    );
}

#[test]
fn base_that_would_leak_is_named() {
    for (url, word) in [
        ("", "empty"),
        ("http://support.example.com", "plain http"),
        ("http://127.0.0.1.example.com", "plain http"),
        ("https://user:canary@support.example.com", "user info"),
        ("https://support.example.com/api", "path"),
        ("https://support.example.com?x=canary", "query"),
        ("ftp://support.example.com", "scheme"),
    ] {
        for (setting, builder) in [
            ("token_base", with_key().token_base(url)),
            ("api_base", with_key().api_base(url)),
            (
                "platform",
                Client::builder(Platform::V2(url.to_owned())).api_key("a", "k"),
            ),
        ] {
            let told = builder.build().expect_err(url).to_string();
            assert!(
                told.starts_with(&format!("setting `{setting}`: ")),
                "{url}: {told}"
            );
            assert!(told.contains(word), "{url}: {told}");
            assert!(!told.contains("canary"), "{told}");
        }
    }
    for url in [
        "support.example.com",
        " https://support.example.com/ ",
        "https://support.example.com:8443",
        "http://localhost:8080",
        "http://[::1]:8080",
    ] {
        with_key().token_base(url).api_base(url).build().expect(url);
    }
    let settings = Settings::new().allow_plain_http("gateway");
    let inside = with_key()
        .api_base("http://gateway:8080")
        .settings(settings);
    inside.build().unwrap();
}

#[test]
fn general_setting_that_cannot_work_is_named() {
    let zero = Duration::ZERO;
    let new = Settings::new;
    for (settings, setting) in [
        (new().token_retries(3), "token_retries"),
        (new().call_timeout(zero), "call_timeout"),
        (new().call_deadline(zero), "call_deadline"),
        (new().token_timeout(zero), "token_timeout"),
        (new().user_agent("two\nlines"), "user_agent"),
        (new().proxy("://canary"), "proxy"),
        (new().root_certificate("canary"), "root_certificate"),
        (
            new()
                .transport(Transport::builder().build().unwrap())
                .user_agent("mine"),
            "transport",
        ),
    ] {
        refused(setting, with_key().settings(settings), setting);
    }
}

#[test]
fn store_for_a_persons_tokens_needs_the_persons_name() {
    let stored = || Settings::new().store(MemoryStore::new());
    let by_code = || {
        dash()
            .oauth_client(application())
            .authorization_code(code())
    };
    let by_tokens = || dash().oauth_client(application()).tokens(tokens());
    for builder in [by_code(), by_tokens()] {
        refused("no account", builder.settings(stored()), "account");
    }
    for builder in [by_code(), by_tokens()] {
        builder.settings(stored().account("ada")).build().unwrap();
    }
}

#[test]
fn debug_of_builder_client_and_session_shows_no_secret() {
    let mut builders = vec![
        with_key(),
        hosted().oauth_client(application()).client_credentials(),
        dash()
            .oauth_client(application().secret_with_code())
            .authorization_code(code())
            .tokens(tokens()),
        dash().oauth_client(application()).tokens(tokens()),
    ];
    #[cfg(feature = "password-grant")]
    builders.push(
        dash()
            .oauth_client(application())
            .password("a@example.com", "canary-password"),
    );
    #[cfg(feature = "implicit")]
    builders.push(
        hosted()
            .oauth_client(application())
            .implicit_tokens(tokens()),
    );
    for builder in builders.drain(..) {
        let before = format!("{builder:?} {builder:#?}");
        assert!(before.contains("[REDACTED]"), "{before}");
        let client = builder.build().unwrap();
        let call = client.request(comm100::Method::GET, "/v4/x?token=canary");
        let after = format!("{client:?} {:?} {:?}", client.session(), client.token_set());
        for shown in [before, after, format!("{call:?}")] {
            assert!(!shown.contains("canary"), "{shown}");
            // Nor the key's pair in Base64: `agent@example.com:canary-key`.
            assert!(!shown.contains("Y2FuYXJ5"), "{shown}");
        }
    }
}

#[test]
fn debug_of_builder_and_platform_hides_user_info() {
    let url = "https://canary:canary-pw@support.example.com";
    let platforms = [
        Platform::v2(url),
        #[cfg(feature = "partner")]
        Platform::PartnerV2(url.to_owned()),
    ];
    let mut shown = vec![
        format!("{:?}", dash().token_base(url)),
        format!("{:#?}", dash().api_base(url)),
    ];
    for platform in platforms {
        shown.push(format!("{platform:?} {platform:#?}"));
        shown.push(format!("{:?}", Client::builder(platform)));
    }
    for shown in shown {
        assert!(shown.contains("[REDACTED]@support.example.com"), "{shown}");
        assert!(!shown.contains("canary"), "{shown}");
    }
}
