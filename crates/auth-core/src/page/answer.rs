//! Holds one page of a list, and the way to the next.

use std::fmt;
use std::vec;

use crate::error::Error;
use crate::http::Response;

use super::place::Decode;
use super::walk::{RawPage, Walk};

/// One page of a list. `Debug` shows no item.
///
/// # Examples
/// All pages by hand; a page that failed can be asked for once more:
/// ```
/// use auth_core::{Error, List, Page};
///
/// async fn count(list: List<'_, String>) -> Result<usize, Error> {
///     let mut page = list.send().await?;
///     let mut count = page.items().len();
///     while let Some(next) = page.next().await? {
///         count += next.items().len();
///         page = next;
///     }
///     Ok(count)
/// }
///
/// fn request_id<T>(page: &Page<T>) -> Option<&str> {
///     page.response().headers().get("x-request-id")?.to_str().ok()
/// }
/// ```
pub struct Page<T> {
    items: Vec<T>,
    total: Option<u64>,
    response: Response,
    next: Option<Walk>,
    decode: Decode<T>,
}

impl<T> Page<T> {
    pub(super) fn decode(raw: RawPage, decode: Decode<T>) -> Result<Self, Error> {
        let mut place = raw.place;
        let mut items = Vec::with_capacity(raw.items.len());
        for item in raw.items {
            items.push(decode(item, &place)?);
            place.index += 1;
        }
        Ok(Self {
            items,
            total: raw.total,
            response: raw.response,
            next: raw.next,
            decode,
        })
    }

    /// The items of this page.
    pub fn items(&self) -> &[T] {
        &self.items
    }

    /// The items of this page, to keep.
    pub fn into_items(self) -> Vec<T> {
        self.items
    }

    /// How many items the whole list has, if the provider tells. Nothing here relies on it.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// Says whether there is a next page. It may turn out empty: some providers do not tell which page is the last.
    pub fn has_more(&self) -> bool {
        self.next.is_some()
    }

    /// The answer that the page came in: status, headers, body.
    pub fn response(&self) -> &Response {
        &self.response
    }

    /// Asks for the next page; `None` after the last.
    ///
    /// # Errors
    /// As for [`List::send`](crate::List::send); besides, [`ErrorKind::Decode`](crate::ErrorKind::Decode) where the server
    /// repeats a page or a link, and [`ErrorKind::Blocked`](crate::ErrorKind::Blocked) where its link leads to another
    /// host. The page stays as it is.
    pub async fn next(&self) -> Result<Option<Self>, Error> {
        match &self.next {
            Some(walk) => Self::decode(walk.clone().fetch().await?, self.decode).map(Some),
            None => Ok(None),
        }
    }
}

impl<T> IntoIterator for Page<T> {
    type Item = T;
    type IntoIter = vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

impl<T> fmt::Debug for Page<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("items", &self.items.len())
            .field("total", &self.total)
            .field("has_more", &self.has_more())
            .field("response", &self.response)
            .finish_non_exhaustive()
    }
}
