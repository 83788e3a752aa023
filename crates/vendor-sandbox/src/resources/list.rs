//! Answers lists, page by page, in each of the vendors' styles.

use serde_json::{Map, Value, json};

use super::fit::fit;
use super::parameters::{self, Query};
use super::plan::{Plan, Resource};
use super::shape::Slot;
use super::store::Shelf;
use super::template::Bound;
use super::{include, invalid_page, with_metadata};
use crate::answer::{Answer, Problem};
use crate::inbound::Inbound;
use crate::openapi::{PagingStyle, Place, Schema, mix};
use crate::state::{CampaignList, State};

/// Comm100's page size when the request names none: three pages of the campaigns.
const COMM100_SIZE: u64 = 10;
/// The largest page size seen in Comm100's pages.
const COMM100_MOST: u64 = 500;
const COMMUNIC8_SIZE: u64 = 100;
/// WebCommander's page size, and the largest one where a list names no other.
const WEBCOMMANDER_SIZE: u64 = 20;
/// The campaigns of v4: their page shows an array, their fact sheet pages.
const CAMPAIGNS: &str = "livechat.campaigns.list";

/// Which part of a list is asked for.
struct Window {
    offset: u64,
    limit: u64,
}

const ALL: Window = Window {
    offset: 0,
    limit: u64::MAX,
};

/// Whether this is the list of campaigns, and it comes in an envelope.
pub(super) fn is_wrapped(state: &State, plan: &Plan) -> bool {
    plan.operation.id == CAMPAIGNS && state.settings().campaigns == CampaignList::Envelope
}

/// Answers a list.
pub(super) fn list(
    state: &State,
    plan: &'static Plan,
    resource: &'static Resource,
    bound: &[Bound],
    inbound: &Inbound,
    query: &Query,
) -> Result<Answer, Problem> {
    let home = plan.home(resource, bound);
    let store = &state.records;
    let Some(style) = plan.style() else {
        return Err(Problem::not_found("no such list"));
    };
    let repeats = state.settings().repeated_pages;
    let found = store.shelf(resource, &home, |shelf| {
        let filtered = filtered(shelf, resource, query);
        let total = match &filtered {
            Some(numbers) => numbers.len() as u64,
            None => shelf.total(),
        };
        let window = match (style, query.get("previousLastId")) {
            (PagingStyle::Communic8Keyset, Some(last)) => {
                let last = last.as_str().unwrap_or_default();
                let number = shelf.find(last, "").ok_or_else(invalid_page)?;
                let place = match &filtered {
                    Some(numbers) => {
                        let place = numbers.iter().position(|known| *known == number);
                        place.ok_or_else(invalid_page)? as u64
                    }
                    None => shelf.place(number),
                };
                Window {
                    offset: place + 1,
                    limit: query.number("limit").unwrap_or(COMMUNIC8_SIZE),
                }
            }
            _ => window(plan, style, query, is_wrapped(state, plan)),
        };
        let end = window.offset.saturating_add(window.limit).min(total);
        // A server that has lost its place hands out the first page again and again.
        let begin = if repeats { 0 } else { window.offset };
        let end = end.saturating_sub(window.offset - begin);
        let numbers = (begin..end).filter_map(|place| match &filtered {
            Some(numbers) => numbers.get(usize::try_from(place).ok()?).copied(),
            None => shelf.nth(place),
        });
        let records: Vec<_> = numbers.map(|number| shelf.read(number)).collect();
        Ok((records, total, window, shelf.by_hand()))
    });
    let (mut records, total, window, by_hand) = found?;
    let item = plan.slot.as_ref().and_then(Slot::one);
    for (at, record) in (0_u64..).zip(&mut records) {
        let place = window.offset.saturating_add(at);
        // What is listed below a record can be of another kind than the record.
        if let Some(item) = item.filter(|item| !by_hand && is_foreign(*item, record)) {
            *record = item.sample_answer(mix(store.seed(&inbound.path), &place.to_string()));
        }
        include(plan, query, record, store.seed(&home));
    }
    let shown = records.len() as u64;
    let page = Page {
        window,
        shown,
        total,
    };
    if is_wrapped(state, plan) {
        let mut body = page.comm100(state, inbound);
        body.insert("campaigns".to_owned(), Value::from(records));
        return Ok(Answer::json(200, &Value::Object(body)));
    }
    let (Some(slot), Some(schema)) = (&plan.slot, plan.operation.answer.schema) else {
        return Ok(Answer::empty(plan.operation.answer.status));
    };
    let mut body = slot.nest(Value::from(records));
    if let Value::Object(members) = &mut body {
        members.append(&mut page.members(style, state, inbound));
        // Each of WebCommander's shapes has its own choice of what describes a page.
        let known = schema.property("pagination");
        if let (Some(known), Some(Value::Object(own))) = (known, members.get_mut("pagination")) {
            own.retain(|name, _| known.property(name).is_some());
        }
    }
    with_metadata(plan, query, &mut body, store.seed(&home));
    let unknown = by_hand || query.get("include").is_some();
    let mut body = fit(schema, &body, store.seed(&inbound.path), unknown);
    if repeats {
        mark(slot, &mut body, page.window.offset);
    }
    Ok(Answer::json(plan.operation.answer.status, &body))
}

