//! Says as data how a provider hands out a long list.

/// How a list is paged: where the items stand, how the next page is asked for, and what says that there is one.
///
/// Places in an answer are JSON pointers (RFC 6901). An answer that is an array itself is always taken as the items.
/// The first page is asked for without a position. Where nothing in an answer says whether more follows, pages are
/// asked for until an empty one comes: neither a page that is shorter than asked nor a total is a proof.
///
/// # Examples
/// Pages by number, unless the answer links to the next one; the items have either of two names:
/// ```
/// use auth_core::Paging;
///
/// const CONTACTS: Paging = Paging::index("pageIndex")
///     .next_link("/nextPage")
///     .items(&["/contacts", "/list"])
///     .total(&["/total"])
///     .page_size("pageSize")
///     .largest_page_size(500);
/// ```
/// A cursor, and an offset with a word on what follows:
/// ```
/// # use auth_core::Paging;
/// const BROADCASTS: Paging = Paging::keyset("previousLastId", "_id")
///     .items(&["/data"])
///     .page_size("limit")
///     .default_page_size(100)
///     .largest_page_size(1000);
///
/// const ORDERS: Paging = Paging::offset("offset")
///     .items(&["/orders"])
///     .has_more(&["/pagination/has_next", "/pagination/next_page"])
///     .total(&["/pagination/total", "/pagination/records"])
///     .page_size("limit")
///     .largest_page_size(20)
///     .identity("order_id");
///
/// const SHIPMENTS: Paging = Paging::single().items(&["/shipments"]);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Paging {
    pub(super) step: Step,
    pub(super) link: Option<&'static str>,
    pub(super) items: &'static [&'static str],
    pub(super) has_more: &'static [&'static str],
    pub(super) total: &'static [&'static str],
    pub(super) size: Option<&'static str>,
    pub(super) default_size: Option<u32>,
    pub(super) largest_size: Option<u32>,
    pub(super) identity: Option<&'static str>,
}

/// What the next page is asked for with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Step {
    /// The member of the page's last item that names it.
    After {
        parameter: &'static str,
        member: &'static str,
    },
    /// The page's number; the first is 1.
    Index { parameter: &'static str },
    /// The number of items that came before; the first page has 0.
    Offset { parameter: &'static str },
    /// Nothing.
    Single,
}

impl Paging {
    const fn new(step: Step) -> Self {
        Self {
            step,
            link: None,
            items: &[],
            has_more: &[],
            total: &[],
            size: None,
            default_size: None,
            largest_size: None,
            identity: None,
        }
    }

    /// All items come at once.
    pub const fn single() -> Self {
        Self::new(Step::Single)
    }

    /// Pages have numbers, from 1 on.
    pub const fn index(parameter: &'static str) -> Self {
        Self::new(Step::Index { parameter })
    }

    /// A page begins after so many items. The offset is raised by what came, which can be less than was asked for.
    pub const fn offset(parameter: &'static str) -> Self {
        Self::new(Step::Offset { parameter })
    }

    /// A page begins after the item whose `member` is given. A page that is shorter than asked is the last one, so the
    /// list needs a [`default_page_size`](Self::default_page_size) to be spared the request for an empty page.
    pub const fn keyset(parameter: &'static str, member: &'static str) -> Self {
        let mut paging = Self::new(Step::After { parameter, member });
        paging.identity = Some(member);
        paging
    }

    /// Where an answer links to the next page; the link goes before all else. `null` or an empty text there, and an
    /// answer that is an array itself, is the end; where the member is missing from the first page on, the list goes on
    /// without links.
    ///
    /// The link is followed on the origin of the call only. Parameters of the call that it lacks are added to it.
    #[must_use]
    pub const fn next_link(mut self, pointer: &'static str) -> Self {
        self.link = Some(pointer);
        self
    }

    /// Where the items may stand; the first array counts. `null` there is an empty page. Default: nowhere but in an
    /// answer that is an array itself.
    #[must_use]
    pub const fn items(mut self, pointers: &'static [&'static str]) -> Self {
        self.items = pointers;
        self
    }

    /// What says whether more follows: the first member that is there and can be read counts. A boolean, number or text is read as yes or
    /// no, any other text, such as a link, as yes, and `null` or an empty text as no.
    #[must_use]
    pub const fn has_more(mut self, pointers: &'static [&'static str]) -> Self {
        self.has_more = pointers;
        self
    }

    /// Where the number of all items may stand. It is told to the caller, and nothing depends on it.
    #[must_use]
    pub const fn total(mut self, pointers: &'static [&'static str]) -> Self {
        self.total = pointers;
        self
    }

    /// The parameter that says how many items a page may have.
    #[must_use]
    pub const fn page_size(mut self, parameter: &'static str) -> Self {
        self.size = Some(parameter);
        self
    }

    /// The page size that is sent where the caller names none. Default: none is sent.
    #[must_use]
    pub const fn default_page_size(mut self, size: u32) -> Self {
        self.default_size = Some(size);
        self
    }

    /// The largest page size that may be asked for.
    #[must_use]
    pub const fn largest_page_size(mut self, size: u32) -> Self {
        self.largest_size = Some(size);
        self
    }

    /// The member that tells items apart. Pages are compared by it, so that a repeated page is known for one although
    /// something else in it differs at each read. Default: pages are compared as a whole.
    #[must_use]
    pub const fn identity(mut self, member: &'static str) -> Self {
        self.identity = Some(member);
        self
    }
}
