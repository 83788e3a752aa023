//! Records: created, read, changed, listed and deleted, and every way to be refused.

use http::Method;
use serde_json::{Value, json};
use vendor_sandbox::Host;
use vendor_sandbox::openapi::{Operation, Provider, operation};

use crate::client::{Call, Reply};
use crate::documented::{FORM, Signed};

fn find(provider: Provider, id: &str) -> &'static Operation {
    operation(provider, id).unwrap_or_else(|| panic!("no {id}"))
}

fn comm100(id: &str) -> &'static Operation {
    find(Provider::Comm100, id)
}

fn store(id: &str) -> &'static Operation {
    find(Provider::WebCommander, id)
}

impl Signed {
    async fn send(&self, operation: &Operation, path: &str, body: Option<Value>) -> Reply {
        let call = self.call(operation, path, &[]);
        let call = match body {
            Some(body) => call.json(&body),
            None => call,
        };
        call.send().await
    }
}

#[tokio::test]
async fn a_department_of_comm100_lives_from_creation_to_deletion() {
    let signed = Signed::start().await;
    let create = comm100("global.departments.create");
    let list = comm100("global.departments.list");
    let before = signed.send(list, list.path, None).await.ok().json();
    let body = json!({ "name": "Night shift", "description": "from ten on" });
    let created = signed.send(create, create.path, Some(body)).await;
    assert_eq!(created.status, 201);
    let created = created.json();
    assert_eq!(created["name"], "Night shift");
    let path = format!("{}/{}", create.path, created["id"].as_str().unwrap());
    let read = || signed.send(comm100("global.departments.get"), &path, None);
    assert_eq!(read().await.ok().json(), created);
    let after = signed.send(list, list.path, None).await.ok().json();
    assert_eq!(
        after.as_array().unwrap().len(),
        before.as_array().unwrap().len() + 1
    );
    let change = json!({ "name": "Day shift" });
    let replaced = signed
        .send(comm100("global.departments.replace"), &path, Some(change))
        .await
        .ok()
        .json();
    assert_eq!(
        (&replaced["name"], &replaced["id"]),
        (&json!("Day shift"), &created["id"])
    );
    assert_eq!(replaced.get("description"), None);
    assert_eq!(read().await.json(), replaced);
    let delete = comm100("global.departments.delete");
    assert_eq!(signed.send(delete, &path, None).await.status, 204);
    assert_eq!(read().await.status, 404);
    assert_eq!(signed.send(delete, &path, None).await.status, 404);
    assert_eq!(signed.send(list, list.path, None).await.json(), before);
}

#[tokio::test]
async fn a_blog_of_a_store_lives_from_creation_to_deletion() {
    let signed = Signed::start().await;
    let create = store("blogs.blogs.create");
    let body = json!({ "blog": { "title": "First", "content": "Hello" } });
    let blog = create.body.as_ref().unwrap().schema;
    let mut full = blog.sample_request(1);
    full["blog"]["title"] = body["blog"]["title"].clone();
    let created = signed.send(create, create.path, Some(full)).await;
    assert_eq!(created.status, 201, "{}", created.text());
    let created = created.json()["blog"].clone();
    let get = store("blogs.blogs.get");
    let id = get.path_parameters();
    assert_eq!(id.len(), 1);
    let number = created["id"]
        .as_u64()
        .or(created["blog_id"].as_u64())
        .unwrap();
    let path = format!("{}/{number}", create.path);
    assert_eq!(
        signed.send(get, &path, None).await.ok().json()["blog"],
        created
    );
    let mut change = blog.sample_request(1);
    change["blog"]["title"] = "Second".into();
    let update = store("blogs.blogs.update");
    let updated = signed.send(update, &path, Some(change)).await.ok().json();
    assert_eq!(updated["blog"]["title"], "Second");
    let count = store("blogs.blogs.count");
    let count = signed.send(count, count.path, None).await.ok().json();
    assert_eq!(count["blogs"]["count"], 4);
    // A comment is found below its own blog only.
    let comments = format!("{path}/comments");
    let comment = store("blogs.blog_comments.create");
    let sample = comment.body.as_ref().unwrap().schema.sample_request(1);
    let made = signed.send(comment, &comments, Some(sample)).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let listed = store("blogs.blog_comments.list");
    let own = signed.send(listed, &comments, None).await.ok().json();
    let other = signed
        .send(listed, &listed.sample_path(), None)
        .await
        .ok()
        .json();
    let count = |list: &Value| list["comments"].as_array().unwrap().len();
    assert_eq!((count(&own), count(&other)), (4, 3));
    let delete = store("blogs.blogs.delete");
    assert_eq!(signed.send(delete, &path, None).await.status, 204);
    assert_eq!(signed.send(get, &path, None).await.status, 404);
    assert_eq!(signed.send(listed, &comments, None).await.status, 404);
}

