//! Every style of paging: the query of each page byte by byte, and the end.

use auth_core::{ErrorKind, List, Method};
use serde_json::{Value, json};

use super::{
    KEYSET, LINKED, NUMBERED, OFFSET, OLDER, SINGLE, get, items, keyed, list, queries, records,
    server, server_by,
};

#[tokio::test]
async fn links_are_followed_with_what_they_lack() {
    let vendor = server(|n| match n {
        0 => json!({ "contacts": records(0, 2), "nextPage": "ORIGIN/v4/things?siteId=10&pageIndex=2", "total": 5 }),
        1 => json!({ "contacts": records(2, 4), "nextPage": "?keyword=x%2Fy&siteid=10&pageindex=3&pagesize=2#top" }),
        _ => json!({ "contacts": records(4, 5), "nextPage": null, "previousPage": "ORIGIN/x" }),
    })
    .await;
    let client = keyed(&vendor);
    let call = get(&client).query("include", "a").query("include", "b c");
    let list = list(call, &LINKED).query("keyword", "x/y").page_size(2);
    assert_eq!(items(list).await, records(0, 5));
    assert_eq!(
        queries(&vendor).await,
        [
            "include=a&include=b%20c&keyword=x%2Fy&pageSize=2&siteId=10",
            "siteId=10&pageIndex=2&include=a&include=b%20c&keyword=x%2Fy&pageSize=2",
            "keyword=x%2Fy&siteid=10&pageindex=3&pagesize=2&include=a&include=b%20c",
        ]
    );
}

#[tokio::test]
async fn a_query_that_the_path_brings_stays_on_every_page() {
    let vendor = server(|n| match n {
        0 => json!({ "list": records(0, 1), "nextPage": "/v4/things?pageIndex=2" }),
        _ => json!({ "list": records(1, 2), "nextPage": null }),
    })
    .await;
    let client = keyed(&vendor);
    let call = client.request(Method::GET, "/v4/things?name=%C3%A4+b&siteId=7");
    assert_eq!(items(list(call, &LINKED)).await, records(0, 2));
    assert_eq!(
        queries(&vendor).await,
        [
            "name=%C3%A4+b&siteId=7",
            "pageIndex=2&name=%C3%A4%20b&siteId=7",
        ]
    );
}

