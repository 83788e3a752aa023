//! Reading the platform from any address of the control panel.

use comm100::{Client, ErrorKind, Method, OAuthClient, Platform};

use crate::mock::{Origin, answer, dash};

fn v2(base: &str) -> Platform {
    Platform::V2(base.to_owned())
}

#[test]
fn every_documented_host_is_its_platform_whatever_surrounds_it() {
    for (number, platform) in [
        (11, Platform::Dash11),
        (12, Platform::Dash12),
        (13, Platform::Dash13),
        (15, Platform::Dash15),
        (17, Platform::Dash17),
    ] {
        for text in [
            format!("https://dash{number}.comm100.io"),
            format!("dash{number}.comm100.io"),
            format!("  https://dash{number}.comm100.io/  "),
            format!("https://dash{number}.comm100.io:443/agentconsole/livechat?siteId=1#x"),
            format!("HTTPS://DASH{number}.COMM100.IO/AgentConsole"),
            format!("https://api{number}.comm100.io/v4/livechat/campaigns?pageIndex=2"),
            format!("API{number}.comm100.io"),
        ] {
            assert_eq!(text.parse::<Platform>().unwrap(), platform, "{text}");
        }
    }
}

#[test]
fn every_other_control_panel_is_v2_on_its_own_host() {
    for (text, base) in [
        ("https://hosted.comm100.com", "https://hosted.comm100.com"),
        (
            "HOSTED.comm100.com/adminmanage/?x=1#y",
            "https://hosted.comm100.com",
        ),
        ("ent.comm100.com", "https://ent.comm100.com"),
        (
            "https://chat.example.com:8443/admin",
            "https://chat.example.com:8443",
        ),
        ("chat.example.com:8443", "https://chat.example.com:8443"),
        ("https://chat.example.com:443", "https://chat.example.com"),
        (
            "https://my-dash11.example.com",
            "https://my-dash11.example.com",
        ),
    ] {
        assert_eq!(text.parse::<Platform>().unwrap(), v2(base), "{text}");
    }
    assert_eq!(Platform::hosted(), v2("https://hosted.comm100.com"));
}

#[test]
fn what_is_no_supported_platform_says_what_to_do() {
    for (text, words) in [
        (
            "https://portal7.comm100.io",
            &["`portal7.comm100.io`", "v3"][..],
        ),
        ("PORTAL12.comm100.io/x", &["`portal12.comm100.io`", "v3"]),
        (
            "https://dash14.comm100.io",
            &["`dash14.comm100.io`", "token_base", "api_base"],
        ),
        (
            "https://www.comm100.io",
            &["`www.comm100.io`", "not a documented platform"],
        ),
        (
            "https://dash.support.example.com",
            &["v4", "token_base", "api_base"],
        ),
        // Not a dash host, whatever it begins with.
        (
            "https://dash11.comm100.io.example.com",
            &["v4", "token_base", "api_base"],
        ),
        ("https://agent:pw-canary@dash11.comm100.io", &["user info"]),
        ("https://agent@hosted.comm100.com/x", &["user info"]),
        ("ftp://hosted.comm100.com", &["scheme"]),
        ("", &["not a URL"]),
        ("   ", &["not a URL"]),
        ("https://", &["not a URL"]),
        ("https://two words.example.com", &["not a URL"]),
    ] {
        let error = text.parse::<Platform>().expect_err(text);
        assert_eq!(error.kind(), ErrorKind::Config, "{text}");
        let told = error.to_string();
        assert!(told.starts_with("setting `platform`: "), "{text}: {told}");
        for word in words {
            assert!(told.contains(word), "{text}: {told}");
        }
        assert!(!told.contains("canary"), "{told}");
    }
}

#[cfg(feature = "partner")]
#[test]
fn partner_hosts_are_the_v4_partner_platform() {
    for text in ["https://partner.comm100.io/sites", "PARTNERAPI.comm100.io"] {
        assert_eq!(text.parse::<Platform>().unwrap(), Platform::PartnerV4);
    }
}

