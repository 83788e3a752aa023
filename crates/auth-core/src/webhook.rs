//! Reads what providers post to an integrator's server, and says whether it comes from who holds a shared secret.
//!
//! Answers: [`parse`], [`is_from_holder`], [`UnknownEvent`], and the macro [`events!`](crate::events!). Never: listens, knows
//! a web framework, answers a request.
//!
//! # Who has sent it
//! The providers here do not sign what they post: there is no signature to check, and a sender's address proves nothing.
//! What there is:
//!
//! * register an `https` URL, so that nobody on the way reads or changes the payload;
//! * put a secret of at least 128 random bits into that URL (`https://app.example/hooks/9f86d081…`), or into a header where
//!   the provider lets you set one, and compare it with [`is_from_holder`] before the body is looked at;
//! * keep the URL's path out of access logs, and register a new one where it may have been seen;
//! * take the payload for a hint: what matters is asked for again by an authorized call.
//!
//! # Limits
//! A payload has at most [1 MiB](LARGEST) and is nested at most 127 deep. A byte order mark before it is skipped. Of a
//! member that comes twice under the same name the last one counts. Of several that a field could be, a model takes the
//! first of the field's names that is there: spelled as documented, or else in another case, and of several of these the
//! first in alphabetical order, capital letters before small ones. It keeps the others among its unknown fields. Which
//! event it is, is told by the same rule.
//!
//! # Examples
//! ```
//! use auth_core::Secret;
//! use auth_core::webhook;
//!
//! auth_core::model! {
//!     /// A chat that began.
//!     pub struct ChatStarted: any_case {
//!         required {
//!             /// Which chat.
//!             chat_id: String = "chatId",
//!         }
//!     }
//! }
//! auth_core::events! {
//!     /// What the provider posts.
//!     pub enum Event by "event" {
//!         /// A chat began.
//!         ChatStarted(ChatStarted) = "chat_started",
//!     }
//! }
//!
//! /// What a server does with a request; the number is the status of its answer.
//! fn receive(path_secret: &str, body: &[u8], secret: &Secret) -> u16 {
//!     if !webhook::is_from_holder(path_secret, secret) {
//!         return 404;
//!     }
//!     match Event::parse(body) {
//!         Ok(Event::ChatStarted(chat)) => println!("chat {}", chat.chat_id),
//!         Ok(_) => {} // an event that is new, or of no interest here
//!         Err(_) => return 400,
//!     }
//!     204
//! }
//!
//! let secret = Secret::new("9f86d081884c7d65");
//! assert_eq!(receive("9f86d081884c7d65", br#"{"Event":"CHAT_STARTED","ChatID":"c1"}"#, &secret), 204);
//! assert_eq!(receive("guess", b"{}", &secret), 404);
//! ```

mod events;

use std::fmt;

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::error::{Error, without_value};
use crate::model::{Extent, FromJson, Json, Misfit, Place, ToJson};
use crate::secret::Secret;

#[doc(hidden)]
pub use events::Told;

/// A payload larger than this is refused: 1 MiB.
pub const LARGEST: usize = 1 << 20;

/// Reads a payload of one kind. [`events!`](crate::events!) makes a type that tells several apart.
///
/// # Errors
/// [`ErrorKind::Decode`](crate::ErrorKind::Decode), with the JSON path, never with what was found there.
///
/// # Examples
/// ```
/// use auth_core::model::Value;
///
/// let payload: Value = auth_core::webhook::parse(br#"{"visitor":7}"#)?;
/// assert_eq!(payload["visitor"], 7);
///
/// let error = auth_core::webhook::parse::<Vec<i64>>(br#"[1,"two"]"#).unwrap_err();
/// assert_eq!(error.to_string(), "the payload does not fit at `$[1]`: expected an integer of 64 bits");
/// # Ok::<(), auth_core::Error>(())
/// ```
pub fn parse<T: FromJson>(body: &[u8]) -> Result<T, Error> {
    T::read(json(body)?, &Place::root()).map_err(|misfit| unfit(&misfit))
}

fn json(body: &[u8]) -> Result<Json<'_>, Error> {
    if body.len() > LARGEST {
        return Err(Error::payload("", "it is larger than 1 MiB"));
    }
    let text = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    Json::parse(text).map_err(|error| Error::payload("", &without_value(&error)))
}

fn unfit(misfit: &Misfit) -> Error {
    Error::payload(misfit.path(), misfit.problem())
}

/// Says whether `given` is the shared secret, in a time that tells neither how much of it is right nor how long it is. An
/// empty secret is nobody's.
///
/// # Examples
/// ```
/// use auth_core::{Secret, webhook};
///
/// let secret = Secret::new("9f86d081884c7d65");
/// assert!(webhook::is_from_holder("9f86d081884c7d65", &secret));
/// assert!(!webhook::is_from_holder("9f86d081884c7d66", &secret));
/// assert!(!webhook::is_from_holder(b"", &Secret::new("")));
/// ```
pub fn is_from_holder(given: impl AsRef<[u8]>, secret: &Secret) -> bool {
    let [given, own] = [given.as_ref(), secret.expose().as_bytes()].map(Sha256::digest);
    let is_same: bool = given.as_slice().ct_eq(own.as_slice()).into();
    is_same && !secret.is_empty()
}

/// An event that the documentation does not list, whole, as it came. `Debug` shows nothing of it: it can hold what a
/// person wrote.
///
/// # Examples
/// ```
/// use auth_core::model::{FromJson, Place};
/// use auth_core::webhook::UnknownEvent;
///
/// let event = UnknownEvent::from_json(serde_json::json!({ "event": "new" }), &Place::root())?;
/// assert_eq!(event.value()["event"], "new");
/// assert_eq!(format!("{event:?}"), "UnknownEvent");
/// # Ok::<(), auth_core::model::Misfit>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct UnknownEvent(Value);

impl UnknownEvent {
    /// The payload.
    pub fn value(&self) -> &Value {
        &self.0
    }

    /// The payload, to keep.
    pub fn into_value(self) -> Value {
        self.0
    }
}

impl fmt::Debug for UnknownEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnknownEvent")
    }
}

impl FromJson for UnknownEvent {
    fn read(value: Json<'_>, _: &Place<'_>) -> Result<Self, Misfit> {
        Ok(Self(value.into_value()))
    }
}

impl ToJson for UnknownEvent {
    fn encode(&self, _: Extent) -> Value {
        self.0.clone()
    }
}
