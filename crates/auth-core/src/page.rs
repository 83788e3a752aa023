//! Reads long lists: a page at a time, or all items as a stream.
//!
//! Answers: [`List`], [`Page`], [`Items`], and [`Paging`], which says as data how a provider pages. Never: sends anything
//! but by [`Call`], knows what an item is (a [`Decode`] does).
//!
//! # Invariants
//! - No server can make a list endless without sending ever new items (guard: `tests/it/page/hostile.rs`).
//! - At most one page is held besides that whose items are being handed out (guard: `tests/it/page/stream.rs`).
//! - No link leads a credential to another origin (guard: `tests/it/page/hostile.rs`).
//!
//! # Concurrency
//! A stream asks for each page in a task of its own, so that a consumer that is slow, or gives up waiting and comes back,
//! makes no request run out of time. The task ends with the stream.

mod answer;
#[cfg(feature = "conformance")]
mod canned;
mod items;
mod paging;
mod place;
mod seen;
mod walk;

use std::fmt;
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::http::Call;

use place::from_serde;
use walk::Walk;

pub use answer::Page;
#[cfg(feature = "conformance")]
pub use canned::Pages;
pub use items::Items;
pub use paging::Paging;
pub use place::{Decode, ItemPlace};

/// A list that has not been asked for yet.
///
/// [`send`](Self::send) gives the first page, [`stream`](Self::stream) all items. Each page is asked for as any other
/// [`Call`]: with rate limit, renewal and retries. Since a list only reads, its calls count as
/// [idempotent](Call::with_idempotent) whatever their method.
///
/// A parameter of the paging that the call brings in its query says where to begin: that is how an export goes on where
/// an earlier one stopped.
///
/// A list that grows or shrinks while it is read can show an item twice or not at all, unless the provider's cursor
/// prevents that; this is not corrected here.
///
/// # Examples
/// ```
/// # use auth_core::{ApiClient, BaseUrl, Dialect, Grant, KeyKind, KeyRow, Principal, Profile, Settings};
/// # use wiremock::{Mock, MockServer, ResponseTemplate, matchers::{any, query_param, query_param_is_missing}};
/// # const DIALECT: Dialect = Dialect::new("EXAMPLE", &[]).keys(&[KeyRow::new(KeyKind::Token, &[], "")]);
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let server = MockServer::start().await;
/// # let page = |items| ResponseTemplate::new(200).set_body_json(serde_json::json!({ "orders": items, "total": 3 }));
/// # Mock::given(query_param_is_missing("offset")).respond_with(page(serde_json::json!([{ "id": 1 }, { "id": 2 }])))
/// #     .mount(&server).await;
/// # Mock::given(query_param("offset", "2")).respond_with(page(serde_json::json!([{ "id": 3 }]))).mount(&server).await;
/// # Mock::given(query_param("offset", "3")).respond_with(page(serde_json::json!([]))).mount(&server).await;
/// # let base = BaseUrl::parse("base_url", &server.uri(), &[])?;
/// # let principal = Principal::new(Grant::StaticToken("t-1".into()));
/// # let client = ApiClient::new(Profile::new(DIALECT, base.clone(), base, principal, "x/1"), &Settings::new())?;
/// use auth_core::{List, Method, Paging};
///
/// const ORDERS: Paging = Paging::offset("offset").items(&["/orders"]).total(&["/total"]).page_size("limit");
///
/// #[derive(Debug, serde::Deserialize)]
/// struct Order {
///     id: u64,
/// }
///
/// let orders = || List::<Order>::json(client.request(Method::GET, "/orders"), &ORDERS).page_size(2);
///
/// let mut stream = orders().query("status", "open").stream();
/// let mut ids = Vec::new();
/// while let Some(order) = stream.try_next().await? {
///     ids.push(order.id);
/// }
/// assert_eq!(ids, [1, 2, 3]);
///
/// let page = orders().send().await?;
/// assert_eq!((page.items().len(), page.total(), page.has_more()), (2, Some(3), true));
/// # Ok(())
/// # }
/// ```
#[must_use = "a list does nothing until it is sent"]
pub struct List<'c, T> {
    call: Call<'c>,
    paging: &'static Paging,
    decode: Decode<T>,
    size: Option<u32>,
    prefetch: bool,
}