#[tokio::test]
async fn null_clears_what_is_not_required_in_an_update_only() {
    let signed = Signed::start().await;
    let (create, replace) = (
        comm100("global.departments.create"),
        comm100("global.departments.replace"),
    );
    let cleared = json!({ "name": "Night shift", "description": null });
    let refused = signed.send(create, create.path, Some(cleared.clone()));
    assert_eq!(refused.await.status, 400);
    let path = replace.sample_path();
    let read = signed.send(replace, &path, Some(cleared)).await.ok().json();
    assert_eq!(
        (&read["name"], read.get("description")),
        (&json!("Night shift"), None)
    );
}

#[tokio::test]
async fn stock_that_is_set_is_told_by_the_product() {
    let signed = Signed::start().await;
    let adjust = store("older.products.adjust_inventory");
    let figures = json!({ "available_stock": "25" });
    let body = json!({ "product": { "product_pricing_and_stock": figures } });
    let path = adjust.sample_path();
    signed.send(adjust, &path, Some(body)).await.ok();
    let get = store("older.products.get");
    let read = signed.send(get, &get.sample_path(), None).await.ok().json();
    assert_eq!(read["product"]["available_stock"], 25, "{read}");
}

#[tokio::test]
async fn settings_are_one_object_whose_sections_change_alone() {
    let signed = Signed::start().await;
    let get = store("settings.site_settings.get");
    let section = store("settings.site_settings.update_section");
    let path = format!("{}/store_details", get.path);
    let body = section.body.as_ref().unwrap().schema.sample_request(0);
    let body = json!({ "store_details": body["store_details"] });
    let changed = signed.send(section, &path, Some(body.clone())).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    let whole = signed.send(get, get.path, None).await.ok().json();
    let (name, value) = body["store_details"]
        .as_object()
        .unwrap()
        .iter()
        .next()
        .unwrap();
    assert_eq!(whole["site_settings"]["store_details"][name], *value);
    let read = store("settings.site_settings.get_section");
    let one = signed.send(read, &path, None).await.ok().json();
    assert_eq!(one["store_details"][name], *value);
    let none = format!("{}/nothing", get.path);
    assert_eq!(signed.send(read, &none, None).await.status, 404);
}

#[tokio::test]
async fn a_switch_is_seen_when_the_record_is_read() {
    let signed = Signed::start().await;
    let get = comm100("livechat.auto_invitations.get");
    let path = get.sample_path();
    for (verb, on) in [("disable", false), ("enable", true)] {
        let action = comm100(&format!("livechat.auto_invitations.{verb}"));
        signed
            .send(action, &format!("{path}:{verb}"), None)
            .await
            .ok();
        let read = signed.send(get, &path, None).await.ok().json();
        let switch = read.get("isEnabled").or(read.get("isEnable"));
        assert_eq!(switch, Some(&Value::Bool(on)), "{read}");
    }
}

#[tokio::test]
async fn related_objects_are_asked_for_by_their_names() {
    let signed = Signed::start().await;
    let get = comm100("global.roles.get");
    let path = get.sample_path();
    let plain = signed.call(get, &path, &[]).send().await.ok().json();
    let query = [("include", "agent"), ("include", "permission")];
    let with = signed.call(get, &path, &query).send().await.ok().json();
    assert_eq!(with["id"], plain["id"]);
    for name in ["agent", "permission"] {
        assert!(
            plain.get(name).is_none() && with.get(name).is_some(),
            "{with}"
        );
    }
    let wrong = signed.call(get, &path, &[("include", "moon")]).send().await;
    assert_eq!(wrong.status, 400);
}

