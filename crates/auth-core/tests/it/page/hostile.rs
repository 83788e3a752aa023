//! Servers that mean harm or have lost their way: no list is endless, and no credential travels elsewhere.

use auth_core::{Error, ErrorKind, Method, Paging};
use serde_json::{Value, json};
use wiremock::MockServer;

use super::{
    KEYSET, LINKED, NUMBERED, OFFSET, SINGLE, all, get, items, keyed, list, origin, queries,
    records, server, server_by,
};

/// Reads a list that must end with an error, and gives the number of items and of requests before it.
async fn ends(
    paging: &'static Paging,
    answer: impl Fn(usize) -> Value + Send + Sync + 'static,
) -> (usize, usize, Error) {
    let vendor = server(answer).await;
    let client = keyed(&vendor);
    let (got, error) = all(list(get(&client), paging).stream()).await;
    let error = error.expect("a hostile server is told");
    (got.len(), vendor.calls(), error)
}

#[tokio::test]
async fn a_server_that_repeats_a_page_is_told_before_its_items_come_twice() {
    let envelope =
        |_| json!({ "contacts": records(0, 3), "orders": records(0, 3), "data": records(0, 3) });
    for paging in [&LINKED, &OFFSET] {
        let (got, calls, error) = ends(paging, envelope).await;
        assert_eq!((got, calls, error.kind()), (3, 2, ErrorKind::Decode));
        assert!(error.to_string().contains("repeats a page"), "{error}");
    }
    let (got, calls, error) = ends(&NUMBERED, |_| records(0, 3)).await;
    assert_eq!((got, calls, error.kind()), (3, 2, ErrorKind::Decode));
    let (got, calls, error) = ends(&KEYSET, envelope).await;
    assert_eq!((got, calls, error.kind()), (3, 2, ErrorKind::Decode));
    assert!(error.to_string().contains("`$.data`"), "{error}");
    assert!(error.to_string().contains("begin after"), "{error}");
}

#[tokio::test]
async fn pages_in_a_circle_are_told() {
    let (got, calls, error) = ends(&NUMBERED, |n| records(n % 3 * 2, n % 3 * 2 + 2)).await;
    assert_eq!((got, calls, error.kind()), (6, 4, ErrorKind::Decode));
    let circle = |n: usize| json!({ "data": records(n % 2 * 3, n % 2 * 3 + 3) });
    let (got, calls, error) = ends(&KEYSET, circle).await;
    assert_eq!((got, calls, error.kind()), (6, 3, ErrorKind::Decode));
}

#[tokio::test]
async fn a_repeated_page_is_known_by_its_identities_whatever_else_changes() {
    static BY_ID: Paging = NUMBERED.identity("_id");
    let (got, calls, error) = ends(&BY_ID, |n| {
        let image = format!("https://cdn.example/a.png?read={n}");
        json!([{ "_id": 1, "image": image }])
    })
    .await;
    assert_eq!((got, calls, error.kind()), (1, 2, ErrorKind::Decode));
}

#[tokio::test]
async fn a_keyset_that_goes_back_is_told() {
    let (got, calls, error) = ends(&KEYSET, |n| {
        // Each page is another one, and each holds the item that it should begin after.
        json!({ "data": records(n * 2, n * 2 + 3) })
    })
    .await;
    assert_eq!((got, calls, error.kind()), (3, 2, ErrorKind::Decode));
}

#[tokio::test]
async fn links_in_a_circle_are_told() {
    let (got, calls, error) = ends(
        &LINKED,
        |n| json!({ "contacts": records(n, n + 1), "nextPage": format!("?pageIndex={}", n % 3) }),
    )
    .await;
    assert_eq!((got, calls, error.kind()), (3, 4, ErrorKind::Decode));
    assert!(error.to_string().contains("`$.nextPage`"), "{error}");
    assert!(error.to_string().contains("followed before"), "{error}");
}

