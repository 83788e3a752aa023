//! Every grant of every Comm100 dialect, as the seed documents write it.

use std::io;

use serde_json::json;
use vendor_sandbox::{Host, Implicit, Sandbox, credentials as known};

use crate::client::{Call, Reply, api_key, basic, dash_password, dash_refresh};
use crate::consent::{CHALLENGE, VERIFIER, code_of, dash_url, hosted_url};

const CALLBACK: &str = known::COMM100_REDIRECT_URI;

fn dash(sandbox: &Sandbox) -> Call {
    let origin = sandbox.url(Host::Comm100DashPanel);
    Call::post(format!("{origin}/oauth/token"))
}

fn hosted(sandbox: &Sandbox) -> Call {
    let origin = sandbox.url(Host::Comm100Hosted);
    Call::post(format!("{origin}/oauth/token"))
}

/// Approves on the dash panel and lays out the exchange that follows.
async fn dash_exchange(sandbox: &Sandbox) -> io::Result<Vec<(&'static str, String)>> {
    let callback = sandbox.approve(&dash_url(sandbox)).await?;
    Ok(vec![
        ("grant_type", "authorization_code".to_owned()),
        ("client_id", known::COMM100_CLIENT_ID.to_owned()),
        ("code_verifier", VERIFIER.to_owned()),
        ("code", code_of(&callback)),
        ("redirect_uri", CALLBACK.to_owned()),
    ])
}

fn borrowed<'p>(pairs: &'p [(&'static str, String)]) -> Vec<(&'static str, &'p str)> {
    pairs
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect()
}

fn assert_tokens(reply: &Reply, token_type: &str, expires_in: u64) {
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.headers["content-type"], "application/json");
    let body = reply.json();
    assert_eq!(body["token_type"], token_type);
    assert_eq!(body["expires_in"], expires_in);
    assert!(body["access_token"].is_string() && body["refresh_token"].is_string());
}

#[tokio::test]
async fn dash_password_is_form_with_email_and_client_id() {
    let sandbox = Sandbox::start().await.unwrap();
    assert_tokens(&dash_password(&sandbox).send().await, "bearer", 43_200);
}

#[tokio::test]
async fn dash_code_is_exchanged_with_its_verifier_as_form_or_json() {
    let sandbox = Sandbox::start().await.unwrap();
    let pairs = dash_exchange(&sandbox).await.unwrap();
    let reply = dash(&sandbox).form(&borrowed(&pairs)).send().await;
    assert_tokens(&reply, "Bearer", 43_200);
    let pairs = dash_exchange(&sandbox).await.unwrap();
    let body = pairs
        .into_iter()
        .collect::<std::collections::BTreeMap<_, _>>();
    let reply = dash(&sandbox).json(&json!(body)).send().await;
    assert_tokens(&reply, "Bearer", 43_200);
    assert_eq!(sandbox.refusals(), []);
}

#[tokio::test]
async fn dash_exchange_takes_the_right_secret_only() {
    let sandbox = Sandbox::start().await.unwrap();
    let mut pairs = dash_exchange(&sandbox).await.unwrap();
    pairs.push(("client_secret", "wrong".to_owned()));
    let reply = dash(&sandbox).form(&borrowed(&pairs)).send().await;
    assert_eq!(
        (reply.status, reply.member("error").as_str()),
        (401, "invalid_client")
    );
    pairs.pop();
    pairs.push(("client_secret", known::COMM100_CLIENT_SECRET.to_owned()));
    let reply = dash(&sandbox).form(&borrowed(&pairs)).send().await;
    assert_tokens(&reply, "Bearer", 43_200);
}

#[tokio::test]
async fn a_wrong_verifier_or_redirect_uri_buys_nothing_and_does_not_burn_the_code() {
    let sandbox = Sandbox::start().await.unwrap();
    let right = dash_exchange(&sandbox).await.unwrap();
    let other = "z".repeat(43);
    for (name, value, error) in [
        ("code_verifier", other.as_str(), Some("invalid_grant")),
        ("code_verifier", CHALLENGE, Some("invalid_grant")),
        ("code_verifier", "short", None),
        (
            "redirect_uri",
            "http://127.0.0.1:1/other",
            Some("invalid_grant"),
        ),
        ("code", "unknown", Some("invalid_grant")),
    ] {
        let wrong: Vec<_> = borrowed(&right)
            .into_iter()
            .map(|(own, kept)| (own, if own == name { value } else { kept }))
            .collect();
        let reply = dash(&sandbox).form(&wrong).send().await;
        assert_eq!(reply.status, 400, "{name}: {}", reply.text());
        assert_eq!(reply.json()["error"].as_str(), error, "{name}");
    }
    let reply = dash(&sandbox).form(&borrowed(&right)).send().await;
    assert_tokens(&reply, "Bearer", 43_200);
}

