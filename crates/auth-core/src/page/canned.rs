//! Reads pages that nobody sent, for tests of what any bytes can do.

use url::Url;

use crate::error::Error;
use crate::http::{Repeat, Response};

use super::List;
use super::walk::Walk;

/// The way through a list whose answers come from the test.
#[derive(Clone)]
pub struct Pages(Walk);

impl Pages {
    /// Begins before the first page.
    ///
    /// # Errors
    /// As for [`List::send`] before it sends.
    pub fn of<T>(list: List<'_, T>) -> Result<Self, Error> {
        Walk::new(list.call, list.paging, list.size).map(Self)
    }

    /// Where the page would be asked for.
    ///
    /// # Errors
    /// [`ErrorKind::Blocked`](crate::ErrorKind::Blocked) where a link leads elsewhere.
    pub fn url(&self) -> Result<Url, Error> {
        self.0.request().map(Repeat::url)
    }

    /// How many items `answer` holds, and the way to the next page.
    ///
    /// # Errors
    /// As for [`Page::next`](crate::Page::next).
    pub fn read(self, answer: Response) -> Result<(usize, Option<Self>), Error> {
        let page = self.0.read(answer)?;
        Ok((page.items.len(), page.next.map(Self)))
    }
}

impl std::fmt::Debug for Pages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pages")
    }
}
