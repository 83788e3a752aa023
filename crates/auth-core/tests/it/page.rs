//! Lists: what each page is asked for with, what ends a list, and what no server can do to one; in files of their own.

mod hostile;
mod stream;
mod styles;

use auth_core::{
    ApiClient, Call, Error, Grant, Items, List, Method, Paging, ParameterValue, Principal, Settings,
};
use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use crate::dialects::KEYED;
use crate::stage::{Vendor, client, granted, shown};

/// Pages by number that may link to the next one.
const LINKED: Paging = Paging::index("pageIndex")
    .next_link("/nextPage")
    .items(&["/contacts", "/list"])
    .total(&["/total"])
    .page_size("pageSize")
    .largest_page_size(500);

/// Pages by number, and nothing that says which is the last.
const NUMBERED: Paging = Paging::index("pageIndex").page_size("pageSize");

/// Pages after an item.
const KEYSET: Paging = Paging::keyset("previousLastId", "_id")
    .items(&["/data"])
    .total(&["/total"])
    .page_size("limit")
    .default_page_size(3)
    .largest_page_size(1000);

/// Pages by offset, with a word on what follows.
const OFFSET: Paging = Paging::offset("offset")
    .items(&["/orders"])
    .has_more(&["/pagination/has_next", "/pagination/next_page"])
    .total(&["/pagination/total", "/pagination/records"])
    .page_size("limit")
    .largest_page_size(20);

/// The same of an older generation.
const OLDER: Paging = OFFSET.page_size("max").largest_page_size(100);

/// No pages.
const SINGLE: Paging = Paging::single().items(&["/shipments"]);

/// A server whose n-th answer is `answer(n)`, with `ORIGIN` in its texts replaced by the server's own.
async fn server(answer: impl Fn(usize) -> Value + Send + Sync + 'static) -> Vendor {
    server_by(move |n, _| answer(n)).await
}

/// A server that looks at the request.
async fn server_by(answer: impl Fn(usize, &Request) -> Value + Send + Sync + 'static) -> Vendor {
    let api = move |n: usize, request: &Request| {
        assert!(n < 1000, "the list is endless");
        let origin = origin(request);
        let body = answer(n, request).to_string().replace("ORIGIN", &origin);
        ResponseTemplate::new(200).set_body_raw(body, "application/json")
    };
    Vendor::with_api(|n, _| granted(n), api).await
}

/// The server's own origin, as the client has called it.
fn origin(request: &Request) -> String {
    format!("http://{}", shown(&request.headers["host"]))
}

/// A client whose calls carry `siteId=10`.
fn keyed(vendor: &Vendor) -> ApiClient {
    keyed_at(&vendor.url())
}

fn keyed_at(url: &str) -> ApiClient {
    let mut principal = Principal::new(Grant::StaticToken("t-1".into()));
    principal.parameters = vec![("site_id", ParameterValue::Text("10".to_owned()))];
    client(KEYED, url, principal, &Settings::new())
}

fn get(client: &ApiClient) -> Call<'_> {
    client.request(Method::GET, "/v4/things")
}

/// A list whose items stay JSON.
fn list<'c>(call: Call<'c>, paging: &'static Paging) -> List<'c, Value> {
    List::new(call, paging, |item, _| Ok(item))
}

/// What a stream gives: items, and the error that ended it. Whatever ended it, nothing comes after that.
async fn all<T>(mut items: Items<T>) -> (Vec<T>, Option<Error>) {
    let mut got = Vec::new();
    let error = loop {
        match items.try_next().await {
            Ok(Some(item)) => got.push(item),
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    for _ in 0..2 {
        assert!(items.try_next().await.is_ok_and(|item| item.is_none()));
    }
    (got, error)
}

/// All items of a list that has a good end.
async fn items(list: List<'_, Value>) -> Value {
    let (got, error) = all(list.stream()).await;
    assert!(error.is_none(), "{error:?}");
    json!(got)
}

/// The queries that came, in order.
async fn queries(vendor: &Vendor) -> Vec<String> {
    let requests = vendor.requests().await;
    requests
        .iter()
        .map(|request| request.url.query().unwrap_or_default().to_owned())
        .collect()
}

/// Records with the ids `from` to `to`, the latter left out.
fn records(from: usize, to: usize) -> Value {
    (from..to)
        .map(|n| json!({ "_id": format!("i{n}") }))
        .collect()
}
