//! Reads every list over several pages, and compares how it was asked for with what the document says of its pages.

use std::collections::BTreeSet;

use auth_core::ErrorKind;
use serde_json::Value;
use vendor_sandbox::openapi::{Operation, PagingStyle, Place, Schema};
use vendor_sandbox::{Recorded, Sandbox};

use crate::given::Given;
use crate::operations::{of_api, query};
use crate::outcome::Exercise;

/// How the pages of a list are asked for.
struct Pages {
    /// The parameter of the position, if the list takes one.
    step: Option<&'static str>,
    /// The parameter of the size.
    size_name: &'static str,
    /// The size that the sandbox gives where a request names none.
    size: u64,
    /// Whether answers say that nothing follows.
    is_told: bool,
    /// Whether answers link to the next page.
    is_linked: bool,
}

/// How the list's pages are asked for, as the document says; `None` where all comes at once.
fn pages(operation: &Operation, style: PagingStyle, links: bool) -> Option<Pages> {
    let step = |name: &str| {
        let mut all = operation.at(Place::Query);
        all.find(|it| it.name == name).map(|it| it.name)
    };
    let answer = operation.answer.schema;
    let has_link = answer.is_some_and(|it| it.property("nextPage").is_some());
    // The one list that comes in an envelope though its document has an array.
    let is_wrapped = operation.id == "livechat.campaigns.list";
    match style {
        PagingStyle::Comm100Array | PagingStyle::Comm100Envelope | PagingStyle::Comm100List => {
            let is_linked = links && (has_link || is_wrapped);
            let step = step("pageIndex");
            (is_linked || step.is_some()).then_some(Pages {
                step,
                size_name: "pageSize",
                size: 10,
                is_told: is_linked,
                is_linked,
            })
        }
        PagingStyle::Communic8Keyset => Some(Pages {
            step: step("previousLastId"),
            size_name: "limit",
            size: 100,
            is_told: true,
            is_linked: false,
        }),
        PagingStyle::LimitOffset => Some(Pages {
            step: step("offset"),
            size_name: "limit",
            size: largest(operation, "limit").map_or(20, |most| most.min(20)),
            is_told: false,
            is_linked: false,
        }),
        PagingStyle::WebCommanderLimitOffset | PagingStyle::WebCommanderMaxOffset => Some(Pages {
            step: step("offset"),
            size_name: match style {
                PagingStyle::WebCommanderMaxOffset => "max",
                _ => "limit",
            },
            size: 20,
            is_told: tells(answer, &["has_next", "next_page"]),
            is_linked: false,
        }),
        _ => None,
    }
}

/// The largest value that a parameter may have.
fn largest(operation: &Operation, name: &str) -> Option<u64> {
    let mut all = operation.at(Place::Query).filter(|it| it.name == name);
    all.next()?.schema.beside("maximum").as_u64()
}

/// Whether the answer describes its page by one of these.
fn tells(answer: Option<Schema>, names: &[&str]) -> bool {
    let pagination = answer.and_then(|it| it.property("pagination"));
    pagination.is_some_and(|it| names.iter().any(|name| it.property(name).is_some()))
}

/// Whether all of a list that has more than two pages comes, each item once, by the requests that its document allows.
/// `links`: whether the sandbox gives links.
pub(crate) async fn whole<C>(
    sandbox: &Sandbox,
    operation: &'static Operation,
    exercise: &Exercise<C>,
    client: &C,
    links: bool,
) -> Result<(), String> {
    let Some(style) = operation.paging.map(|it| it.style) else {
        return Ok(());
    };
    let pages = pages(operation, style, links);
    // Without links, only a list that also goes by numbers has more than its first page.
    if !links && (pages.is_none() || !is_comm100(style)) {
        return Ok(());
    }
    let size = pages.as_ref().map_or(20, |it| it.size);
    let filled = size * 3 + 1;
    let path = operation.sample_path();
    sandbox
        .fill(&path, filled)
        .map_err(|error| format!("{path}: {error}"))?;
    let given = Given::new(operation, 1);
    let came = given.call(exercise, client)?.await;
    let came = came.map_err(|error| error.to_string())?;
    let items = came.value.as_array().map_or(&[][..], Vec::as_slice);
    if items.len() as u64 != filled {
        return Err(format!("{} items instead of {filled}", items.len()));
    }
    for id in ["id", "_id", "guid"] {
        let ids: BTreeSet<_> = items.iter().map(|it| it[id].to_string()).collect();
        let is_id = items.iter().all(|it| !it[id].is_null());
        if is_id && ids.len() != items.len() {
            return Err(format!("{} different items came", ids.len()));
        }
    }
    let total = total(operation, style).then_some(filled);
    if came.total != total {
        return Err(format!(
            "the total is {:?} instead of {total:?}",
            came.total
        ));
    }
    let requests = of_api(sandbox);
    let Some(pages) = pages else {
        return expect(requests.len() as u64, 1, "requests");
    };
    // Where nothing tells the end, an empty page does.
    let count = filled.div_ceil(pages.size) + u64::from(!pages.is_told);
    expect(requests.len() as u64, count, "requests")?;
    for (at, request) in (0..).zip(&requests) {
        paged(&pages, style, request, at, items).map_err(|flaw| format!("page {at}: {flaw}"))?;
    }
    Ok(())
}