/// Whether a record has none of the members that a schema names.
fn is_foreign(schema: Schema, record: &Value) -> bool {
    let mut names = schema.properties().map(|(name, _)| name).peekable();
    names.peek().is_some() && names.all(|name| record.get(name).is_none())
}

/// Makes the items of a repeated page differ from those that came before.
fn mark(slot: &Slot, body: &mut Value, offset: u64) {
    let items = slot
        .path
        .iter()
        .try_fold(body, |body, name| body.get_mut(*name));
    let items = items.and_then(Value::as_array_mut).into_iter().flatten();
    for item in items.filter_map(Value::as_object_mut) {
        item.insert("unknown_offset".to_owned(), Value::from(offset));
    }
}

/// The numbers of the records that the filters leave; `None` where no filter is used.
fn filtered(shelf: &Shelf<'_>, resource: &Resource, query: &Query) -> Option<Vec<u64>> {
    let names = resource.seeds.map_or(&[][..], |seeds| seeds.filters);
    let wanted = names
        .iter()
        .filter_map(|name| Some((*name, query.get(name)?)));
    let wanted: Vec<_> = wanted.collect();
    if wanted.is_empty() {
        return None;
    }
    let numbers = (0..shelf.total()).filter_map(|place| shelf.nth(place));
    let fits = |number: &u64| {
        let record = shelf.read(*number);
        wanted.iter().all(|(name, value)| record[*name] == **value)
    };
    Some(numbers.filter(fits).collect())
}

fn window(plan: &Plan, style: PagingStyle, query: &Query, wrapped: bool) -> Window {
    match style {
        PagingStyle::Comm100Array | PagingStyle::Comm100Envelope | PagingStyle::Comm100List => {
            if !wrapped && !parameters::pages(plan) {
                return ALL;
            }
            let size = query.number("pageSize").unwrap_or(COMM100_SIZE);
            let limit = size.clamp(1, COMM100_MOST);
            let index = query.number("pageIndex").unwrap_or(1).max(1);
            let offset = (index - 1).saturating_mul(limit);
            Window { offset, limit }
        }
        PagingStyle::Communic8Keyset => Window {
            offset: 0,
            limit: query.number("limit").unwrap_or(COMMUNIC8_SIZE),
        },
        PagingStyle::Communic8List | PagingStyle::WebCommanderList | PagingStyle::WholeList => ALL,
        PagingStyle::LimitOffset
        | PagingStyle::WebCommanderLimitOffset
        | PagingStyle::WebCommanderMaxOffset => {
            let name = match style {
                PagingStyle::WebCommanderMaxOffset => "max",
                _ => "limit",
            };
            let mut declared = plan
                .operation
                .at(Place::Query)
                .filter(|one| one.name == name);
            let most = declared
                .next()
                .and_then(|one| one.schema.word("maximum").as_u64());
            let most = most.unwrap_or(match style {
                PagingStyle::LimitOffset => u64::MAX,
                _ => WEBCOMMANDER_SIZE,
            });
            let size = query.number(name).unwrap_or(WEBCOMMANDER_SIZE.min(most));
            let limit = size.clamp(1, most);
            let page = query.number("page").unwrap_or(1).max(1);
            // An offset beats a page number.
            let offset = query.number("offset");
            let offset = offset.unwrap_or((page - 1).saturating_mul(limit));
            Window { offset, limit }
        }
    }
}

