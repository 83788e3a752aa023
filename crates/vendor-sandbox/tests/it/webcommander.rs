//! WebCommander's sign-in, its refresh, and its three token headers.

use serde_json::{Value, json};
use vendor_sandbox::{Host, Sandbox, TokenHeader, credentials as known};

use crate::client::{Call, base64};

fn auth_string() -> String {
    base64(&format!(
        "{}:{}",
        known::WEBCOMMANDER_USERNAME,
        known::WEBCOMMANDER_PASSWORD
    ))
}

fn request() -> Value {
    json!({
        "grant_type": "client_credentials",
        "auth_string": auth_string(),
        "redirect_uri": known::WEBCOMMANDER_REDIRECT_URI,
        "client_id": known::WEBCOMMANDER_CLIENT_ID,
        "client_secret": known::WEBCOMMANDER_CLIENT_SECRET,
    })
}

pub(crate) fn token(sandbox: &Sandbox) -> Call {
    let origin = sandbox.url(Host::WebCommander);
    Call::post(format!("{origin}/api/v4/oauth2/token")).json(&request())
}

fn refresh(sandbox: &Sandbox, refresh_token: &str) -> Call {
    let body = json!({
        "grant_type": "refresh_token",
        "refresh_token": refresh_token,
        "redirect_uri": known::WEBCOMMANDER_REDIRECT_URI,
        "client_id": known::WEBCOMMANDER_CLIENT_ID,
        "client_secret": known::WEBCOMMANDER_CLIENT_SECRET,
    });
    let origin = sandbox.url(Host::WebCommander);
    Call::post(format!("{origin}/api/v4/oauth2/token")).json(&body)
}

#[tokio::test]
async fn the_answer_has_no_token_type() {
    let sandbox = Sandbox::start().await.unwrap();
    let body = token(&sandbox).send().await.ok().json();
    let mut names: Vec<_> = body.as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(names, ["access_token", "expires_in", "refresh_token"]);
    assert_eq!(body["expires_in"], 3600);
    sandbox.set_webcommander_token_status(201);
    assert_eq!(token(&sandbox).send().await.status, 201);
}

#[tokio::test]
async fn refresh_rotates_and_has_no_auth_string() {
    let sandbox = Sandbox::start().await.unwrap();
    let first = token(&sandbox).send().await.member("refresh_token");
    let second = refresh(&sandbox, &first).send().await.ok();
    assert_ne!(second.member("refresh_token"), first);
    let again = refresh(&sandbox, &first).send().await;
    assert_eq!(again.status, 400);
    assert_eq!(again.json()["error"]["code"], "invalid_grant");
    assert_eq!(sandbox.reuse_detected(), 1);
}

#[tokio::test]
async fn wrong_credentials_are_a_401_in_the_nested_shape() {
    let sandbox = Sandbox::start().await.unwrap();
    let origin = sandbox.url(Host::WebCommander);
    for (name, value) in [
        ("client_id", "wrong"),
        ("client_secret", "wrong"),
        ("auth_string", &*base64("store@example.com:wrong")),
    ] {
        let mut body = request();
        body[name] = json!(value);
        let call = Call::post(format!("{origin}/api/v4/oauth2/token")).json(&body);
        let reply = call.send().await;
        assert_eq!(reply.status, 401, "{name}");
        let error = &reply.json()["error"];
        assert_eq!(error["code"], "unauthorized");
        assert!(error["request_id"].is_string() && error["details"].is_array());
    }
    let mut body = request();
    body["auth_string"] = json!("not base64");
    let call = Call::post(format!("{origin}/api/v4/oauth2/token")).json(&body);
    assert_eq!(call.send().await.status, 400);
    assert_eq!(sandbox.refusals().len(), 4);
}

#[tokio::test]
async fn the_token_goes_into_one_header_and_into_no_other() {
    let sandbox = Sandbox::start().await.unwrap();
    let token = token(&sandbox).send().await.member("access_token");
    let bearer = format!("Bearer {token}");
    let origin = sandbox.url(Host::WebCommander);
    let url = format!("{origin}/api/v4/admin/orders");
    let headers = [
        (TokenHeader::AccessToken, "access_token", token.as_str()),
        (
            TokenHeader::AuthorizationBearer,
            "authorization",
            bearer.as_str(),
        ),
        (
            TokenHeader::AuthorizationRaw,
            "authorization",
            token.as_str(),
        ),
    ];
    for (switched, ..) in headers {
        sandbox.set_webcommander_token_header(switched);
        for (style, name, value) in headers {
            let reply = Call::get(&url).header(name, value).send().await;
            let wanted = if style == switched { 200 } else { 400 };
            assert_eq!(reply.status, wanted, "{switched:?} {style:?}");
        }
        let both = Call::get(&url)
            .header("access_token", &*token)
            .bearer(&token);
        assert_eq!(both.send().await.status, 400);
        assert_eq!(Call::get(&url).send().await.status, 401);
    }
}

#[tokio::test]
async fn the_body_of_the_vendors_own_client_passes_in_lenient_mode_only() {
    let strict = Sandbox::start().await.unwrap();
    let lenient = Sandbox::builder().lenient(true).start().await.unwrap();
    let mut body = request();
    body["web_commander_url"] = json!("https://store.example.com");
    for (sandbox, status) in [(&strict, 400), (&lenient, 200)] {
        let origin = sandbox.url(Host::WebCommander);
        let call = Call::post(format!("{origin}/api/v4/oauth2/token"))
            .header("access_token", "stale")
            .json(&body);
        assert_eq!(call.send().await.status, status);
    }
    assert_eq!(strict.refusals().len(), 1);
    assert_eq!(lenient.refusals(), []);
    let reasons: Vec<_> = lenient
        .warnings()
        .into_iter()
        .map(|warning| warning.reason)
        .collect();
    assert_eq!(reasons.len(), 2, "{reasons:?}");
    assert!(reasons[1].contains("`web_commander_url`"), "{reasons:?}");
}

#[tokio::test]
async fn lenient_mode_forgives_nothing_but_what_is_superfluous() {
    let sandbox = Sandbox::builder().lenient(true).start().await.unwrap();
    let origin = sandbox.url(Host::WebCommander);
    let mut body = request();
    body.as_object_mut().unwrap().remove("auth_string");
    let call = Call::post(format!("{origin}/api/v4/oauth2/token")).json(&body);
    assert_eq!(call.send().await.status, 400);
    let call = token(&sandbox).header("authorization", "Bearer x");
    assert_eq!(call.send().await.status, 400);
    let misplaced = format!("{origin}/api/v4/oauth2/token?client_id=x");
    assert_eq!(
        Call::post(misplaced).json(&request()).send().await.status,
        400
    );
}
