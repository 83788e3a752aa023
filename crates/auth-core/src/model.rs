//! Values and models of typed calls that survive what providers really send.
//!
//! Answers: [`FromJson`] and [`ToJson`], types for the odd values ([`Money`], [`Time`], [`Change`] …), and the macros
//! [`model!`](crate::model!), [`ids!`](crate::ids!) and [`names!`](crate::names!), which generated code consists of.
//! Never: talks HTTP, knows a provider.
//!
//! # Invariants
//! - What was read is written back equal in value: unknown fields, unknown values of enums, `null` and absence.
//! - An error names the place and what was expected, never the value.
//! - One reader by [`Json`] and one writer by [`Value`] for each type: none is compiled once more for another format.

mod base64_text;
mod change;
mod fields;
mod id;
mod json;
mod money;
mod name;
mod one_or_many;
mod place;
mod query;
mod record;
mod scalar;
mod time;
mod tree;
mod verbatim;

pub use base64_text::Base64Text;
pub use change::Change;
pub use fields::Fields;
#[doc(hidden)]
pub use fields::{Member, Reader, write};
pub use id::RawId;
pub use json::{Extent, FromJson, ToJson};
pub use money::Money;
#[doc(hidden)]
pub use name::Codes;
pub use one_or_many::OneOrMany;
pub use place::{Misfit, Place};
pub use query::{Joined, QueryValue};
pub use scalar::Scalar;
pub(crate) use scalar::sayable;
pub use time::Time;
pub use tree::Json;
pub use verbatim::Verbatim;

/// Dates and times, as [`Time`] gives and takes them.
pub use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
/// Decimals, as [`Money`] gives and takes them.
pub use rust_decimal::Decimal;
/// JSON without a schema.
pub use serde_json::Value;