#[tokio::test]
async fn links_to_ever_new_empty_pages_are_told() {
    let endless = |n| json!({ "contacts": [], "nextPage": format!("?pageIndex={}", n + 2) });
    let (got, calls, error) = ends(&LINKED, endless).await;
    assert_eq!((got, calls, error.kind()), (0, 11, ErrorKind::Decode));
    // A few are no fault: a filter can leave pages empty.
    let vendor = server(|n| match n % 10 {
        9 if n > 20 => json!({ "contacts": records(n, n + 1), "nextPage": null }),
        9 => json!({ "contacts": records(n, n + 1), "nextPage": format!("?pageIndex={n}") }),
        _ => json!({ "contacts": [], "nextPage": format!("?pageIndex={n}") }),
    })
    .await;
    let client = keyed(&vendor);
    let got = items(list(get(&client), &LINKED)).await;
    assert_eq!(
        got,
        json!([{ "_id": "i9" }, { "_id": "i19" }, { "_id": "i29" }])
    );
}

#[tokio::test]
async fn an_empty_page_that_says_more_is_told() {
    let more = json!({ "has_next": true, "total": u64::MAX });
    let (got, calls, error) = ends(
        &OFFSET,
        move |n| json!({ "orders": records(n, 1), "pagination": more }),
    )
    .await;
    assert_eq!((got, calls, error.kind()), (1, 2, ErrorKind::Decode));
    assert!(error.to_string().contains("empty"), "{error}");
}

#[tokio::test]
async fn no_link_leads_a_credential_elsewhere() {
    let other = MockServer::start().await;
    let address = *other.address();
    for (link, kind) in [
        (format!("http://{address}/v4/things"), ErrorKind::Blocked),
        (format!("//{address}/v4/things"), ErrorKind::Blocked),
        (format!("\\\\{address}/v4/things"), ErrorKind::Blocked),
        (format!("/\\{address}/v4/things"), ErrorKind::Blocked),
        (format!("http:\\\\{address}/v4/things"), ErrorKind::Blocked),
        (format!(" \thttp://{address}/"), ErrorKind::Blocked),
        (format!("ORIGIN@{address}/"), ErrorKind::Blocked),
        (
            format!("http://localhost:{}/", address.port()),
            ErrorKind::Blocked,
        ),
        (
            "https://evil.example/v4/things".to_owned(),
            ErrorKind::Blocked,
        ),
        ("ftp://evil.example/".to_owned(), ErrorKind::Blocked),
        ("blob:ORIGIN/v4/things".to_owned(), ErrorKind::Blocked),
        ("data:application/json,[]".to_owned(), ErrorKind::Blocked),
        ("http://".to_owned(), ErrorKind::Blocked),
        (format!("?x={}", "x".repeat(9000)), ErrorKind::Blocked),
    ] {
        let told = link.clone();
        let vendor = server(move |_| json!({ "contacts": records(0, 1), "nextPage": told })).await;
        let client = keyed(&vendor);
        let (got, error) = all(list(get(&client), &LINKED).stream()).await;
        let error = error.expect(&link);
        assert_eq!((got.len(), error.kind()), (1, kind), "{link}");
        assert!(!error.to_string().contains("evil"), "{error}");
        assert_eq!(vendor.calls(), 1, "{link}");
    }
    // The right host with another scheme, port or user.
    for change in [
        |own: &str| own.replace("http://", "https://"),
        |own: &str| own.replace("http://", "http://user@"),
        |own: &str| own.replace("http://", "http://:pw@"),
        |own: &str| {
            own.trim_end_matches(|c: char| c.is_ascii_digit())
                .to_owned()
                + "1"
        },
    ] {
        let vendor = server_by(move |_, request| {
            json!({ "contacts": records(0, 1), "nextPage": change(&origin(request)) })
        })
        .await;
        let client = keyed(&vendor);
        let (_, error) = all(list(get(&client), &LINKED).stream()).await;
        assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Blocked));
        assert_eq!(vendor.calls(), 1);
    }
    assert!(other.received_requests().await.expect("kept").is_empty());
}

#[tokio::test]
async fn a_search_is_not_sent_to_another_path() {
    let vendor =
        server(|_| json!({ "list": records(0, 1), "nextPage": "/v4/things:delete" })).await;
    let client = keyed(&vendor);
    let call = client.request(Method::POST, "/v4/things:search");
    let (_, error) = all(list(call, &LINKED).stream()).await;
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Blocked));
    assert_eq!(vendor.calls(), 1);
}