#[tokio::test]
async fn a_code_is_exchanged_once_and_a_second_time_revokes_its_tokens() {
    let sandbox = Sandbox::start().await.unwrap();
    let pairs = dash_exchange(&sandbox).await.unwrap();
    let first = dash(&sandbox).form(&borrowed(&pairs)).send().await.ok();
    let second = dash(&sandbox).form(&borrowed(&pairs)).send().await;
    assert_eq!(
        (second.status, second.member("error").as_str()),
        (400, "invalid_grant")
    );
    let refresh = dash_refresh(&sandbox, &first.member("refresh_token"));
    assert_eq!(refresh.send().await.member("error"), "invalid_grant");
    let api = crate::client::dash_campaigns(&sandbox, &first.member("access_token"));
    assert_eq!(api.send().await.status, 401);
}

#[tokio::test]
async fn dash_calls_may_carry_the_right_site_in_the_query() {
    let sandbox = Sandbox::start().await.unwrap();
    let origin = sandbox.url(Host::Comm100DashPanel);
    let call = |site: u64| {
        Call::post(format!("{origin}/oauth/token?siteId={site}")).form(&[
            ("grant_type", "password"),
            ("email", known::COMM100_EMAIL),
            ("password", known::COMM100_PASSWORD),
            ("client_id", known::COMM100_CLIENT_ID),
        ])
    };
    assert_tokens(&call(known::COMM100_SITE_ID).send().await, "bearer", 43_200);
    assert_eq!(call(1).send().await.status, 400);
}

#[tokio::test]
async fn scope_is_refused_on_every_token_call_of_the_dash() {
    let sandbox = Sandbox::start().await.unwrap();
    let scope = ("scope", "openid offline_access");
    let client = ("client_id", known::COMM100_CLIENT_ID);
    let password = [
        ("grant_type", "password"),
        ("email", known::COMM100_EMAIL),
        ("password", known::COMM100_PASSWORD),
        client,
        scope,
    ];
    let exchange = [
        ("grant_type", "authorization_code"),
        client,
        ("code_verifier", VERIFIER),
        ("code", "c"),
        ("redirect_uri", CALLBACK),
        scope,
    ];
    let refresh = [
        ("grant_type", "refresh_token"),
        client,
        ("refresh_token", "r"),
        scope,
    ];
    for body in [&password[..], &exchange, &refresh] {
        let reply = dash(&sandbox).form(body).send().await;
        assert_eq!(reply.status, 400, "{body:?}");
        assert!(
            reply.text().contains("unknown parameter `scope`"),
            "{body:?}: {}",
            reply.text()
        );
    }
    assert_eq!(sandbox.refusals().len(), 3);
}

#[tokio::test]
async fn dash_refresh_works_with_the_right_secret_or_none() {
    let sandbox = Sandbox::start().await.unwrap();
    let refresh_token = dash_password(&sandbox).send().await.member("refresh_token");
    let call = |secret: &str, refresh_token: &str| {
        dash(&sandbox).form(&[
            ("grant_type", "refresh_token"),
            ("client_id", known::COMM100_CLIENT_ID),
            ("refresh_token", refresh_token),
            ("client_secret", secret),
        ])
    };
    assert_eq!(call("wrong", &refresh_token).send().await.status, 401);
    assert_eq!(call("", &refresh_token).send().await.status, 400);
    let reply = call(known::COMM100_CLIENT_SECRET, &refresh_token)
        .send()
        .await;
    assert_tokens(&reply, "Bearer", 43_200);
    let reply = dash_refresh(&sandbox, &reply.member("refresh_token"))
        .send()
        .await;
    assert_tokens(&reply, "Bearer", 43_200);
}