#[cfg(not(feature = "partner"))]
#[test]
fn partner_hosts_name_the_feature_they_need() {
    for text in ["https://partner.comm100.io/sites", "PARTNERAPI.comm100.io"] {
        let error = text.parse::<Platform>().unwrap_err();
        assert!(error.to_string().contains("`partner`"), "{error}");
    }
}

#[test]
fn plain_http_is_refused_when_the_client_is_built() {
    let platform: Platform = "http://hosted.example.com".parse().unwrap();
    assert_eq!(platform, v2("http://hosted.example.com"));
    let error = Client::builder(platform)
        .api_key("a@example.com", "key")
        .build()
        .unwrap_err();
    assert!(error.to_string().contains("plain http"), "{error}");
    // A dash host has one address only, and that is https.
    assert_eq!(
        "http://dash11.comm100.io".parse::<Platform>().unwrap(),
        Platform::Dash11
    );
}

#[test]
fn every_platform_has_its_own_host_for_tokens_and_for_the_api() {
    for (platform, tokens, api) in [
        (
            Platform::Dash11,
            "https://dash11.comm100.io",
            "https://api11.comm100.io",
        ),
        (
            Platform::Dash12,
            "https://dash12.comm100.io",
            "https://api12.comm100.io",
        ),
        (
            Platform::Dash13,
            "https://dash13.comm100.io",
            "https://api13.comm100.io",
        ),
        (
            Platform::Dash15,
            "https://dash15.comm100.io",
            "https://api15.comm100.io",
        ),
        (
            Platform::Dash17,
            "https://dash17.comm100.io",
            "https://api17.comm100.io",
        ),
        (
            Platform::hosted(),
            "https://hosted.comm100.com",
            "https://hosted.comm100.com",
        ),
    ] {
        let application = OAuthClient::new("client-1")
            .secret("secret")
            .redirect_uri("https://app.example.com/callback");
        let builder = Client::builder(platform)
            .site_id(1)
            .oauth_client(application)
            .api_key("a@example.com", "key");
        let (url, _) = builder.authorization_request().unwrap().start().unwrap();
        assert_eq!(url.origin().ascii_serialization(), tokens);
        let client = builder.build().unwrap();
        let shown = format!("{client:?}");
        assert!(shown.contains(&format!("api_base: \"{api}\"")), "{shown}");
    }
}

#[cfg(feature = "partner")]
#[test]
fn partner_platforms_have_their_own_hosts_for_the_api() {
    let ent = "https://ent.comm100.com";
    for (platform, api) in [
        (Platform::PartnerV2(ent.to_owned()), ent),
        (Platform::PartnerV4, "https://partnerapi.comm100.io"),
    ] {
        let client = Client::builder(platform)
            .partner_id(1)
            .oauth_client(OAuthClient::new("client-1"))
            .password("partner@example.com", "password");
        let shown = format!("{:?}", client.build().unwrap());
        assert!(shown.contains(&format!("api_base: \"{api}\"")), "{shown}");
    }
}

#[tokio::test]
async fn white_label_hosts_take_over_tokens_and_api() {
    let (tokens, api) = (Origin::start().await, Origin::start().await);
    tokens
        .answer(
            "/oauth/userinfo",
            answer(200, &serde_json::json!({ "role": "AGENT" })),
        )
        .await;
    api.answer("/v4/x", answer(200, &serde_json::json!({})))
        .await;
    let client = dash(&tokens, &api)
        .site_id(1)
        .api_key("a@example.com", "key")
        .build()
        .unwrap();
    client.request(Method::GET, "/v4/x").send().await.unwrap();
    client.userinfo().await.unwrap();
    assert_eq!(api.seen().await.len(), 1);
    let [userinfo] = tokens.seen().await.try_into().unwrap();
    userinfo.is("GET", "/oauth/userinfo?siteId=1", "");
}
