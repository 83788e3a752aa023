//! The resources: paging, writing, and the vendors' habits around them.

use http::Method;
use serde_json::{Value, json};
use vendor_sandbox::{Host, Sandbox, credentials as known};

use crate::client::{Call, api_key};
use crate::webcommander;

fn dash(sandbox: &Sandbox, method: Method, path: &str) -> Call {
    let separator = if path.contains('?') { '&' } else { '?' };
    let origin = sandbox.url(Host::Comm100DashApi);
    let url = format!("{origin}/v4/{path}{separator}siteId=10000");
    Call::new(method, url).header("authorization", api_key())
}

fn communic8(sandbox: &Sandbox, path: &str) -> Call {
    let origin = sandbox.url(Host::Communic8);
    Call::get(format!("{origin}/int/v1/{path}")).bearer(known::COMMUNIC8_TOKEN)
}

async fn store(sandbox: &Sandbox) -> impl Fn(Method, &str) -> Call {
    let token = webcommander::token(sandbox)
        .send()
        .await
        .member("access_token");
    let origin = sandbox.url(Host::WebCommander).to_owned();
    move |method, path| {
        let call = Call::new(method, format!("{origin}/api/v4/admin/{path}"));
        call.header("access_token", &*token)
    }
}

#[tokio::test]
async fn campaigns_are_paged_by_links_to_the_same_host() {
    let sandbox = Sandbox::start().await.unwrap();
    let first = dash(&sandbox, Method::GET, "livechat/campaigns")
        .send()
        .await
        .ok()
        .json();
    assert_eq!(first["total"], 25);
    assert_eq!(first["previousPage"], Value::Null);
    let mut names = Vec::new();
    let mut page = first;
    loop {
        let campaigns = page["campaigns"].as_array().unwrap();
        names.extend(
            campaigns
                .iter()
                .map(|campaign| campaign["name"].to_string()),
        );
        let Some(next) = page["nextPage"].as_str() else {
            break;
        };
        assert!(
            next.starts_with(sandbox.url(Host::Comm100DashApi)),
            "{next}"
        );
        page = Call::get(next)
            .header("authorization", api_key())
            .send()
            .await
            .ok()
            .json();
    }
    assert!(
        page["previousPage"]
            .as_str()
            .unwrap()
            .contains("pageIndex=2")
    );
    names.dedup();
    assert_eq!(names.len(), 25);
    for query in ["pageIndex=0", "pageSize=x"] {
        let path = format!("livechat/campaigns?{query}");
        assert_eq!(
            dash(&sandbox, Method::GET, &path).send().await.status,
            400,
            "{query}"
        );
    }
    let far = "livechat/campaigns?pageIndex=18446744073709551615&pageSize=500";
    let reply = dash(&sandbox, Method::GET, far).send().await.ok();
    assert_eq!(reply.json()["campaigns"], json!([]));
}

#[tokio::test]
async fn one_campaign_is_read_by_its_id() {
    let sandbox = Sandbox::start().await.unwrap();
    let list = dash(&sandbox, Method::GET, "livechat/campaigns")
        .send()
        .await
        .json();
    let id = list["campaigns"][3]["id"].as_str().unwrap();
    let path = format!("livechat/campaigns/{id}");
    let one = dash(&sandbox, Method::GET, &path).send().await.ok().json();
    assert_eq!(one, list["campaigns"][3]);
    let none = dash(&sandbox, Method::GET, "livechat/campaigns/none")
        .send()
        .await;
    assert_eq!((none.status, &none.json()["code"]), (404, &json!(404_000)));
}

#[tokio::test]
async fn an_agent_is_unlocked_with_a_literal_colon() {
    let sandbox = Sandbox::start().await.unwrap();
    let agents = || dash(&sandbox, Method::GET, "global/agents").send();
    let before = agents().await.ok().json();
    assert_eq!(before[1]["isLocked"], true);
    let id = before[1]["id"].as_str().unwrap();
    let escaped = dash(
        &sandbox,
        Method::POST,
        &format!("global/agents/{id}%3Aunlock"),
    );
    assert_eq!(escaped.send().await.status, 400);
    let literal = dash(
        &sandbox,
        Method::POST,
        &format!("global/agents/{id}:unlock"),
    );
    assert_eq!(literal.send().await.status, 200);
    assert_eq!(agents().await.json()[1]["isLocked"], false);
}

#[tokio::test]
async fn chats_are_searched_and_deleted_with_a_body() {
    let sandbox = Sandbox::start().await.unwrap();
    let search = || {
        let call = dash(&sandbox, Method::POST, "livechat/chats:search?pageSize=50");
        call.json(&json!({ "filters": [] })).send()
    };
    let found = search().await.ok().json();
    assert_eq!(found["total"], 12);
    let chats = found["list"].as_array().unwrap();
    let ids = json!([chats[0]["id"], chats[1]["guid"]]);
    let delete = || dash(&sandbox, Method::DELETE, "livechat/chats");
    let reply = delete().json(&ids).send().await;
    assert_eq!((reply.status, reply.body.len()), (204, 0));
    assert_eq!(search().await.json()["total"], 10);
    for body in [json!([]), json!({ "ids": [1] }), json!([null])] {
        assert_eq!(delete().json(&body).send().await.status, 400, "{body}");
    }
    assert_eq!(
        delete().raw("text/plain", "[9003]").send().await.status,
        415
    );
}

