//! Names the place in a JSON document that does not fit.

use std::borrow::Cow;
use std::fmt;

/// A place in a JSON document: a chain on the stack that costs nothing until something does not fit.
///
/// # Examples
/// ```
/// use auth_core::model::Place;
///
/// let root = Place::root();
/// let items = root.key("items");
/// let item = items.index(3);
/// assert_eq!(item.key("price").to_string(), "$.items[3].price");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    above: Option<&'a Self>,
    step: Step<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    Root,
    Key(&'a str),
    Index(usize),
}

impl Place<'_> {
    /// The document itself.
    pub const fn root() -> Self {
        Self {
            above: None,
            step: Step::Root,
        }
    }

    /// The member `key` of the object at this place.
    pub const fn key<'b>(&'b self, key: &'b str) -> Place<'b> {
        Place {
            above: Some(self),
            step: Step::Key(key),
        }
    }

    /// The element `index` of the list at this place, from 0.
    pub const fn index(&self, index: usize) -> Place<'_> {
        Place {
            above: Some(self),
            step: Step::Index(index),
        }
    }

    /// Says that something else than `problem` tells was found here; the value must not be part of it.
    pub fn misfit(&self, problem: impl Into<Cow<'static, str>>) -> Misfit {
        Misfit(Box::new(Found {
            path: self.to_string(),
            problem: problem.into(),
        }))
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(above) = self.above {
            above.fmt(f)?;
        }
        match self.step {
            Step::Root => f.write_str("$"),
            Step::Key(key) => write!(f, ".{key}"),
            Step::Index(index) => write!(f, "[{index}]"),
        }
    }
}

/// What does not fit, and where: a path and an expectation, never the value that was found.
///
/// [`Response::model`](crate::Response::model) makes an [`Error`](crate::Error) of it.
///
/// # Examples
/// ```
/// use auth_core::model::{FromJson, Place};
///
/// let misfit = bool::from_json("perhaps".into(), &Place::root().key("paid")).unwrap_err();
/// assert_eq!(misfit.to_string(), "expected a boolean at `$.paid`");
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(transparent)]
pub struct Misfit(Box<Found>);

#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{problem} at `{path}`")]
struct Found {
    path: String,
    problem: Cow<'static, str>,
}

impl Misfit {
    /// The place, as in `$.items[3].price`. Keys of maps are part of it and come from the provider.
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// What was expected.
    pub fn problem(&self) -> &str {
        &self.0.problem
    }
}