/// One page, as the members beside its items describe it.
struct Page {
    window: Window,
    shown: u64,
    total: u64,
}

impl Page {
    fn members(&self, style: PagingStyle, state: &State, inbound: &Inbound) -> Map<String, Value> {
        match style {
            PagingStyle::Comm100Envelope | PagingStyle::Comm100List => self.comm100(state, inbound),
            PagingStyle::Communic8Keyset | PagingStyle::Communic8List => Map::from_iter([
                ("success".to_owned(), Value::Bool(true)),
                ("total".to_owned(), Value::from(self.total)),
            ]),
            PagingStyle::WebCommanderLimitOffset | PagingStyle::WebCommanderMaxOffset => {
                let name = match style {
                    PagingStyle::WebCommanderMaxOffset => "max",
                    _ => "limit",
                };
                let pagination = self.pagination(name, state, inbound);
                Map::from_iter([("pagination".to_owned(), pagination)])
            }
            PagingStyle::LimitOffset | PagingStyle::WholeList => {
                Map::from_iter([("total".to_owned(), Value::from(self.total))])
            }
            _ => Map::new(),
        }
    }

    fn end(&self) -> u64 {
        self.window.offset.saturating_add(self.shown)
    }

    /// The request's own address with other values of some parameters.
    fn link(state: &State, inbound: &Inbound, values: &[(&str, u64)]) -> String {
        let given = inbound.query.as_deref().unwrap_or_default().split('&');
        let kept = given.filter(|part| {
            let name = part.split('=').next().unwrap_or_default();
            !part.is_empty() && !values.iter().any(|(known, _)| *known == name)
        });
        let changed = values.iter().map(|(name, value)| format!("{name}={value}"));
        let query: Vec<_> = changed.chain(kept.map(str::to_owned)).collect();
        let origin = state.url(inbound.host);
        format!("{origin}{}?{}", inbound.path, query.join("&"))
    }

    fn comm100(&self, state: &State, inbound: &Inbound) -> Map<String, Value> {
        let size = self.window.limit;
        let index = self.window.offset / size.max(1) + 1;
        let link =
            |index: u64| Self::link(state, inbound, &[("pageIndex", index), ("pageSize", size)]);
        let next = (self.end() < self.total && self.shown > 0).then(|| link(index + 1));
        let previous = (index > 1).then(|| link(index - 1));
        let mut members = Map::from_iter([("total".to_owned(), Value::from(self.total))]);
        if state.settings().page_links {
            members.insert("nextPage".to_owned(), Value::from(next));
            members.insert("previousPage".to_owned(), Value::from(previous));
        }
        members
    }

    /// All that any of WebCommander's three shapes has; the schema picks its own.
    fn pagination(&self, limit: &str, state: &State, inbound: &Inbound) -> Value {
        let Window {
            offset,
            limit: size,
        } = self.window;
        let (has_next, has_previous) = (self.end() < self.total, offset > 0);
        let link = |offset: u64| Self::link(state, inbound, &[(limit, size), ("offset", offset)]);
        json!({
            "total": self.total,
            "records": self.total,
            "limit": size,
            "offset": offset,
            "count": self.shown,
            "current_page": offset / size.max(1) + 1,
            "total_pages": self.total.div_ceil(size.max(1)),
            "has_next": has_next,
            "has_previous": has_previous,
            "previous_page": has_previous.then(|| link(offset.saturating_sub(size))),
            "next_page": has_next.then(|| link(self.end())),
        })
    }
}
