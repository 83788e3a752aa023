//! Communic8's two ways of signing in.

use serde_json::{Value, json};
use vendor_sandbox::{Communic8SignIn, Host, Sandbox, credentials as known};

use crate::client::{Call, base64, basic};

fn client() -> String {
    base64(&format!(
        "{}:{}",
        known::COMMUNIC8_TOKEN_ID,
        known::COMMUNIC8_TOKEN
    ))
}

fn token(sandbox: &Sandbox) -> Call {
    let origin = sandbox.url(Host::Communic8);
    Call::post(format!("{origin}/int/v1/oauth/token"))
}

fn grant() -> Value {
    json!({ "grant_type": "client_credentials" })
}

fn channels(sandbox: &Sandbox, token: &str) -> Call {
    let origin = sandbox.url(Host::Communic8);
    Call::get(format!("{origin}/int/v1/channel")).bearer(token)
}

#[tokio::test]
async fn both_ways_work_by_default() {
    let sandbox = Sandbox::start().await.unwrap();
    let reply = token(&sandbox)
        .bearer(&client())
        .json(&grant())
        .send()
        .await
        .ok();
    let body = reply.json();
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 86_400);
    assert!(body.get("refresh_token").is_none() && body.get("success").is_none());
    let issued = reply.member("access_token");
    assert_eq!(issued.len(), 32);
    for token in [issued.as_str(), known::COMMUNIC8_TOKEN] {
        let reply = channels(&sandbox, token).send().await.ok();
        assert_eq!(reply.json()["success"], true);
    }
    assert_eq!(sandbox.refusals(), []);
}

#[tokio::test]
async fn each_way_can_be_switched_off() {
    let sandbox = Sandbox::start().await.unwrap();
    let sign_in = || token(&sandbox).bearer(&client()).json(&grant());
    let issued = sign_in().send().await.member("access_token");
    sandbox.set_communic8_sign_in(Communic8SignIn::StaticToken);
    let reply = sign_in().send().await;
    assert_eq!(
        (reply.status, &reply.json()["success"]),
        (401, &json!(false))
    );
    assert_eq!(channels(&sandbox, &issued).send().await.status, 401);
    assert_eq!(
        channels(&sandbox, known::COMMUNIC8_TOKEN)
            .send()
            .await
            .status,
        200
    );
    sandbox.set_communic8_sign_in(Communic8SignIn::OAuth);
    assert_eq!(channels(&sandbox, &issued).send().await.status, 200);
    assert_eq!(
        channels(&sandbox, known::COMMUNIC8_TOKEN)
            .send()
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn the_client_stands_in_a_bearer_header_and_nowhere_else() {
    let sandbox = Sandbox::start().await.unwrap();
    let base = || token(&sandbox).json(&grant());
    let wrong = base64("65f0c8a1b2c3d4e5f6a7b8c9:wrong");
    let unpadded = client().trim_end_matches('=').to_owned();
    let cases = [
        (base(), 401),
        (base().bearer(&wrong), 401),
        (base().bearer(known::COMMUNIC8_TOKEN), 400),
        (base().bearer(&format!("{unpadded}====")), 400),
        (
            base().header(
                "authorization",
                basic(known::COMMUNIC8_TOKEN_ID, known::COMMUNIC8_TOKEN),
            ),
            400,
        ),
        (base().header("authorization", client()), 400),
        (base().bearer(&client()).bearer(&client()), 400),
    ];
    let count = cases.len();
    for (call, status) in cases {
        let reply = call.clone().send().await;
        assert_eq!(reply.status, status, "{call:?}");
        assert_eq!(reply.json()["success"], false);
    }
    assert_eq!(sandbox.refusals().len(), count);
}

#[tokio::test]
async fn failures_of_calls_come_under_status_200() {
    let sandbox = Sandbox::start().await.unwrap();
    let origin = sandbox.url(Host::Communic8);
    let invalid = json!({ "success": false, "message": "Invalid parameters" });
    for query in [
        "limit=0",
        "limit=1001",
        "limit=x",
        "previousLastId=unknown",
        "all=true",
        "all=1&onlyApi=1",
        "status=2",
        "page=2",
    ] {
        let call = Call::get(format!("{origin}/int/v1/campaign?{query}"));
        let reply = call.bearer(known::COMMUNIC8_TOKEN).send().await.ok();
        assert_eq!(reply.json(), invalid, "{query}");
    }
}
