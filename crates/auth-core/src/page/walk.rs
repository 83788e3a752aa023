//! Goes through the pages of a list as JSON: asks for one, reads it, and finds out what the next one is asked for with.
//!
//! Not generic, so that some hundred lists compile one such walk.

use std::pin::Pin;

use http::StatusCode;
use serde_json::Value;

use crate::error::Error;
use crate::http::{Call, Repeat, Response};

use super::paging::{Paging, Step};
use super::place::{ItemPlace, path};
use super::seen::{Seen, print_of, print_of_page};

/// So many pages without items are followed by their links; a filter that works after paging can leave some empty.
const EMPTY_PAGES: u32 = 10;

/// A page before its items are decoded.
pub(super) struct RawPage {
    pub(super) items: Vec<Value>,
    /// The place of the first item.
    pub(super) place: ItemPlace,
    pub(super) total: Option<u64>,
    pub(super) response: Response,
    pub(super) next: Option<Walk>,
}

/// The work of fetching one page.
pub(super) type Fetching = Pin<Box<dyn Future<Output = Result<RawPage, Error>> + Send>>;

/// The way to a page that has not been asked for.
#[derive(Clone)]
pub(super) struct Walk {
    /// The call with all but the position.
    call: Repeat,
    paging: &'static Paging,
    /// How many items a page was asked to have.
    size: Option<u32>,
    spot: Spot,
    pages: Seen,
    links: Seen,
    empty: u32,
}

/// Where a page begins.
#[derive(Clone)]
enum Spot {
    After(String),
    Link(String),
    /// The index or offset.
    Number(u64),
    Start,
}

/// What an answer says about the page after it.
enum Told {
    End,
    Link(String),
    More,
    Nothing,
}

impl Walk {
    /// `size` goes before what the call has in its query.
    pub(super) fn new(
        call: Call<'_>,
        paging: &'static Paging,
        size: Option<u32>,
    ) -> Result<Self, Error> {
        // A list only reads, whatever its method.
        let mut call = call.with_idempotent(true).repeat()?;
        let size = asked_size(&mut call, paging, size)?;
        let spot = match paging.step {
            Step::After { parameter, .. } => call.take(parameter).map(Spot::After),
            Step::Index { parameter } | Step::Offset { parameter } => match call.take(parameter) {
                Some(text) => Some(Spot::Number(number(parameter, &text)?)),
                None => None,
            },
            Step::Single => None,
        };
        if let (Some(parameter), Some(size)) = (paging.size, size) {
            call.add(parameter, size);
        }
        Ok(Self {
            call,
            paging,
            size,
            spot: spot.unwrap_or(Spot::Start),
            pages: Seen::default(),
            links: Seen::default(),
            empty: 0,
        })
    }

    /// Asks for the page and reads it. The future owns all it needs.
    pub(super) fn fetch(self) -> Fetching {
        Box::pin(async move {
            let response = self.request()?.send().await?;
            let hider = response.hider.clone();
            let page = self.read(response);
            page.map_err(|error| hider.failed(error))
        })
    }

    pub(super) fn request(&self) -> Result<Repeat, Error> {
        let mut call = self.call.clone();
        match (&self.spot, self.paging.step) {
            (Spot::Link(link), _) => return call.follow(link),
            (Spot::After(id), Step::After { parameter, .. }) => call.add(parameter, id),
            (Spot::Number(n), Step::Index { parameter } | Step::Offset { parameter }) => {
                call.add(parameter, n);
            }
            _ => {}
        }
        Ok(call)
    }

    pub(super) fn read(mut self, response: Response) -> Result<RawPage, Error> {
        let status = response.status();
        let mut body: Value = response.json()?;
        let told = self.told(&body, status)?;
        let (list, items) = take_items(&mut body, self.paging.items, status)?;
        let place = ItemPlace {
            list,
            index: 0,
            status,
            hider: response.hider.clone(),
        };
        let total = self.paging.total.iter();
        let total = total
            .filter_map(|pointer| body.pointer(pointer))
            .find_map(count);
        self.refuse_repetition(&items, &place)?;
        Ok(RawPage {
            next: self.next(told, &items, &place)?,
            items,
            place,
            total,
            response,
        })
    }

    /// What the answer says about the page after it.
    fn told(&self, body: &Value, status: StatusCode) -> Result<Told, Error> {
        if let Some(pointer) = self.paging.link {
            match body.pointer(pointer) {
                Some(Value::String(link)) if !link.is_empty() => {
                    return Ok(Told::Link(link.clone()));
                }
                Some(Value::Null | Value::String(_)) => return Ok(Told::End),
                Some(_) => {
                    let problem = "expected a link to the next page, or null";
                    return Err(Error::decode(&path(pointer), problem, status));
                }
                // An array has no room for a link, and who has given links says by their absence that there are no more.
                None if body.is_array() || matches!(self.spot, Spot::Link(_)) => {
                    return Ok(Told::End);
                }
                None => {}
            }
        }
        let members = self.paging.has_more.iter();
        let more = members
            .filter_map(|pointer| body.pointer(pointer))
            .find_map(yes_or_no);
        Ok(match more {
            Some(true) => Told::More,
            Some(false) => Told::End,
            None => Told::Nothing,
        })
    }

    /// Refuses a page that has come before.
    fn refuse_repetition(&mut self, items: &[Value], place: &ItemPlace) -> Result<(), Error> {
        if items.is_empty() {
            return Ok(());
        }
        let refuse = |problem: &str| Err(Error::decode(&path(place.list), problem, place.status));
        if let (Spot::After(id), Step::After { member, .. }) = (&self.spot, self.paging.step) {
            let mut ids = items.iter().filter_map(|item| text(item.get(member)));
            if ids.any(|known| known == *id) {
                return refuse("the page holds the item that it should begin after");
            }
        }
        if self.pages.knows(print_of_page(items, self.paging.identity)) {
            return refuse("the server repeats a page that it has sent before");
        }
        Ok(())
    }

