//! Typed operations: what they send and what their answers become; in a file of its own what parameters do.

mod parameters;

use auth_core::model::{ToJson as _, Value};
use auth_core::{ApiClient, ErrorKind, Grant, List, Method, Paging, Principal, Request, Settings};
use serde_json::json;
use wiremock::ResponseTemplate;

use crate::dialects::FORM;
use crate::stage::{Vendor, client, granted, machine};

auth_core::ids! {
    /// Names a group.
    GroupId,
}

auth_core::model! {
    /// A group.
    pub struct Group {
        required {
            /// Its name.
            name: String = "name",
        }
        read_only {
            /// Its id.
            id: Option<GroupId> = "id",
        }
    }
}

auth_core::model! {
    /// What nobody has described.
    pub struct Nothing {}
}

const GROUPS: Paging = Paging::index("pageIndex").items(&["/groups"]);

/// What generated code looks like.
#[derive(Clone, Copy, Debug)]
struct Groups<'c>(&'c ApiClient);

impl<'c> Groups<'c> {
    fn get(self, id: impl Into<GroupId>) -> Request<'c, Group> {
        let call = self.0.operation(Method::GET, "/groups/{id}", &[&id.into()]);
        call.model()
    }

    fn create(self, body: &Group) -> Request<'c, Group> {
        let call = self.0.operation(Method::POST, "/groups", &[]);
        call.body_in("group", body).model_at("group")
    }

    fn update(self, id: impl Into<GroupId>, body: &Group) -> Request<'c, Group> {
        let call = self
            .0
            .operation(Method::PATCH, "/groups/{id}", &[&id.into()]);
        call.body(body).model()
    }

    fn delete(self, id: impl Into<GroupId>) -> Request<'c, ()> {
        let call = self
            .0
            .operation(Method::DELETE, "/groups/{id}", &[&id.into()]);
        call.empty()
    }

    fn check(self, id: impl Into<GroupId>) -> Request<'c, bool> {
        let call = self
            .0
            .operation(Method::HEAD, "/groups/{id}", &[&id.into()]);
        call.exists()
    }

    fn pay(self, id: impl Into<GroupId>) -> Request<'c, Value> {
        let call = self
            .0
            .operation(Method::POST, "/groups/{id}/pay", &[&id.into()]);
        call.idempotency_key().model()
    }

    fn check_email(self, email: impl Into<String>) -> Request<'c, Value> {
        let call = self.0.operation(Method::GET, "/check-email", &[]);
        call.value("email", &email.into()).model()
    }

    fn list(self) -> List<'c, Group> {
        self.0.operation(Method::GET, "/groups", &[]).list(&GROUPS)
    }
}

/// A provider that answers everything with `status` and `body`.
async fn answering(status: u16, body: Value) -> (Vendor, ApiClient) {
    let answer = ResponseTemplate::new(status).set_body_json(body);
    vendor(move |_| answer.clone()).await
}

async fn vendor(
    answer: impl Fn(usize) -> ResponseTemplate + Send + Sync + 'static,
) -> (Vendor, ApiClient) {
    let vendor = Vendor::with_api(|n, _| granted(n), move |n, _| answer(n)).await;
    let principal = Principal::new(Grant::StaticToken("t-1".into()));
    let client = client(FORM, &vendor.url(), principal, &Settings::new());
    (vendor, client)
}

/// Method, path with query, and body of each call.
async fn seen(vendor: &Vendor) -> Vec<String> {
    let requests = vendor.requests().await;
    let show = |request: &wiremock::Request| {
        let path = request.url.to_string();
        let path = path.splitn(4, '/').nth(3).unwrap_or_default().to_owned();
        let body = String::from_utf8_lossy(&request.body).into_owned();
        format!("{} /{path} {body}", request.method)
            .trim_end()
            .to_owned()
    };
    requests.iter().map(show).collect()
}

#[tokio::test]
async fn operations_send_what_their_lines_say() {
    let answer = json!({ "name": "a", "id": 7, "group": { "name": "b", "id": "8" } });
    let (vendor, client) = answering(200, answer).await;
    let groups = Groups(&client);
    let group = groups.get(7).send().await.expect("a group");
    assert_eq!(group.id, Some(GroupId::from(7)));
    let id = group.id.clone().expect("an id");
    groups.get(&id).send().await.expect("by reference");
    groups.get("a/b:c").send().await.expect("by text");
    let created = groups.create(&group).send().await.expect("a group");
    assert_eq!((created.name.as_str(), created.id), ("b", Some("8".into())));
    groups.update(id, &group).send().await.expect("a group");
    groups.delete(7).send().await.expect("nothing");
    let email = groups.check_email("a+b@c.example");
    email.query("x", 1).send().await.expect("anything");
    assert_eq!(
        seen(&vendor).await,
        [
            "GET /groups/7",
            "GET /groups/7",
            "GET /groups/a%2Fb%3Ac",
            r#"POST /groups {"group":{"group":{"id":"8","name":"b"},"name":"a"}}"#,
            r#"PATCH /groups/7 {"group":{"id":"8","name":"b"},"name":"a"}"#,
            "DELETE /groups/7",
            "GET /check-email?email=a%2Bb%40c.example&x=1",
        ]
    );
}

