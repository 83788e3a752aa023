//! The pages of a list, and where each leads to.
//!
//! The first line names the paging (`linked`, `numbered`, `offset`, `keyset`, `single`) and can say `post`. Each further line
//! is an answer.

use auth_core::canned::{self, Pages};
use auth_core::{ApiClient, Bytes, ErrorKind, List, Method, Paging, Url};
use canary::Secrets;
use serde_json::Value;

use crate::Outcome;
use crate::scene::{self, ACCESS, HOST};

/// What is listed.
const PATH: &str = "/v4/things";

static LINKED: Paging = Paging::index("pageIndex")
    .next_link("/nextPage")
    .items(&["/things", "/list"])
    .total(&["/total"])
    .page_size("pageSize");
static NUMBERED: Paging = Paging::index("page").identity("_id");
static OFFSET: Paging = Paging::offset("offset")
    .items(&["/orders"])
    .has_more(&["/pagination/has_next", "/pagination/next_page"])
    .total(&["/pagination/total"])
    .page_size("limit");
static KEYSET: Paging = Paging::keyset("previousLastId", "_id")
    .items(&["/data"])
    .page_size("limit")
    .default_page_size(2);
static SINGLE: Paging = Paging::single().items(&["/shipments"]);

/// Goes through the pages of a list.
///
/// # Panics
/// Where an invariant does not hold.
#[expect(
    clippy::expect_used,
    reason = "a check that can't begin a list can't go on, and is a test itself"
)]
pub fn check(input: &[u8]) -> Outcome {
    let mut lines = input.split(|byte| *byte == b'\n');
    let head = String::from_utf8_lossy(lines.next().unwrap_or_default());
    let is_post = head.contains("post");
    let method = if is_post { Method::POST } else { Method::GET };
    scene::on(|scene| {
        let mut pages = Pages::of(list(scene.keyed(), method, &head)).expect("a good list");
        // All that this session knows.
        let secrets = Secrets::new([ACCESS]);
        let mut outcome = Outcome::Accepted;
        for line in lines.take(64) {
            let answer = http::Response::new(Bytes::copy_from_slice(line));
            let answer = scene.run(canned::api_answer(scene.keyed(), answer));
            let answer = answer.expect("a success is an answer");
            let next = match pages.read(answer) {
                Err(error) => {
                    scene.accept_without(&error, &secrets);
                    assert_eq!(error.kind(), ErrorKind::Decode, "{error:?}");
                    return Outcome::Refused;
                }
                Ok((items, next)) => {
                    assert!(items <= line.len(), "{items} items of {} bytes", line.len());
                    next
                }
            };
            let Some(next) = next else { return outcome };
            match next.url() {
                Ok(url) => stays(&url, is_post),
                Err(error) => {
                    scene.accept_without(&error, &secrets);
                    assert_eq!(error.kind(), ErrorKind::Blocked, "{error:?}");
                    outcome = Outcome::Refused;
                    return outcome;
                }
            }
            pages = next;
        }
        outcome
    })
}

/// Asserts that the credential that goes to `url` stays where it belongs.
#[expect(
    clippy::expect_used,
    reason = "a check that has no origin can't go on, and is a test itself"
)]
fn stays(url: &Url, is_post: bool) {
    let own = Url::parse(HOST).expect("a good URL");
    assert_eq!(url.origin(), own.origin(), "{url}");
    assert_eq!(url.scheme(), own.scheme(), "{url}");
    assert!(
        url.username().is_empty() && url.password().is_none(),
        "{url}"
    );
    assert_eq!(url.fragment(), None, "{url}");
    // What reaches the wire is read there once more.
    assert_eq!(Url::parse(url.as_str()).as_ref(), Ok(url), "{url}");
    assert!(
        !url.as_str().contains(|c: char| !c.is_ascii_graphic()),
        "{url}"
    );
    if is_post {
        assert!(url.path().eq_ignore_ascii_case(PATH), "{url}");
    }
    let mut names = url.query_pairs();
    assert!(
        names.any(|(name, _)| name.eq_ignore_ascii_case("siteId")),
        "{url}"
    );
}

fn list<'c>(client: &'c ApiClient, method: Method, head: &str) -> List<'c, Value> {
    let ways = [
        ("numbered", &NUMBERED),
        ("offset", &OFFSET),
        ("keyset", &KEYSET),
        ("single", &SINGLE),
    ];
    let paging = ways.into_iter().find(|(name, _)| head.contains(name));
    let paging = paging.map_or(&LINKED, |(_, paging)| paging);
    let call = client.request(method, PATH).query("status", "open");
    List::new(call, paging, |item, _| Ok(item))
}
