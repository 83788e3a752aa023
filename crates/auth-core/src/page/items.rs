//! Hands out all items of a list one by one, and fetches pages as they are needed, at most one ahead.

use std::fmt;
use std::future::poll_fn;
use std::mem;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::vec;

use futures_core::Stream;
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tracing::Instrument as _;

use crate::error::Error;

use super::place::{Decode, ItemPlace};
use super::walk::{RawPage, Walk};

/// All items of a list, as a [`Stream`] or by [`try_next`](Self::try_next).
///
/// An error comes once, after all items before it, and ends the stream. Only the items of one page are held, and with
/// [prefetch](crate::List::with_prefetch) those of the next. A stream that is dropped gives its request up. It needs a tokio
/// runtime, and no client: that may be dropped before.
///
/// # Examples
/// With this crate alone; `try_next` loses nothing where its future is dropped, as in `tokio::select!`:
/// ```
/// use auth_core::{Error, Items};
///
/// async fn print(mut names: Items<String>) -> Result<(), Error> {
///     while let Some(name) = names.try_next().await? {
///         println!("{name}");
///     }
///     Ok(())
/// }
/// ```
/// As a stream, with the extensions of the crate `futures_util`:
/// ```
/// use auth_core::{Error, Items};
/// use futures_util::TryStreamExt;
///
/// async fn longest(names: Items<String>) -> Result<usize, Error> {
///     names.try_fold(0, async |longest, name| Ok(longest.max(name.len()))).await
/// }
/// ```
#[must_use = "a stream does nothing until it is asked for items"]
pub struct Items<T> {
    decode: Decode<T>,
    /// The items of the present page that are left, and the place of the first of them.
    at_hand: Option<(vec::IntoIter<Value>, ItemPlace)>,
    total: Option<u64>,
    ahead: Ahead,
    prefetch: bool,
}

/// What comes after the items at hand.
enum Ahead {
    End,
    Failure(Error),
    Fetching(Fetch),
    Unasked(Box<Walk>),
}

/// A task that fetches a page, and ends with this.
struct Fetch(JoinHandle<Result<RawPage, Error>>);

impl Drop for Fetch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<T> Items<T> {
    pub(super) fn new(walk: Result<Walk, Error>, decode: Decode<T>, prefetch: bool) -> Self {
        let ahead = match walk {
            Ok(walk) => Ahead::Unasked(Box::new(walk)),
            Err(error) => Ahead::Failure(error),
        };
        Self {
            decode,
            at_hand: None,
            total: None,
            ahead,
            prefetch,
        }
    }

    /// The next item; `None` after the last one and after an error. Dropping the future loses no item.
    ///
    /// # Errors
    /// As for [`List::send`](crate::List::send) and [`Page::next`](crate::Page::next).
    pub async fn try_next(&mut self) -> Result<Option<T>, Error> {
        poll_fn(|context| self.poll_item(context)).await.transpose()
    }

    /// How many items the whole list has, as far as the pages have told. Good for a progress bar; nothing here
    /// relies on it.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    fn poll_item(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T, Error>>> {
        loop {
            if self.at_hand.is_none() || self.prefetch {
                self.ask();
            }
            if let Some(item) = self.take() {
                return Poll::Ready(Some(item));
            }
            if self.at_hand.take().is_some() {
                continue;
            }
            let page = match mem::replace(&mut self.ahead, Ahead::End) {
                Ahead::Fetching(mut fetch) => match fetch.poll(context) {
                    Poll::Ready(page) => page,
                    Poll::Pending => {
                        self.ahead = Ahead::Fetching(fetch);
                        return Poll::Pending;
                    }
                },
                Ahead::Failure(error) => Err(error),
                Ahead::End | Ahead::Unasked(_) => return Poll::Ready(None),
            };
            match page {
                Ok(page) => self.lay_out(page),
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }

    /// Begins to fetch the next page, unless that is under way or there is none.
    fn ask(&mut self) {
        self.ahead = match mem::replace(&mut self.ahead, Ahead::End) {
            Ahead::Unasked(walk) => match Handle::try_current() {
                Ok(runtime) => {
                    let fetching = walk.fetch().in_current_span();
                    Ahead::Fetching(Fetch(runtime.spawn(fetching)))
                }
                Err(_) => {
                    let problem = "the list needs a tokio runtime with time and I/O enabled";
                    Ahead::Failure(Error::config("runtime", problem))
                }
            },
            ahead => ahead,
        };
    }

    /// Takes and decodes one item at hand. One that does not fit ends the stream.
    fn take(&mut self) -> Option<Result<T, Error>> {
        let (items, place) = self.at_hand.as_mut()?;
        let item = (self.decode)(items.next()?, place);
        place.index += 1;
        if item.is_err() {
            self.at_hand = None;
            self.ahead = Ahead::End;
        }
        Some(item)
    }

    fn lay_out(&mut self, page: RawPage) {
        self.at_hand = Some((page.items.into_iter(), page.place));
        self.total = page.total.or(self.total);
        if let Some(walk) = page.next {
            self.ahead = Ahead::Unasked(Box::new(walk));
        }
    }
}

impl Fetch {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<RawPage, Error>> {
        let ended = ready!(Pin::new(&mut self.0).poll(context));
        Poll::Ready(ended.unwrap_or_else(|error| match error.try_into_panic() {
            // Such as that of a caller's clock or secret provider: it would have come here without the task, too.
            Ok(panic) => resume_unwind(panic),
            Err(_) => Err(Error::page_cancelled()),
        }))
    }
}

impl<T> Stream for Items<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_item(context)
    }
}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at_hand = self.at_hand.as_ref();
        f.debug_struct("Items")
            .field("at_hand", &at_hand.map_or(0, |(items, _)| items.len()))
            .field("total", &self.total)
            .field("prefetch", &self.prefetch)
            .finish_non_exhaustive()
    }
}