#[tokio::test]
async fn a_value_that_leads_to_another_path_is_refused_and_nothing_is_sent() {
    let (vendor, client) = answering(200, json!({})).await;
    for id in ["", ".", "..", "../../admin", "..\\admin", "x/../y"] {
        let error = Groups(&client).get(id).send().await.expect_err(id);
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains("`id`"), "{error}");
        assert!(!error.may_have_been_processed());
    }
    let listed = client.operation(Method::GET, "/a/{id}", &[]);
    let error = listed.list::<Value>(&GROUPS).send().await;
    assert_eq!(error.expect_err("no id").kind(), ErrorKind::Invalid);
    assert_eq!(vendor.calls(), 0);
}

#[tokio::test]
async fn existence_is_yes_no_or_an_error() {
    for (status, outcome) in [(200, Ok(true)), (204, Ok(true)), (404, Ok(false))] {
        let (_vendor, client) = answering(status, json!({})).await;
        let exists = Groups(&client).check(7).send().await;
        assert_eq!(exists.map_err(|error| error.kind()), outcome);
    }
    for (status, kind) in [(403, ErrorKind::Permission), (500, ErrorKind::Provider)] {
        let (_vendor, client) = answering(status, json!({})).await;
        let exists = Groups(&client).check(7).send().await;
        assert_eq!(exists.expect_err("no answer").kind(), kind);
    }
}

#[tokio::test]
async fn a_404_of_the_endpoint_for_tokens_says_nothing_about_existence() {
    // At the first sign-in, and at the renewal after a 401.
    for good in [0, 1] {
        let vendor = Vendor::with_api(
            move |n, _| match n < good {
                true => granted(n),
                false => ResponseTemplate::new(404).set_body_json(json!({})),
            },
            |_, _| ResponseTemplate::new(401),
        )
        .await;
        let client = client(FORM, &vendor.url(), machine(), &Settings::new());
        let error = Groups(&client).check(7).send().await;
        let error = error.expect_err("nobody has answered");
        assert_eq!(
            (vendor.calls(), vendor.tokens()),
            (good, good + 1),
            "{error}"
        );
    }
    // The way out tells a 404 as ever.
    let (_vendor, client) = answering(404, json!({})).await;
    let error = Groups(&client).check(7).into_call().send().await;
    assert_eq!(error.expect_err("a 404").kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn an_answer_that_does_not_fit_is_told_by_its_place() {
    let (_vendor, client) = answering(200, json!({ "group": { "name": ["canary"] } })).await;
    let groups = Groups(&client);
    let told = groups.get(7).send().await.expect_err("no name").to_string();
    assert!(told.contains("`$.name`"), "{told}");
    let group = Group::new("a".to_owned());
    let told = groups.create(&group).send().await.expect_err("no text");
    assert!(told.to_string().contains("`$.group.name`"), "{told}");
    assert!(!told.to_string().contains("canary"), "{told}");
    let page = json!({ "groups": [{ "name": "a" }, {}] });
    let (_vendor, client) = answering(200, page).await;
    let told = Groups(&client).list().send().await.expect_err("no name");
    assert!(told.to_string().contains("`$.groups[1].name`"), "{told}");
}

#[tokio::test]
async fn all_tries_carry_one_idempotency_key_and_each_call_another() {
    let (vendor, client) = vendor(|n| match n {
        0 => ResponseTemplate::new(503),
        _ => ResponseTemplate::new(200).set_body_json(json!({})),
    })
    .await;
    let groups = Groups(&client);
    groups.pay(7).send().await.expect("the second try");
    groups.pay(7).send().await.expect("another call");
    let own = groups.pay(7).with_idempotency_key("order-17");
    own.send().await.expect("with the caller's key");
    let requests = vendor.requests().await;
    let keys: Vec<_> = requests
        .iter()
        .map(|request| request.headers["idempotency-key"].to_str().expect("text"))
        .collect();
    assert_eq!(keys.len(), 4);
    assert_eq!(keys[0], keys[1]);
    assert_ne!(keys[1], keys[2]);
    assert_eq!((keys[0].len(), keys[3]), (36, "order-17"));
    for key in ["", " ", "a\r\nb: c", "naïve\u{0}"] {
        let error = groups.pay(7).with_idempotency_key(key).send().await;
        assert_eq!(error.expect_err(key).kind(), ErrorKind::Invalid);
    }
    assert_eq!(vendor.calls(), 4);
}

#[tokio::test]
async fn a_request_is_sent_from_a_task_that_outlives_its_client() {
    let (_vendor, client) = answering(200, json!({ "name": "a" })).await;
    let sending = tokio::spawn(Groups(&client).get(7).send());
    drop(client);
    let group = sending.await.expect("no panic").expect("a group");
    assert_eq!(group.name, "a");
}

#[tokio::test]
async fn the_way_out_gives_the_answer_as_it_came() {
    let (_vendor, client) = answering(201, json!({ "name": "a" })).await;
    let answer = Groups(&client).get(7).into_call().send().await;
    assert_eq!(answer.expect("an answer").status(), 201);
    let list = Groups(&client).list().into_call().send().await;
    assert_eq!(list.expect("an answer").status(), 201);
    let shown = format!("{:?}", Groups(&client).get(7));
    assert!(shown.starts_with("Request"), "{shown}");
}

#[test]
fn a_model_may_have_no_field_that_is_known() {
    let value = json!({ "a": 1 });
    let read: Nothing = auth_core::webhook::parse(br#"{"a":1}"#).expect("an object");
    assert_eq!(read.to_json(), value);
    assert_eq!(Nothing::new().to_body(), json!({}));
}
