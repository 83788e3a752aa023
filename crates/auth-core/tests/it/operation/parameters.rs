//! Optional parameters, and updates made of what was read.

use auth_core::model::Value;
use auth_core::model::{Change, FromJson as _, Joined, Money, Place, Time, ToJson as _};
use auth_core::{Download, ErrorKind, Method};
use serde_json::json;

use super::{GROUPS, Group, GroupId, answering, seen};

auth_core::names! {
    /// Whether it is in use.
    pub enum Status: number_or_text {
        /// It is.
        Active = 1 | "active",
        /// It is not.
        Inactive = 0 | "inactive",
    }
}

auth_core::parameters! {
    /// The groups, and which of them.
    pub struct ListGroups -> List<Group> {
        /// Only those above this one.
        parent: GroupId = "parentId",
        /// Only those in this state.
        status: Status = "status",
        /// What to send along.
        include: Vec<String> = "include",
        /// What to tell of each.
        fields: Joined<String> = "fields",
        /// Only younger ones.
        since: Time = "since",
        /// Only those that have paid so much.
        paid: Money = "paid",
        /// Whether to count.
        count: Option<bool> = "count",
    }
}

auth_core::parameters! {
    /// The groups as a file.
    pub struct ExportGroups -> Request<Download> {
        /// Only those in this state.
        status: Status = "status",
    }
}

auth_core::parameters! {
    /// An operation that has lost its parameters.
    pub struct CountGroups -> Request<i64> {}
}

#[tokio::test]
async fn parameters_travel_in_their_wire_form_and_the_last_word_counts() {
    let (vendor, client) = answering(200, json!({ "groups": [] })).await;
    let list = || ListGroups(client.operation(Method::GET, "/groups", &[]).list(&GROUPS));
    let all = list()
        .parent(7)
        .parent(7_u64)
        .parent("8 9")
        .status("active")
        .include(["a".to_owned(), "b".to_owned()])
        .fields(["x", "y"])
        .since("2026-11-22T00:00:00Z")
        .paid(auth_core::model::Decimal::new(1250, 2))
        .count(true)
        .query("more", "z");
    all.send().await.expect("a page");
    let none = list().include(vec![]).fields(Joined::default()).count(None);
    none.status(Status::from("new"))
        .send()
        .await
        .expect("a page");
    let id = GroupId::from(5);
    let mut stream = list().parent(&id).with_prefetch(false).stream();
    assert!(stream.try_next().await.expect("no item").is_none());
    let call = list().parent(3).into_call();
    call.send().await.expect("an answer");
    assert_eq!(
        seen(&vendor).await,
        [
            "GET /groups?parentId=8%209&status=1&include=a&include=b&fields=x%2Cy\
             &since=2026-11-22T00%3A00%3A00Z&paid=12.5&count=true&more=z",
            "GET /groups?status=new",
            "GET /groups?parentId=5",
            "GET /groups?parentId=3",
        ]
    );
}

#[tokio::test]
async fn parameters_of_a_request_are_forwarded_too() {
    let (vendor, client) = answering(200, json!(7)).await;
    let call = || client.operation(Method::GET, "/groups:export", &[]);
    let export = ExportGroups(call().download()).status(Status::Inactive);
    let download = export.send().await.expect("a file");
    assert_eq!(download.bytes().await.expect("its bytes"), "7");
    let count = CountGroups(call().model()).with_idempotency_key("k");
    assert_eq!(count.send().await.expect("a count"), 7);
    assert_eq!(
        seen(&vendor).await,
        ["GET /groups:export?status=0", "GET /groups:export"]
    );
}

auth_core::model! {
    /// A member.
    pub struct Member {
        required {
            /// Its name.
            name: String = "name",
        }
        optional {
            /// A word on it.
            note: Option<String> = "note" | "remark",
            /// Its telephone.
            phone: Option<String> = "phone",
            /// Its colors.
            colors: Option<Vec<String>> = "colors",
        }
        read_only {
            /// Its number.
            id: Option<GroupId> = "id",
        }
    }
}

auth_core::model! {
    /// What to change about a member.
    pub struct MemberUpdate from Member {
        required {
            /// Its name.
            name: String = "name",
        }
        optional {
            /// A word on it.
            note: Change<String> = "note" | "remark",
            /// Its telephone.
            phone: Change<String> = "phone",
            /// Its colors.
            colors: Option<Vec<String>> = "colors",
        }
    }
}

#[test]
fn an_update_takes_over_what_may_be_written() {
    let read = json!({
        "name": "a", "remark": "r", "phone": null, "colors": ["red"], "id": 7, "more": { "x": 1 },
    });
    let member = Member::from_json(read, &Place::root()).expect("a member");
    let mut update: MemberUpdate = member.into();
    let body = json!({ "name": "a", "remark": "r", "colors": ["red"], "more": { "x": 1 } });
    assert_eq!(update.to_body(), body, "null was not asked to be cleared");
    update.phone = Change::Clear;
    update.note = None.into();
    let body = json!({ "name": "a", "phone": null, "colors": ["red"], "more": { "x": 1 } });
    assert_eq!(update.to_body(), body);
    assert_eq!(
        Change::from(Some("a".to_owned())),
        Change::Set("a".to_owned())
    );
}

auth_core::parameters! {
    /// The groups that cost so much.
    pub struct FindGroups -> Request<Value> {
        /// At most this.
        max_price: f64 = "maxPrice",
        /// Exactly one of these.
        prices: Joined<f64> = "prices",
    }
}

auth_core::model! {
    /// What a group costs.
    pub struct Price {
        optional {
            /// The amount.
            amount: Change<f64> = "amount",
        }
    }
}

#[tokio::test]
async fn a_number_that_json_cannot_say_is_refused_and_nothing_is_sent() {
    let (vendor, client) = answering(200, json!({})).await;
    let call = || client.operation(Method::POST, "/groups", &[]);
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut price = Price::new();
        price.amount = number.into();
        for (request, name) in [
            (FindGroups(call().model()).max_price(number), "`maxPrice`"),
            (FindGroups(call().model()).prices([1.0, number]), "`prices`"),
            (FindGroups(call().body(&price).model()), "body"),
            (
                FindGroups(call().body(&vec![price.clone()]).model()),
                "body",
            ),
            (
                FindGroups(call().body_in("price", &price).model()),
                "`price`",
            ),
        ] {
            let error = request.send().await.expect_err("no JSON");
            assert_eq!(error.kind(), ErrorKind::Invalid);
            assert!(error.to_string().contains(name), "{error}");
        }
        let list = call().list::<Value>(&GROUPS).value("maxPrice", &number);
        assert_eq!(
            list.send().await.expect_err("no text").kind(),
            ErrorKind::Invalid
        );
    }
    assert_eq!(vendor.calls(), 0);
    // What was refused leaves no trace in the next call.
    let request = FindGroups(call().body(&Price::new()).model());
    request.max_price(1.5).send().await.expect("an answer");
    assert_eq!(seen(&vendor).await, ["POST /groups?maxPrice=1.5 {}"]);
}