#[tokio::test]
async fn a_search_is_repeated_with_its_body_and_paged_in_its_query() {
    let vendor = server(|n| match n {
        0 => json!({ "list": records(0, 1), "nextPage": "ORIGIN/V4/Chats:Search?pageIndex=2" }),
        _ => json!({ "list": records(1, 2), "nextPage": "" }),
    })
    .await;
    let client = keyed(&vendor);
    let call = client.request(Method::POST, "/v4/chats:search");
    let list = list(call.json(&json!({ "agent": 7 })), &LINKED);
    assert_eq!(items(list).await, records(0, 2));
    let requests = vendor.requests().await;
    let paths: Vec<_> = requests.iter().map(|request| request.url.path()).collect();
    assert_eq!(paths, ["/v4/chats:search", "/V4/Chats:Search"]);
    for request in requests {
        assert_eq!(request.method, Method::POST);
        assert_eq!(request.body, br#"{"agent":7}"#);
    }
    assert_eq!(
        queries(&vendor).await,
        ["siteId=10", "pageIndex=2&siteId=10"]
    );
}

#[tokio::test]
async fn where_no_link_member_is_sent_pages_are_numbered() {
    let vendor =
        server(|n| json!({ "list": records(n * 2, (n * 2 + 2).min(5)), "total": 1 })).await;
    let client = keyed(&vendor);
    assert_eq!(items(list(get(&client), &LINKED)).await, records(0, 5));
    assert_eq!(
        queries(&vendor).await,
        [
            "siteId=10",
            "pageIndex=2&siteId=10",
            "pageIndex=3&siteId=10",
            "pageIndex=4&siteId=10"
        ]
    );
}

#[tokio::test]
async fn who_has_sent_links_ends_the_list_by_sending_none() {
    let vendor = server(|n| match n {
        0 => json!({ "contacts": records(0, 2), "nextPage": "?pageIndex=2" }),
        _ => json!({ "contacts": records(2, 4) }),
    })
    .await;
    let client = keyed(&vendor);
    assert_eq!(items(list(get(&client), &LINKED)).await, records(0, 4));
    assert_eq!(vendor.calls(), 2);
}

#[tokio::test]
async fn an_array_in_place_of_an_envelope_with_links_is_the_whole_list() {
    let vendor = server(|_| records(0, 3)).await;
    let client = keyed(&vendor);
    assert_eq!(items(list(get(&client), &LINKED)).await, records(0, 3));
    assert_eq!(vendor.calls(), 1);
}

#[tokio::test]
async fn numbered_arrays_end_with_an_empty_one() {
    let vendor = server(|n| records(n * 2, (n * 2 + 2).min(5))).await;
    let client = keyed(&vendor);
    let list = list(get(&client), &NUMBERED).page_size(2);
    assert_eq!(items(list).await, records(0, 5));
    assert_eq!(
        queries(&vendor).await,
        [
            "pageSize=2&siteId=10",
            "pageSize=2&pageIndex=2&siteId=10",
            "pageSize=2&pageIndex=3&siteId=10",
            "pageSize=2&pageIndex=4&siteId=10",
        ]
    );
}

#[tokio::test]
async fn a_keyset_goes_on_after_the_last_item_and_ends_with_a_short_page() {
    let vendor =
        server(|n| json!({ "data": records(n * 3, (n * 3 + 3).min(8)), "total": 8 })).await;
    let client = keyed(&vendor);
    assert_eq!(items(list(get(&client), &KEYSET)).await, records(0, 8));
    assert_eq!(
        queries(&vendor).await,
        [
            "limit=3&siteId=10",
            "limit=3&previousLastId=i2&siteId=10",
            "limit=3&previousLastId=i5&siteId=10",
        ]
    );
}

#[tokio::test]
async fn a_keyset_whose_last_page_is_full_ends_with_an_empty_one() {
    let vendor = server(|n| match n {
        0 => json!({ "data": [{ "_id": 17 }, { "_id": "a b+c" }] }),
        1 => json!({ "data": [{ "_id": 18 }, { "_id": 19 }] }),
        _ => json!({ "data": [] }),
    })
    .await;
    let client = keyed(&vendor);
    let got = items(list(get(&client), &KEYSET).page_size(2)).await;
    assert_eq!(got.as_array().map(Vec::len), Some(4));
    assert_eq!(
        queries(&vendor).await,
        [
            "limit=2&siteId=10",
            "limit=2&previousLastId=a%20b%2Bc&siteId=10",
            "limit=2&previousLastId=19&siteId=10",
        ]
    );
}

#[tokio::test]
async fn an_offset_is_raised_by_what_came_while_more_is_announced() {
    // A server that sends fewer than it was asked for, and a different number each time.
    let vendor = server_by(|n, _| {
        let (from, to) = [(0, 7), (7, 10), (10, 20), (20, 21)][n];
        let pagination = json!({ "total": 21, "limit": 20, "offset": from, "has_next": n < 3 });
        json!({ "orders": records(from, to), "pagination": pagination })
    })
    .await;
    let client = keyed(&vendor);
    let list = list(get(&client), &OFFSET).page_size(20);
    assert_eq!(items(list).await, records(0, 21));
    assert_eq!(
        queries(&vendor).await,
        [
            "limit=20&siteId=10",
            "limit=20&offset=7&siteId=10",
            "limit=20&offset=10&siteId=10",
            "limit=20&offset=20&siteId=10",
        ]
    );
}

#[tokio::test]
async fn an_older_offset_ends_where_no_next_page_is_linked() {
    let vendor = server(|n| {
        let next = if n == 0 {
            json!("/things?max=2&offset=2")
        } else {
            json!(null)
        };
        let pagination = json!({ "records": "4", "limit": "2", "offset": "0", "next_page": next });
        json!({ "orders": records(n * 2, n * 2 + 2), "pagination": pagination })
    })
    .await;
    let client = keyed(&vendor);
    let page = list(get(&client), &OLDER).page_size(2).send().await;
    let page = page.expect("a page");
    assert_eq!((page.total(), page.has_more()), (Some(4), true));
    let last = page.next().await.expect("a page").expect("a page");
    assert!(!last.has_more());
    assert_eq!(json!(last.into_items()), records(2, 4));
    assert_eq!(
        queries(&vendor).await,
        ["max=2&siteId=10", "max=2&offset=2&siteId=10"]
    );
}

#[tokio::test]
async fn an_offset_without_any_word_goes_on_to_an_empty_page() {
    let vendor = server(|n| json!({ "orders": records(n * 2, (n * 2 + 2).min(3)) })).await;
    let client = keyed(&vendor);
    assert_eq!(items(list(get(&client), &OLDER)).await, records(0, 3));
    assert_eq!(
        queries(&vendor).await,
        ["siteId=10", "offset=2&siteId=10", "offset=3&siteId=10"]
    );
}

#[tokio::test]
async fn the_word_on_what_follows_may_be_a_text_or_number() {
    for (yes, no) in [
        (json!("true"), json!("False")),
        (json!(1), json!(0)),
        (json!("/things?offset=1"), json!("")),
        (json!(true), json!(null)),
    ] {
        let vendor = server(move |n| {
            let word = if n == 0 { &yes } else { &no };
            json!({ "orders": records(n, n + 1), "pagination": { "has_next": word } })
        })
        .await;
        let client = keyed(&vendor);
        assert_eq!(items(list(get(&client), &OFFSET)).await, records(0, 2));
        assert_eq!(vendor.calls(), 2);
    }
}

#[tokio::test]
async fn a_list_without_pages_is_one_request() {
    let vendor = server(|_| json!({ "shipments": records(0, 3), "has_next": true })).await;
    let client = keyed(&vendor);
    assert_eq!(items(list(get(&client), &SINGLE)).await, records(0, 3));
    assert_eq!(queries(&vendor).await, ["siteId=10"]);
    let error = list(get(&client), &SINGLE).page_size(2).send().await;
    assert_eq!(error.expect_err("no size").kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn a_list_begins_where_the_call_says() {
    let numbered = ["pageIndex=7&siteId=10", "pageIndex=8&siteId=10"];
    let after = [
        "limit=3&previousLastId=x&siteId=10",
        "limit=3&previousLastId=i2&siteId=10",
    ];
    let offset = ["offset=40&siteId=10", "offset=43&siteId=10"];
    for (paging, name, value, asked) in [
        (&LINKED, "pageIndex", "7", numbered),
        (&KEYSET, "previousLastId", "x", after),
        (&OLDER, "offset", "40", offset),
    ] {
        let vendor = server(|n| {
            let records = records(0, if n == 0 { 3 } else { 0 });
            json!({ "list": records, "data": records, "orders": records })
        })
        .await;
        let client = keyed(&vendor);
        let list = list(get(&client).query(name, value), paging);
        assert_eq!(items(list).await, records(0, 3));
        assert_eq!(queries(&vendor).await, asked);
    }
}

#[tokio::test]
async fn a_page_size_out_of_range_is_refused_and_named() {
    let vendor = server(|_| json!({ "data": [] })).await;
    let client = keyed(&vendor);
    let call = || get(&client);
    for list in [
        list(call(), &KEYSET).page_size(0),
        list(call(), &KEYSET).page_size(1001),
        list(call().query("limit", 1001), &KEYSET),
        list(call().query("limit", "many"), &KEYSET),
        list(call().query("limit", u64::MAX), &KEYSET),
    ] {
        let error = list.send().await.expect_err("a refusal");
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains("`limit`"), "{error}");
        assert!(!error.may_have_been_processed());
    }
    let error = list(call().query("offset", "last"), &OFFSET).send().await;
    assert_eq!(error.expect_err("a refusal").kind(), ErrorKind::Invalid);
    let (got, error) = super::all(list(call(), &KEYSET).page_size(1001).stream()).await;
    assert_eq!(got.len(), 0);
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Invalid));
    assert_eq!(vendor.calls(), 0);
    list(call().query("limit", 7), &KEYSET)
        .page_size(1000)
        .send()
        .await
        .expect("a page");
    assert_eq!(queries(&vendor).await, ["limit=1000&siteId=10"]);
}

