//! Lists: each style reaches every record once, and a list of any length costs no memory.

use std::collections::BTreeSet;

use serde_json::Value;
use vendor_sandbox::openapi::{Operation, PagingStyle, Place, Provider, operation, operations};
use vendor_sandbox::{CampaignList, Host};

use crate::client::Call;
use crate::documented::{KNOWN, Signed};

fn items<'v>(operation: &Operation, body: &'v Value) -> &'v Vec<Value> {
    fn find<'v>(value: &'v Value, key: &str) -> Option<&'v Vec<Value>> {
        let members = value.as_object()?;
        let own = members.get(key).and_then(Value::as_array);
        own.or_else(|| members.values().find_map(|inner| find(inner, key)))
    }
    match operation.paging.and_then(|paging| paging.items) {
        Some(key) => find(body, key).unwrap_or_else(|| panic!("{}: {body}", operation.id)),
        None => body
            .as_array()
            .unwrap_or_else(|| panic!("{}: {body}", operation.id)),
    }
}

/// All records of a list, page by page, with the number of pages.
async fn walk(signed: &Signed, operation: &'static Operation) -> (Vec<Value>, usize) {
    let (mut all, mut pages) = (Vec::new(), 0);
    let required = operation.required_query(2);
    let mut extra: Vec<(&str, String)> = Vec::new();
    let mut next: Option<String> = None;
    loop {
        let query = required.iter().chain(&extra);
        let query: Vec<_> = query.map(|(name, value)| (*name, value.as_str())).collect();
        let call = match &next {
            Some(next) => signed.sign(operation.host, Call::new(operation.method.clone(), next)),
            None => signed.call(operation, &operation.sample_path(), &query),
        };
        let call = match &operation.body {
            Some(body) => call.json(&body.schema.sample_request(1)),
            None => call,
        };
        let body = call.send().await.ok().json();
        let shown = items(operation, &body).clone();
        pages += 1;
        let count = shown.len();
        let last = shown.last().cloned();
        all.extend(shown);
        let number = |pointer: &str| body.pointer(pointer).cloned().unwrap_or_default();
        let style = operation.paging.map(|paging| paging.style);
        let more = match style {
            Some(PagingStyle::Comm100Envelope | PagingStyle::Comm100List) => {
                next = number("/nextPage").as_str().map(str::to_owned);
                next.is_some()
            }
            Some(PagingStyle::Communic8Keyset) => {
                let id = |last: Value| last["_id"].as_str().map(str::to_owned);
                let last = last.and_then(id);
                extra = last
                    .map(|last| ("previousLastId", last))
                    .into_iter()
                    .collect();
                count == 100
            }
            Some(PagingStyle::WebCommanderLimitOffset) => {
                extra = vec![("offset", all.len().to_string())];
                number("/pagination/has_next") == true
            }
            Some(PagingStyle::WebCommanderMaxOffset) => {
                extra = vec![("offset", all.len().to_string())];
                !number("/pagination/next_page").is_null()
            }
            _ => false,
        };
        if !more {
            return (all, pages);
        }
    }
}

#[tokio::test]
async fn every_list_reaches_every_record_once() {
    let mut styles = BTreeSet::new();
    for operation in KNOWN.into_iter().flat_map(operations) {
        let Some(paging) = operation.paging else {
            continue;
        };
        // A list that is filled has other records, and what lies below the old ones is gone.
        let signed = Signed::start().await;
        signed.sandbox.fill(&operation.sample_path(), 121).unwrap();
        let (all, pages) = walk(&signed, operation).await;
        let paged = operation
            .at(Place::Query)
            .any(|one| one.name == "pageIndex")
            && paging.style == PagingStyle::Comm100Array;
        let wanted = if paged { 10 } else { 121 };
        assert_eq!(all.len(), wanted, "{}", operation.id);
        let distinct: BTreeSet<_> = all.iter().map(ToString::to_string).collect();
        let ids = ["id", "_id", "guid"];
        if ids.iter().any(|id| all[0].get(*id).is_some()) {
            assert_eq!(distinct.len(), wanted, "{}", operation.id);
        }
        let by_pages = !matches!(
            paging.style,
            PagingStyle::Comm100Array | PagingStyle::Communic8List | PagingStyle::WebCommanderList
        );
        // Envelopes of older pages have no link to a next page.
        let answer = operation.answer.schema.unwrap().sample_answer(0);
        let linked = operation.host != Host::Comm100Hosted || answer.get("nextPage").is_some();
        assert_eq!(pages > 1, by_pages && linked, "{}: {pages}", operation.id);
        styles.insert(format!("{:?}", paging.style));
        assert_eq!(signed.sandbox.refusals(), []);
    }
    assert_eq!(styles.len(), 8);
}

#[tokio::test]
async fn a_bare_array_has_pages_where_it_takes_their_numbers() {
    let signed = Signed::start().await;
    let list = operation(Provider::Comm100, "aiagent.ai_agents.list").unwrap();
    signed.sandbox.fill(list.path, 25).unwrap();
    let mut seen = BTreeSet::new();
    for (index, count) in [("1", 10), ("2", 10), ("3", 5), ("4", 0)] {
        let query = [("siteId", "10000"), ("pageIndex", index)];
        let page = signed
            .call(list, list.path, &query)
            .send()
            .await
            .ok()
            .json();
        let page = page.as_array().unwrap();
        assert_eq!(page.len(), count);
        seen.extend(page.iter().map(|agent| agent["id"].to_string()));
    }
    assert_eq!(seen.len(), 25);
}