#[tokio::test]
async fn hosted_code_keeps_its_plus_in_the_callback_and_escaped_in_the_body() {
    let sandbox = Sandbox::start().await.unwrap();
    let callback = sandbox
        .approve(&hosted_url(&sandbox, "code"))
        .await
        .unwrap();
    assert!(callback.contains('+'), "{callback}");
    let code = code_of(&callback);
    let read_as_form = code.replace('+', " ");
    let exchange = |code: &str| {
        hosted(&sandbox).form(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("client_id", known::COMM100_CLIENT_ID),
            ("client_secret", known::COMM100_CLIENT_SECRET),
        ])
    };
    assert_eq!(
        exchange(&read_as_form).send().await.member("error"),
        "invalid_grant"
    );
    let tokens = exchange(&code).send().await;
    assert_tokens(&tokens, "bearer", 43_199);
    let refresh_token = tokens.member("refresh_token");
    let bare = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token.as_str()),
    ];
    assert_eq!(hosted(&sandbox).form(&bare).send().await.status, 400);
    let mut proven = bare.to_vec();
    proven.push(("client_id", known::COMM100_CLIENT_ID));
    proven.push(("client_secret", known::COMM100_CLIENT_SECRET));
    let reply = hosted(&sandbox).form(&proven).send().await;
    assert_tokens(&reply, "bearer", 43_199);
}

#[tokio::test]
async fn hosted_password_has_no_client_neither_at_first_nor_at_refresh() {
    let sandbox = Sandbox::start().await.unwrap();
    let tokens = hosted(&sandbox)
        .form(&[
            ("grant_type", "password"),
            ("email", known::COMM100_EMAIL),
            ("password", known::COMM100_PASSWORD),
        ])
        .send()
        .await;
    assert_tokens(&tokens, "bearer", 43_199);
    let refresh_token = tokens.member("refresh_token");
    let bare = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token.as_str()),
    ];
    let mut proven = bare.to_vec();
    proven.push(("client_id", known::COMM100_CLIENT_ID));
    proven.push(("client_secret", known::COMM100_CLIENT_SECRET));
    assert_eq!(hosted(&sandbox).form(&proven).send().await.status, 400);
    let reply = hosted(&sandbox).form(&bare).send().await;
    assert_tokens(&reply, "bearer", 43_199);
}

#[tokio::test]
async fn hosted_client_credentials_carry_redirect_uri_and_site() {
    let sandbox = Sandbox::start().await.unwrap();
    let site = known::COMM100_SITE_ID.to_string();
    let tokens = hosted(&sandbox)
        .form(&[
            ("grant_type", "client_credentials"),
            ("redirect_uri", CALLBACK),
            ("client_id", known::COMM100_CLIENT_ID),
            ("client_secret", known::COMM100_CLIENT_SECRET),
            ("siteId", &site),
        ])
        .send()
        .await;
    assert_tokens(&tokens, "bearer", 43_199);
    let origin = sandbox.url(Host::Comm100Hosted);
    let api = Call::get(format!("{origin}/api/v2/livechat/campaigns"));
    let reply = api.bearer(&tokens.member("access_token")).send().await.ok();
    assert_eq!(reply.json().as_array().map(Vec::len), Some(25));
}

#[tokio::test]
async fn hosted_implicit_answers_json_or_a_fragment() {
    let sandbox = Sandbox::start().await.unwrap();
    let url = hosted_url(&sandbox, "token");
    assert_tokens(&Call::get(&url).send().await, "bearer", 43_199);
    sandbox.set_implicit_answer(Implicit::Fragment);
    let reply = Call::get(&url).send().await;
    assert_eq!(reply.status, 302);
    let location = reply.headers["location"].to_str().unwrap();
    let values = location
        .strip_prefix(&format!("{CALLBACK}#access_token="))
        .unwrap();
    assert!(
        values.contains("&token_type=bearer&expires_in=43199&state="),
        "{values}"
    );
    assert!(!values.contains("refresh_token"));
    assert_eq!(sandbox.approve(&url).await.unwrap().split('#').count(), 2);
}

#[tokio::test]
async fn hosted_refresh_after_implicit_names_the_client_and_shows_no_secret() {
    let sandbox = Sandbox::start().await.unwrap();
    let tokens = Call::get(hosted_url(&sandbox, "token")).send().await.ok();
    let refresh_token = tokens.member("refresh_token");
    let bare = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token.as_str()),
    ];
    let named = [&bare[..], &[("client_id", known::COMM100_CLIENT_ID)]].concat();
    let secret = ("client_secret", known::COMM100_CLIENT_SECRET);
    for wrong in [
        bare.to_vec(),
        [&bare[..], &[secret]].concat(),
        [&named[..], &[secret]].concat(),
    ] {
        let reply = hosted(&sandbox).form(&wrong).send().await;
        assert_eq!(reply.status, 400, "{wrong:?}");
        assert!(reply.text().contains("as its first grant"), "{wrong:?}");
    }
    let reply = hosted(&sandbox).form(&named).send().await;
    assert_tokens(&reply, "bearer", 43_199);
    assert_eq!(sandbox.refusals().len(), 3);
}