#[tokio::test]
async fn a_page_shows_its_answer_and_no_item() {
    let vendor =
        server(|_| json!({ "orders": [{ "name": "canary" }], "pagination": { "total": 9 } })).await;
    let client = keyed(&vendor);
    let list = list(get(&client), &OFFSET);
    assert!(format!("{list:?}").contains("/v4/things"));
    let page = list.send().await.expect("a page");
    assert_eq!((page.items().len(), page.total()), (1, Some(9)));
    assert_eq!(page.response().status(), 200);
    let kind = page.response().headers().get("content-type");
    assert_eq!(
        kind.map(|kind| kind.as_bytes()),
        Some(&b"application/json"[..])
    );
    assert!(!format!("{page:?}").contains("canary"), "{page:?}");
    let items: Vec<Value> = page.into_iter().collect();
    assert_eq!(items, [json!({ "name": "canary" })]);
}

#[tokio::test]
async fn serde_reads_items_and_tells_where_one_does_not_fit() {
    #[derive(Debug, serde::Deserialize)]
    struct Thing {
        name: String,
    }
    let vendor = server(|n| match n {
        0 => json!({ "orders": [{ "name": "a" }], "pagination": { "has_next": true } }),
        _ => json!({ "orders": [{ "name": "b" }, { "name": 7 }, { "name": "c" }] }),
    })
    .await;
    let client = keyed(&vendor);
    let (got, error) = super::all(List::<Thing>::json(get(&client), &OFFSET).stream()).await;
    let names: Vec<_> = got.into_iter().map(|thing| thing.name).collect();
    assert_eq!(names, ["a", "b"]);
    let error = error.expect("the number is no name");
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::Decode, Some(200.try_into().unwrap()))
    );
    assert!(error.to_string().contains("`$.orders[1].name`"), "{error}");
    let page = List::<Thing>::json(get(&client), &OFFSET).send().await;
    let error = page.expect_err("the number is no name");
    assert!(error.to_string().contains("`$.orders[1].name`"), "{error}");
}