impl<'c, T> List<'c, T> {
    /// The list that `call` asks for.
    ///
    /// # Examples
    /// ```
    /// use auth_core::{ApiClient, Error, List, Method, Page, Paging};
    /// use serde_json::{Value, json};
    ///
    /// const CHATS: Paging = Paging::index("pageIndex").next_link("/nextPage").items(&["/list"]);
    ///
    /// /// A search, whose filter is in the body and whose paging is in the query; items stay JSON.
    /// async fn search(client: &ApiClient, agent: &str) -> Result<Page<Value>, Error> {
    ///     let call = client.request(Method::POST, "/chats:search").json(&json!({ "agent": agent }));
    ///     List::new(call, &CHATS, |item, _| Ok(item)).send().await
    /// }
    /// ```
    pub fn new(call: Call<'c>, paging: &'static Paging, decode: Decode<T>) -> Self {
        Self {
            call,
            paging,
            decode,
            size: None,
            prefetch: true,
        }
    }

    /// The list that `call` asks for, of items that serde can read.
    pub fn json(call: Call<'c>, paging: &'static Paging) -> Self
    where
        T: DeserializeOwned,
    {
        Self::new(call, paging, from_serde)
    }

    /// How many items a page should have. Default: the provider's. The provider may send fewer; a size of 0 or over the
    /// largest one is refused when the list is sent, not cut, so that nobody counts on what won't come.
    pub fn page_size(mut self, items: u32) -> Self {
        self.size = Some(items);
        self
    }

    /// Adds a query parameter to each page's call.
    pub fn query(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.call = self.call.query(name, value);
        self
    }

    /// How long one try for one page may take; see [`Call::with_timeout`].
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.call = self.call.with_timeout(timeout);
        self
    }

    /// How long one page may take with all waits and retries; see [`Call::with_deadline`].
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.call = self.call.with_deadline(deadline);
        self
    }

    /// Says whether a stream asks for the next page while the items of the present one are handed out: never for more than
    /// one. Default: yes. Switched off, no page is asked for that nobody waits for.
    pub fn with_prefetch(mut self, prefetch: bool) -> Self {
        self.prefetch = prefetch;
        self
    }

    /// Asks for the first page.
    ///
    /// # Errors
    /// As for [`Call::send`]; besides, [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) for a page size that the list
    /// does not take, and [`ErrorKind::Decode`](crate::ErrorKind::Decode), with the JSON path, for an answer that is no
    /// page or an item that does not fit.
    pub fn send(self) -> impl Future<Output = Result<Page<T>, Error>> + Send + use<T> {
        let walk = Walk::new(self.call, self.paging, self.size).map(Walk::fetch);
        let decode = self.decode;
        async move { Page::decode(walk?.await?, decode) }
    }

    /// The call behind it, for the first page as it comes: without the paging's own parameters.
    pub fn into_call(self) -> Call<'c> {
        self.call
    }

    /// The same list by another call.
    #[cfg(feature = "models")]
    pub(crate) fn map_call(mut self, change: impl FnOnce(Call<'c>) -> Call<'c>) -> Self {
        self.call = change(self.call);
        self
    }

    /// All items, from the first page to the last. Nothing is sent until the first is asked for.
    pub fn stream(self) -> Items<T> {
        let walk = Walk::new(self.call, self.paging, self.size);
        Items::new(walk, self.decode, self.prefetch)
    }
}

impl<T> fmt::Debug for List<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List")
            .field("call", &self.call)
            .field("paging", self.paging)
            .field("page_size", &self.size)
            .field("prefetch", &self.prefetch)
            .finish_non_exhaustive()
    }
}
