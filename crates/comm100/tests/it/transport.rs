//! A transport that clients of several providers share.

use auth_core::{ApiClient, BaseUrl, Grant, Principal, Profile};
use comm100::{HOSTED_V2, Method, OAuthClient, Settings, Transport};
use serde_json::json;

use crate::mock::{Origin, answer, get, hosted};
use crate::way::ok;

const PATH: &str = "/api/v2/account/agents";

#[tokio::test]
async fn each_client_names_its_own_provider() {
    let origin = Origin::start().await;
    let tokens = json!({ "access_token": "t", "token_type": "bearer", "expires_in": 43199 });
    origin.answer("/oauth/token", answer(200, &tokens)).await;
    origin.answer(PATH, answer(200, &json!([]))).await;
    let settings = Settings::new().transport(ok(Transport::builder().build()));

    let client = hosted(&origin)
        .site_id(1)
        .oauth_client(
            OAuthClient::new("client-1")
                .secret("secret")
                .redirect_uri("https://app.example.com/callback"),
        )
        .client_credentials()
        .settings(settings.clone());
    get(&ok(client.build()), PATH).await;
    ok(other(&origin, &settings)
        .request(Method::GET, PATH)
        .send()
        .await);

    let seen = origin.seen().await;
    let named: Vec<_> = seen
        .iter()
        .map(|request| request.header("user-agent"))
        .collect();
    let own = concat!("comm100-rust/", env!("CARGO_PKG_VERSION"));
    // Token request and call of the first, call of the second.
    assert_eq!(named, [Some(own), Some(own), Some("other-rust/1")]);
}

/// A client of another provider.
fn other(origin: &Origin, settings: &Settings) -> ApiClient {
    let base = ok(BaseUrl::parse("base_url", &origin.url(), &[]));
    let principal = Principal::new(Grant::Basic {
        username: "a".to_owned(),
        key: "k".into(),
    });
    let profile = Profile::new(HOSTED_V2, base.clone(), base, principal, "other-rust/1");
    ok(ApiClient::new(profile, settings))
}