    /// The way to the page after this one, if there is one.
    fn next(
        mut self,
        told: Told,
        items: &[Value],
        place: &ItemPlace,
    ) -> Result<Option<Self>, Error> {
        let refuse = |at: &str, problem: &str| Err(Error::decode(at, problem, place.status));
        self.empty = if items.is_empty() { self.empty + 1 } else { 0 };
        self.spot = match told {
            Told::End => return Ok(None),
            Told::Link(link) => {
                let at = path(self.paging.link.unwrap_or_default());
                if self.links.knows(print_of(&link)) {
                    return refuse(&at, "the link was followed before");
                }
                if self.empty > EMPTY_PAGES {
                    return refuse(&at, "page after page is empty and links to a next one");
                }
                Spot::Link(link)
            }
            Told::More if items.is_empty() => {
                let problem = "the page is empty, and yet the server says that more follows";
                return refuse(&path(place.list), problem);
            }
            Told::Nothing if self.is_last(items) => return Ok(None),
            Told::More | Told::Nothing => match self.step(items, place)? {
                Some(spot) => spot,
                None => return Ok(None),
            },
        };
        Ok(Some(self))
    }

    /// Says whether a page is the last one by its items alone.
    fn is_last(&self, items: &[Value]) -> bool {
        let is_keyset = matches!(self.paging.step, Step::After { .. });
        let is_short = self
            .size
            .is_some_and(|size| u64::from(size) > length(items));
        items.is_empty() || is_keyset && is_short
    }

    /// Where the page after one with these items begins.
    fn step(&self, items: &[Value], place: &ItemPlace) -> Result<Option<Spot>, Error> {
        let number = |start: u64| match self.spot {
            Spot::Number(n) => n,
            _ => start,
        };
        Ok(Some(match self.paging.step {
            Step::After { member, .. } => {
                let Some(id) = text(items.last().and_then(|item| item.get(member))) else {
                    let last = ItemPlace {
                        index: items.len().saturating_sub(1),
                        ..place.clone()
                    };
                    let problem = "the next page begins after this, and it is no text or number";
                    return Err(last.misfit(member, problem));
                };
                Spot::After(id)
            }
            Step::Index { .. } => Spot::Number(number(1).saturating_add(1)),
            Step::Offset { .. } => Spot::Number(number(0).saturating_add(length(items))),
            Step::Single => return Ok(None),
        }))
    }
}

/// The page size to be sent: the caller's, that of the call's query, or the usual one.
fn asked_size(call: &mut Repeat, paging: &Paging, size: Option<u32>) -> Result<Option<u32>, Error> {
    let Some(parameter) = paging.size else {
        return match size {
            Some(_) => Err(Error::invalid("this list takes no page size")),
            None => Ok(None),
        };
    };
    let largest = paging.largest_size.unwrap_or(u32::MAX);
    let size = match (size, call.take(parameter)) {
        (Some(size), _) => Some(u64::from(size)),
        (None, Some(text)) => Some(number(parameter, &text)?),
        (None, None) => return Ok(paging.default_size),
    };
    match size.and_then(|size| u32::try_from(size).ok()) {
        Some(size) if (1..=largest).contains(&size) => Ok(Some(size)),
        _ => Err(Error::invalid(format!(
            "the page size (`{parameter}`) must be from 1 to {largest}"
        ))),
    }
}

fn number(parameter: &str, text: &str) -> Result<u64, Error> {
    text.parse()
        .map_err(|_| Error::invalid(format!("`{parameter}` must be a number")))
}

/// Takes the items out of an answer, and says where they were.
fn take_items(
    body: &mut Value,
    pointers: &'static [&'static str],
    status: StatusCode,
) -> Result<(&'static str, Vec<Value>), Error> {
    if let Value::Array(items) = body {
        return Ok(("", std::mem::take(items)));
    }
    let (mut null, mut wrong) = (None, None);
    for pointer in pointers {
        match body.pointer_mut(pointer) {
            Some(Value::Array(items)) => return Ok((pointer, std::mem::take(items))),
            Some(Value::Null) => null = null.or(Some(*pointer)),
            Some(_) => wrong = wrong.or(Some(*pointer)),
            None => {}
        }
    }
    match (wrong, null) {
        (Some(pointer), _) => Err(Error::decode(&path(pointer), "expected a list", status)),
        (None, Some(pointer)) => Ok((pointer, Vec::new())),
        (None, None) => {
            let places: Vec<_> = pointers.iter().map(|pointer| path(pointer)).collect();
            let problem = match places.is_empty() {
                true => "expected a list".to_owned(),
                false => format!("expected a list at {}", places.join(" or ")),
            };
            Err(Error::decode("$", &problem, status))
        }
    }
}

/// A number of items, which some servers write as text.
fn count(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => text.parse().ok(),
        value => value.as_u64(),
    }
}

/// What a member means that says whether more follows, however it is written; a link says yes.
fn yes_or_no(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(yes) => Some(*yes),
        Value::Null => Some(false),
        Value::Number(number) => number.as_f64().map(|number| number != 0.0),
        Value::String(text) => {
            let noes = ["", "0", "false", "null"];
            Some(!noes.iter().any(|no| text.eq_ignore_ascii_case(no)))
        }
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// An identity as the text that goes into a query.
fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn length(items: &[Value]) -> u64 {
    u64::try_from(items.len()).unwrap_or(u64::MAX)
}