#[tokio::test]
async fn records_of_a_full_list_are_read_one_by_one() {
    let signed = Signed::start().await;
    signed.sandbox.set_campaign_list(CampaignList::Envelope);
    signed
        .sandbox
        .fill("/v4/livechat/campaigns", 100_000)
        .unwrap();
    let list = operation(Provider::Comm100, "livechat.campaigns.list").unwrap();
    let query = [("pageIndex", "200"), ("pageSize", "500")];
    let page = signed
        .call(list, list.path, &query)
        .send()
        .await
        .ok()
        .json();
    assert_eq!(
        (page["total"].clone(), page["nextPage"].clone()),
        (100_000.into(), Value::Null)
    );
    let last = page["campaigns"].as_array().unwrap().last().unwrap();
    let get = operation(Provider::Comm100, "livechat.campaigns.get").unwrap();
    let path = format!("{}/{}", list.path, last["id"].as_str().unwrap());
    assert_eq!(signed.call(get, &path, &[]).send().await.ok().json(), *last);
    let delete = operation(Provider::Comm100, "livechat.campaigns.delete").unwrap();
    assert_eq!(signed.call(delete, &path, &[]).send().await.status, 204);
    assert_eq!(signed.call(get, &path, &[]).send().await.status, 404);
    let page = signed
        .call(list, list.path, &query)
        .send()
        .await
        .ok()
        .json();
    assert_eq!(page["campaigns"].as_array().unwrap().len(), 499);
}

#[tokio::test]
async fn a_path_without_a_list_cannot_be_filled() {
    let signed = Signed::start().await;
    for path in ["/v4/livechat/nothing", "", "/v4/global/site"] {
        let error = signed.sandbox.fill(path, 1).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{path}");
    }
}

#[tokio::test]
async fn links_lead_to_the_same_host_and_keep_the_query() {
    let signed = Signed::start().await;
    let list = operation(Provider::WebCommander, "taxes.tax_codes.list").unwrap();
    signed.sandbox.fill(list.path, 50).unwrap();
    let page = signed
        .call(list, list.path, &[("limit", "7")])
        .send()
        .await
        .ok()
        .json();
    let next = page["pagination"]["next_page"].as_str().unwrap();
    let origin = signed.sandbox.url(Host::WebCommander);
    assert_eq!(next, format!("{origin}{}?limit=7&offset=7", list.path));
    let most = signed
        .call(list, list.path, &[("limit", "5000")])
        .send()
        .await
        .ok()
        .json();
    assert_eq!(most["tax_codes"].as_array().unwrap().len(), 20);
}

#[tokio::test]
async fn without_links_pages_have_numbers_only() {
    let signed = Signed::start().await;
    let list = operation(Provider::Comm100, "livechat.campaigns.list").unwrap();
    signed.sandbox.set_campaign_list(CampaignList::Envelope);
    for links in [true, false] {
        signed.sandbox.set_page_links(links);
        let page = signed.call(list, list.path, &[("pageIndex", "2")]);
        let page = page.send().await.ok().json();
        assert_eq!(page["total"], 25);
        assert_eq!(page.get("nextPage").is_some(), links);
        assert_eq!(page.get("previousPage").is_some(), links);
    }
}

#[tokio::test]
async fn a_server_that_has_lost_its_place_repeats_its_first_page() {
    let signed = Signed::start().await;
    let list = operation(Provider::WebCommander, "taxes.tax_codes.list").unwrap();
    signed.sandbox.fill(list.path, 50).unwrap();
    signed.sandbox.set_repeated_pages(true);
    let mut seen = Vec::new();
    for offset in ["0", "20", "40"] {
        let page = signed.call(list, list.path, &[("offset", offset)]);
        let page = page.send().await.ok().json();
        let first = &page["tax_codes"][0];
        assert_eq!(first["unknown_offset"].to_string(), offset);
        seen.push(first["id"].clone());
    }
    assert_eq!(seen, vec![seen[0].clone(); 3]);
}

#[tokio::test]
async fn what_lies_below_a_record_is_of_its_own_kind() {
    let signed = Signed::start().await;
    let list = operation(
        Provider::WebCommander,
        "catalog.inventory_locations.list_stock",
    )
    .unwrap();
    signed.sandbox.fill(&list.sample_path(), 50).unwrap();
    let page = signed.call(list, &list.sample_path(), &[]);
    let page = page.send().await.ok().json();
    let items = page["items"].as_array().unwrap();
    let known = |item: &&Value| !item.as_object().unwrap().is_empty();
    assert_eq!(items.iter().filter(known).count(), 20);
}

#[tokio::test]
async fn after_a_reset_all_records_are_as_at_the_start() {
    let signed = Signed::start().await;
    let list = operation(Provider::WebCommander, "taxes.tax_codes.list").unwrap();
    let read = async || signed.call(list, list.path, &[]).send().await.ok().json();
    let before = read().await;
    signed.sandbox.fill(list.path, 50).unwrap();
    assert_ne!(read().await, before);
    signed.sandbox.reset();
    assert_eq!(read().await, before);
}