#[tokio::test]
async fn an_answer_without_a_list_is_told_by_its_place() {
    for (paging, answer, place) in [
        (
            &LINKED,
            json!({}),
            "fit: expected a list at $.contacts or $.list",
        ),
        (
            &LINKED,
            json!({ "contacts": {} }),
            "`$.contacts`: expected a list",
        ),
        (
            &LINKED,
            json!({ "contacts": "x", "list": null }),
            "`$.contacts`: expected",
        ),
        (&LINKED, json!({ "list": 7 }), "`$.list`: expected a list"),
        (&LINKED, json!(null), "fit: expected a list"),
        (&LINKED, json!("x"), "fit: expected a list"),
        (&NUMBERED, json!({ "contacts": [] }), "fit: expected a list"),
        (
            &LINKED,
            json!({ "list": [], "nextPage": 2 }),
            "`$.nextPage`: expected a link",
        ),
        (
            &LINKED,
            json!({ "list": [], "nextPage": { "href": "x" } }),
            "`$.nextPage`",
        ),
        (
            &KEYSET,
            json!({ "data": [{ "_id": 1 }, {}, { "id": 1 }] }),
            "`$.data[2]._id`",
        ),
        (&KEYSET, json!({ "data": [1, 2, null] }), "`$.data[2]._id`"),
        (
            &KEYSET,
            json!({ "data": [1, 2, { "_id": "" }] }),
            "`$.data[2]._id`",
        ),
    ] {
        let (got, calls, error) = ends(paging, move |_| answer.clone()).await;
        assert_eq!((got, calls, error.kind()), (0, 1, ErrorKind::Decode));
        assert!(error.to_string().contains(place), "{error}");
    }
}

#[tokio::test]
async fn null_in_place_of_the_items_is_an_empty_page() {
    let vendor = server(|_| json!({ "contacts": null, "list": null, "shipments": null })).await;
    let client = keyed(&vendor);
    assert_eq!(items(list(get(&client), &LINKED)).await, json!([]));
    assert_eq!(items(list(get(&client), &SINGLE)).await, json!([]));
    assert_eq!(vendor.calls(), 2);
}

#[tokio::test]
async fn a_total_that_lies_does_no_harm() {
    for (total, told) in [
        (json!(-1), None),
        (json!(0), Some(0)),
        (json!(2), Some(2)),
        (json!(u64::MAX), Some(u64::MAX)),
        (json!(1e300), None),
        (json!("7"), Some(7)),
        (json!("many"), None),
        (json!([]), None),
        (json!(null), None),
    ] {
        let vendor =
            server(move |n| json!({ "list": records(n * 2, (n * 2 + 2).min(5)), "total": total }))
                .await;
        let client = keyed(&vendor);
        let mut stream = list(get(&client), &LINKED).stream();
        stream.try_next().await.expect("an item");
        assert_eq!(stream.total(), told);
        assert_eq!(all(stream).await.0.len(), 4);
    }
}

#[tokio::test]
async fn what_else_is_unreadable_counts_as_unsaid() {
    for word in [json!([]), json!({}), json!(1e300)] {
        let vendor = server(move |n| {
            let records = records(n, (n + 1).min(2));
            json!({ "orders": records, "pagination": { "has_next": if n < 2 { &word } else { &Value::Null } } })
        })
        .await;
        let client = keyed(&vendor);
        assert_eq!(items(list(get(&client), &OFFSET)).await, records(0, 2),);
    }
}

#[tokio::test]
async fn the_largest_offset_overflows_nothing() {
    let vendor = server(|n| json!({ "orders": records(n, (n + 1).min(3)) })).await;
    let client = keyed(&vendor);
    let list = list(get(&client).query("offset", u64::MAX), &OFFSET);
    assert_eq!(items(list).await, records(0, 3));
    let last = format!("offset={}&siteId=10", u64::MAX);
    assert!(queries(&vendor).await.iter().all(|query| *query == last));
}