#[tokio::test]
async fn one_address_on_two_hosts_is_two_calls() {
    let signed = Signed::start().await;
    let own = comm100("global.agent_permissions.get");
    let partners = comm100("partner.agent_permissions.get");
    assert_eq!(own.path, partners.path);
    for operation in [own, partners] {
        let reply = signed.sample(operation, 1).send().await;
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    // Only one of them knows the agents.
    let unknown = own
        .path
        .replace("{agentId}", "000000a9-0000-4000-8000-00000000ffff");
    assert_eq!(signed.send(own, &unknown, None).await.status, 404);
    let query = [("siteId", "10000")];
    let reply = signed.call(partners, &unknown, &query).send().await;
    assert_eq!(reply.status, 200);
    // A token of one is none of the other.
    let url = format!(
        "{}{}",
        signed.sandbox.url(Host::Comm100PartnerApi),
        own.sample_path()
    );
    let call = signed.sign(Host::Comm100DashApi, Call::get(url));
    assert_ne!(call.send().await.status, 200);
}

/// Refusals of Comm100's customers, as status and the words that the reason has.
#[tokio::test]
async fn what_the_document_does_not_have_is_refused() {
    let signed = Signed::start().await;
    let list = store("taxes.tax_codes.list");
    let create = store("taxes.tax_codes.create");
    let get = store("taxes.tax_codes.get");
    let call = |operation, query: &[(&str, &str)]| {
        let operation: &'static Operation = operation;
        signed.call(operation, operation.path, query)
    };
    let good = create.body.as_ref().unwrap().schema.sample_request(0);
    let mut unknown = good.clone();
    unknown["tax_code"]["surprise"] = json!(1);
    let mut wrong = good.clone();
    wrong["tax_code"]["name"] = json!(["s3cret"]);
    let email = store("customers.customers.check_email");
    let rows = [
        (
            call(list, &[("surprise", "1")]),
            400,
            "unknown parameter `surprise`",
        ),
        (
            call(list, &[("limit", "many")]),
            400,
            "parameter `limit`: expected integer",
        ),
        (
            call(list, &[("offset", "-1")]),
            400,
            "parameter `offset`: expected 0 at least",
        ),
        (
            call(list, &[("limit", "1"), ("limit", "2")]),
            400,
            "parameter `limit` is doubled",
        ),
        (call(email, &[]), 400, "parameter `email` is missing"),
        (
            call(create, &[]),
            415,
            "the content type must be application/json",
        ),
        (
            call(create, &[]).raw("text/json", "{}"),
            415,
            "must be application/json",
        ),
        (
            call(create, &[]).raw("application/json", "{"),
            400,
            "the body is not JSON",
        ),
        (
            call(create, &[]).json(&json!({})),
            400,
            "$.tax_code: expected to be there",
        ),
        (
            call(create, &[]).json(&unknown),
            400,
            "$.tax_code: expected no member `surprise`",
        ),
        (
            call(create, &[]).json(&wrong),
            400,
            "$.tax_code.name: expected string",
        ),
        (
            signed.call(get, "/api/v4/admin/tax_codes/none", &[]),
            404,
            "nothing has such a `tax_code_id`",
        ),
        (
            signed.call(get, "/api/v4/admin/tax_codes/999999", &[]),
            404,
            "nothing has this `tax_code_id`",
        ),
        (call(list, &[]).json(&json!({ "a": 1 })), 400, "takes none"),
    ];
    for (call, status, reason) in rows {
        let reply = call.send().await;
        let message = reply.json()["error"]["message"].to_string();
        assert_eq!(
            (reply.status, message.contains(reason)),
            (status, true),
            "{reason}: {message}"
        );
        assert!(!reply.text().contains("s3cret"));
    }
    let url = format!("{}{}", signed.sandbox.url(Host::WebCommander), list.path);
    let reply = signed
        .sign(Host::WebCommander, Call::new(Method::PATCH, url))
        .send()
        .await;
    assert_eq!(
        (reply.status, &reply.json()["error"]["code"]),
        (405, &json!("method_not_allowed"))
    );
}

#[tokio::test]
async fn comm100_refuses_in_its_own_shape() {
    let signed = Signed::start().await;
    let create = comm100("global.departments.create");
    let body = json!({ "id": "000000de-0000-4000-8000-000000000001", "name": "x" });
    let reply = signed.send(create, create.path, Some(body)).await;
    assert_eq!(
        (reply.status, &reply.json()["code"]),
        (400, &json!(400_000))
    );
    let list = comm100("global.departments.list");
    let reply = signed
        .call(list, list.path, &[("color", "red")])
        .send()
        .await;
    assert_eq!(reply.member("message"), "unknown parameter `color`");
    assert_eq!(signed.sandbox.refusals().len(), 2);
}

#[tokio::test]
async fn a_refund_is_made_once_for_a_key() {
    let signed = Signed::start().await;
    let refund = store("orders.order_payments.refund");
    let body = refund.body.as_ref().unwrap().schema.sample_request(0);
    let other = refund.body.as_ref().unwrap().schema.sample_request(1);
    assert_ne!(body, other);
    let path = refund.sample_path();
    let send = |key: Option<&str>, body: &Value| {
        let call = signed.call(refund, &path, &[]).json(body);
        match key {
            Some(key) => call.header("idempotency-key", key).send(),
            None => call.send(),
        }
    };
    let first = send(Some("k1"), &body).await.ok();
    assert_eq!(send(Some("k1"), &body).await.ok().body, first.body);
    assert_eq!(send(Some("k1"), &other).await.status, 409);
    assert_eq!(send(Some("k2"), &other).await.status, 200);
    assert_eq!(send(None, &body).await.status, 400);
}

#[tokio::test]
async fn a_file_is_kept_as_it_was_sent_and_one_is_served() {
    let signed = Signed::start().await;
    let upload = store("search.document_root_files.upload");
    let call = || signed.call(upload, upload.path, &[]);
    let reply = call()
        .raw("multipart/form-data; boundary=b", FORM)
        .send()
        .await;
    assert_eq!(reply.status, 201, "{}", reply.text());
    assert_eq!(reply.json()["document_root_file"]["file_name"], "a.csv");
    let kept = signed.sandbox.uploads();
    assert_eq!(kept.len(), 1);
    assert_eq!(
        (kept[0].operation, kept[0].field.as_str()),
        (upload.id, "file")
    );
    assert_eq!(
        (kept[0].file_name.as_str(), &kept[0].bytes[..]),
        ("a.csv", &b"x,y"[..])
    );
    assert_eq!(kept[0].content_type, "text/csv");
    let other = FORM.replace("name=\"file\"", "name=\"data\"");
    let nameless = FORM.replace("; filename=\"a.csv\"", "");
    for form in [other, nameless, "--b--\r\n".to_owned(), String::new()] {
        let reply = call()
            .raw("multipart/form-data; boundary=b", form)
            .send()
            .await;
        assert_eq!(reply.status, 400);
    }
    assert_eq!(
        call().raw("multipart/form-data", FORM).send().await.status,
        400
    );
    assert_eq!(call().json(&json!({})).send().await.status, 415);
    let large = vec![b'x'; 1024 * 1024 + 1];
    let reply = call()
        .raw("multipart/form-data; boundary=b", large)
        .send()
        .await;
    assert_eq!(reply.status, 413);

    let export = store("customers.customers.export");
    let reply = signed.call(export, export.path, &[]).send().await.ok();
    assert_eq!(reply.headers["content-type"], "application/octet-stream");
    assert_eq!(
        reply.headers["content-disposition"],
        "attachment; filename=\"export.csv\""
    );
    assert!(!reply.body.is_empty());
}

#[tokio::test]
async fn a_head_request_tells_whether_there_is_one() {
    let signed = Signed::start().await;
    let check = store("taxes.tax_codes.check");
    let there = signed.call(check, &check.sample_path(), &[]).send().await;
    assert_eq!((there.status, there.body.len()), (200, 0));
    let gone = signed
        .call(check, "/api/v4/admin/tax_codes/999999", &[])
        .send()
        .await;
    assert_eq!((gone.status, gone.body.len()), (404, 0));
}

#[tokio::test]
async fn communic8_reads_what_it_lists() {
    let signed = Signed::start().await;
    let list = find(Provider::Communic8, "v1.channels.list");
    let get = find(Provider::Communic8, "v1.channels.get");
    let all = signed.call(list, list.path, &[]).send().await.ok().json();
    assert_eq!(all["total"], 3);
    for channel in all["data"].as_array().unwrap() {
        let path = format!("{}/{}", list.path, channel["_id"].as_str().unwrap());
        let one = signed.call(get, &path, &[]).send().await.ok().json();
        assert_eq!((&one["success"], &one["data"]), (&json!(true), channel));
    }
    let none = signed.call(get, "/int/v1/channel/none", &[]).send().await;
    assert_eq!((none.status, &none.json()["success"]), (404, &json!(false)));
}