fn is_comm100(style: PagingStyle) -> bool {
    matches!(
        style,
        PagingStyle::Comm100Array | PagingStyle::Comm100Envelope | PagingStyle::Comm100List
    )
}

fn expect<T: PartialEq + std::fmt::Debug>(came: T, wanted: T, what: &str) -> Result<(), String> {
    match came == wanted {
        true => Ok(()),
        false => Err(format!("{came:?} {what} instead of {wanted:?}")),
    }
}

/// Whether the answer tells how many items there are.
fn total(operation: &Operation, style: PagingStyle) -> bool {
    let answer = operation.answer.schema;
    let is_wrapped = operation.id == "livechat.campaigns.list";
    match style {
        _ if is_wrapped => true,
        PagingStyle::WebCommanderLimitOffset | PagingStyle::WebCommanderMaxOffset => {
            tells(answer, &["total", "records"])
        }
        _ => answer.is_some_and(|it| it.property("total").is_some()),
    }
}

/// Whether a request asks for its page as the document says.
fn paged(
    pages: &Pages,
    style: PagingStyle,
    request: &Recorded,
    at: u64,
    items: &[Value],
) -> Result<(), String> {
    let query = query(request);
    let get = |name: &str| {
        let mut all = query.iter();
        all.find(|(known, _)| known == name)
            .map(|(_, it)| it.clone())
    };
    let begins = at * pages.size;
    // A link has the size, the first request and those without links have not.
    let by_link = pages.is_linked && at > 0;
    let size = (by_link || style == PagingStyle::Communic8Keyset).then(|| pages.size.to_string());
    expect(get(pages.size_name), size, pages.size_name)?;
    let position = match style {
        _ if at == 0 => None,
        PagingStyle::Communic8Keyset => {
            let last = usize::try_from(begins)
                .ok()
                .and_then(|at| items.get(at - 1));
            last.and_then(|it| it["_id"].as_str()).map(str::to_owned)
        }
        _ if is_comm100(style) => Some((at + 1).to_string()),
        // A page behind the last one begins where the items end.
        _ => Some(begins.min(items.len() as u64).to_string()),
    };
    let name = match pages.step {
        Some(name) => name,
        None if pages.is_linked => "pageIndex",
        None => return Ok(()),
    };
    expect(get(name), position, name)
}

/// Whether a server that has lost its place is noticed, where the items have ids to tell them apart by.
pub(crate) async fn repeated<C>(
    sandbox: &Sandbox,
    operation: &'static Operation,
    exercise: &Exercise<C>,
    client: &C,
) -> Result<(), String> {
    let style = operation.paging.map(|it| it.style);
    let several = style.and_then(|style| pages(operation, style, true));
    let has_identity = operation.item().is_some_and(has_identity);
    let (Some(pages), true) = (several, has_identity) else {
        return Ok(());
    };
    sandbox
        .fill(&operation.sample_path(), pages.size * 3)
        .map_err(|error| error.to_string())?;
    sandbox.set_repeated_pages(true);
    let given = Given::new(operation, 1);
    let came = given.call(exercise, client)?.await;
    match came {
        Err(error) if error.kind() == ErrorKind::Decode => Ok(()),
        Err(error) => Err(error.to_string()),
        Ok(_) => Err("it is not noticed".to_owned()),
    }
}

/// Whether a member names the item and nothing else.
fn has_identity(item: Schema) -> bool {
    item.properties().any(|(name, member)| {
        let id = member.beside("x-id").as_str();
        id.is_some() && (["id", "_id"].contains(&name) || id == item.name())
    })
}