#[tokio::test]
async fn the_old_partner_api_has_tokens_of_its_own() {
    let sandbox = Sandbox::start().await.unwrap();
    let origin = sandbox.url(Host::Comm100Hosted);
    let partner = Call::post(format!("{origin}/partner/oauth/token"));
    let tokens = partner
        .clone()
        .form(&[
            ("grant_type", "password"),
            ("email", known::COMM100_PARTNER_EMAIL),
            ("password", known::COMM100_PARTNER_PASSWORD),
        ])
        .send()
        .await;
    assert_tokens(&tokens, "bearer", 43_199);
    let token = tokens.member("access_token");
    let get = |path: &str| {
        Call::get(format!("{origin}/api/v2/{path}"))
            .bearer(&token)
            .send()
    };
    assert_eq!(get("partner/sites").await.status, 200);
    assert_eq!(get("livechat/campaigns").await.status, 401);
    let refresh_token = tokens.member("refresh_token");
    let refresh = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token.as_str()),
    ];
    assert_eq!(
        hosted(&sandbox).form(&refresh).send().await.member("error"),
        "invalid_grant"
    );
    let reply = partner.form(&refresh).send().await;
    assert_tokens(&reply, "bearer", 43_199);
}

#[tokio::test]
async fn the_partner_panel_wants_its_id_in_the_query_and_gives_no_refresh_token() {
    let sandbox = Sandbox::start().await.unwrap();
    let origin = sandbox.url(Host::Comm100PartnerPanel);
    let id = known::COMM100_PARTNER_ID;
    let tokens = Call::post(format!("{origin}/oauth/token?partnerId={id}"))
        .form(&[
            ("client_id", known::COMM100_PARTNER_CLIENT_ID),
            ("grant_type", "password"),
            ("email", known::COMM100_PARTNER_EMAIL),
            ("password", known::COMM100_PARTNER_PASSWORD),
        ])
        .send()
        .await
        .ok();
    let body = tokens.json();
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 43_200);
    assert!(body.get("refresh_token").is_none());
    let token = tokens.member("access_token");
    let userinfo = || {
        Call::get(format!("{origin}/oauth/userinfo"))
            .bearer(&token)
            .send()
    };
    assert_eq!(userinfo().await.ok().json()["siteId"], 20_653);
    sandbox.set_userinfo(json!({ "siteId": "20653", "role": null }));
    assert_eq!(
        userinfo().await.json(),
        json!({ "siteId": "20653", "role": null })
    );
    let api = sandbox.url(Host::Comm100PartnerApi);
    let sites = Call::get(format!("{api}/v4/global/sites"))
        .bearer(&token)
        .send()
        .await;
    assert_eq!(sites.ok().json().as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn the_api_key_needs_its_site_once_on_the_dash_api() {
    let sandbox = Sandbox::start().await.unwrap();
    let origin = sandbox.url(Host::Comm100DashApi);
    let get = |query: &str, authorization: String| {
        let url = format!("{origin}/v4/livechat/campaigns{query}");
        Call::get(url).header("authorization", authorization).send()
    };
    assert_eq!(get("?siteId=10000", api_key()).await.status, 200);
    for query in ["", "?siteId=10000&siteId=10000", "?siteId=1", "?siteId="] {
        assert_eq!(get(query, api_key()).await.status, 400, "{query}");
    }
    let wrong = basic(known::COMM100_EMAIL, "wrong");
    let reply = get("?siteId=10000", wrong).await;
    assert_eq!(
        (reply.status, &reply.json()["code"]),
        (401, &json!(401_000))
    );
    assert_eq!(sandbox.refusals().len(), 5);
}

#[tokio::test]
async fn the_api_key_works_without_a_site_on_the_hosted_api() {
    let sandbox = Sandbox::start().await.unwrap();
    let origin = sandbox.url(Host::Comm100Hosted);
    let get = |path: &str| {
        let call = Call::get(format!("{origin}/api/v2/{path}"));
        call.header("authorization", api_key()).send()
    };
    assert_eq!(get("account/agents").await.status, 200);
    // Seed document 001 gives the partner API the password grant only.
    assert_eq!(get("partner/sites").await.status, 400);
}