#[tokio::test]
async fn communic8_pages_by_the_last_id() {
    let sandbox = Sandbox::start().await.unwrap();
    let mut ids: Vec<String> = Vec::new();
    loop {
        let path = match ids.last() {
            Some(last) => format!("campaign?previousLastId={last}"),
            None => "campaign".to_owned(),
        };
        let page = communic8(&sandbox, &path).send().await.ok().json();
        assert_eq!(page["total"], 250);
        let data = page["data"].as_array().unwrap();
        ids.extend(
            data.iter()
                .map(|item| item["_id"].as_str().unwrap().to_owned()),
        );
        if data.len() < 100 {
            break;
        }
    }
    assert_eq!(ids.len(), 250);
    assert!(ids.is_sorted_by(|newer, older| newer > older));
    assert!(ids.iter().all(|id| id.len() == 24));
    let live = communic8(&sandbox, "campaign?status=1&limit=1000")
        .send()
        .await
        .json();
    assert!(
        live["data"]
            .as_array()
            .unwrap()
            .iter()
            .all(|item| item["status"] == "1")
    );
}

#[tokio::test]
async fn recipients_are_added_with_partial_success() {
    let sandbox = Sandbox::start().await.unwrap();
    let origin = sandbox.url(Host::Communic8);
    let add = |group: &str, body: Value| {
        let call = Call::post(format!("{origin}/int/v1/recipientGroup/{group}/recipients"));
        call.bearer(known::COMMUNIC8_TOKEN).json(&body).send()
    };
    let group = "650000090000000000000001";
    let emails = json!({ "recipientEmails": ["RECIPIENT1@example.com", "nobody@example.com"] });
    let data = add(group, emails).await.ok().json();
    assert_eq!(data["success"], true);
    assert_eq!(data["data"]["successCount"], 1);
    assert_eq!(data["data"]["errorCount"], 1);
    for (group, body) in [
        ("unknown", json!({ "recipientIds": [] })),
        (group, json!({})),
        (group, json!({ "recipientIds": [], "recipientEmails": [] })),
        (group, json!({ "recipientIds": [1] })),
    ] {
        assert_eq!(add(group, body).await.ok().json()["success"], false);
    }
}

#[tokio::test]
async fn the_store_pages_twenty_at_most() {
    let sandbox = Sandbox::start().await.unwrap();
    let call = store(&sandbox).await;
    let page = call(Method::GET, "customers?limit=100")
        .send()
        .await
        .ok()
        .json();
    assert_eq!(page["customers"].as_array().map(Vec::len), Some(20));
    let pagination = page["pagination"].as_object().unwrap();
    assert_eq!(pagination.len(), 10);
    assert_eq!(pagination["total"], 45);
    assert_eq!(pagination["total_pages"], 3);
    assert_eq!(pagination["has_next"], true);
    let last = call(Method::GET, "customers?offset=40&page=1")
        .send()
        .await
        .ok()
        .json();
    assert_eq!(last["pagination"]["current_page"], 3);
    assert_eq!(last["pagination"]["count"], 5);
    assert_eq!(last["pagination"]["has_next"], false);
    for (query, code) in [("limit=0", "out_of_range"), ("max=5", "unknown_parameter")] {
        let reply = call(Method::GET, &format!("customers?{query}"))
            .send()
            .await;
        assert_eq!(
            (reply.status, &reply.json()["error"]["code"]),
            (400, &json!(code))
        );
    }
}

#[tokio::test]
async fn a_customer_is_created_and_read() {
    let sandbox = Sandbox::start().await.unwrap();
    let call = store(&sandbox).await;
    let new = json!({ "customer": { "first_name": "Ada", "email": "ada@example.com" } });
    let created = call(Method::POST, "customers").json(&new).send().await;
    assert_eq!(created.status, 201);
    let customer = &created.json()["customer"];
    let read = call(
        Method::GET,
        &format!("customers/{}", customer["customer_id"]),
    );
    assert_eq!(&read.send().await.ok().json()["customer"], customer);
    let again = call(Method::POST, "customers").json(&new).send().await;
    assert_eq!(again.status, 409);
    let bare = call(Method::POST, "customers")
        .json(&new["customer"])
        .send()
        .await;
    assert_eq!(bare.status, 400);
    let none = call(Method::GET, "customers/1").send().await;
    assert_eq!(
        (none.status, &none.json()["error"]["code"]),
        (404, &json!("not_found"))
    );
}

#[tokio::test]
async fn a_wrong_old_password_is_a_401_though_the_token_is_fine() {
    let sandbox = Sandbox::start().await.unwrap();
    let call = store(&sandbox).await;
    let change = |old: &str| {
        let body = json!({ "customer": {
            "email": "customer1@example.com", "old_password": old, "password": "new",
        } });
        call(Method::POST, "customers/1001/change-password")
            .json(&body)
            .send()
    };
    assert_eq!(change("wrong").await.status, 401);
    assert_eq!(
        change(known::WEBCOMMANDER_CUSTOMER_PASSWORD).await.status,
        200
    );
    assert_eq!(sandbox.refusals(), []);
}

#[tokio::test]
async fn an_unknown_address_of_the_store_fails_under_status_200() {
    let sandbox = Sandbox::start().await.unwrap();
    let call = store(&sandbox).await;
    let reply = call(Method::GET, "costumers").send().await.ok();
    assert_eq!(reply.json()["isSuccess"], false);
}
