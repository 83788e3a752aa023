//! Enums whose unknown values survive: names, numbers, or either.

use std::borrow::Cow;

use serde_json::Value;

use super::scalar::Scalar;

/// How the values of one enum of [`names!`](crate::names) travel. For the macro's expansion.
#[derive(Clone, Copy, Debug)]
#[doc(hidden)]
#[non_exhaustive]
pub struct Codes {
    pub texts: &'static [&'static str],
    pub numbers: &'static [i64],
    /// Whether `Active` is `active`.
    pub any_case: bool,
    /// Whether the number is written where a value has both.
    pub number_first: bool,
}

impl Codes {
    /// The codes of an enum; a list that it has no use for is empty.
    pub const fn new(
        texts: &'static [&'static str],
        numbers: &'static [i64],
        any_case: bool,
        number_first: bool,
    ) -> Self {
        Self {
            texts,
            numbers,
            any_case,
            number_first,
        }
    }

    /// Which value came, by its position.
    pub fn position(&self, came: &Scalar) -> Option<usize> {
        let by_text = match came {
            Scalar::Text(came) => self.texts.iter().position(|text| match self.any_case {
                true => text.eq_ignore_ascii_case(came),
                false => text == came,
            }),
            Scalar::Boolean(_) | Scalar::Number(_) => None,
        };
        let by_number = |integer| self.numbers.iter().position(|n| i128::from(*n) == integer);
        by_text.or_else(|| came.integer().and_then(by_number))
    }

    /// The code of the value at that position, as it is written.
    pub fn write(&self, position: usize) -> Value {
        let number = || self.numbers.get(position).map(|number| (*number).into());
        let text = || self.texts.get(position).map(|text| (*text).into());
        let code = match self.number_first {
            true => number().or_else(text),
            false => text().or_else(number),
        };
        code.unwrap_or(Value::Null)
    }

    /// The name of the value at that position, or its number where it has no name.
    pub fn text(&self, position: usize) -> Cow<'static, str> {
        match self.texts.get(position) {
            Some(text) => Cow::Borrowed(*text),
            None => self
                .numbers
                .get(position)
                .map_or(Cow::Borrowed(""), |number| number.to_string().into()),
        }
    }
}

/// Makes an enum of the values that a provider documents, plus `Unknown`, which keeps any other as it came.
///
/// The word behind the enum's name says what travels: `text`, `text_in_any_case` (read without regard to ASCII case,
/// only where the provider documents it), `number`, `text_or_number` (either is read, the text is written) or
/// `number_or_text` (the number is written). Of `text_or_number`, the last values may lack a number. A number may come as text. Where the form in which a known value came
/// matters as well, the field is a [`Verbatim`](crate::model::Verbatim). No value may be called `Unknown`: one of that
/// name needs another name in Rust.
///
/// # Examples
/// ```
/// use auth_core::model::{FromJson, Place, Scalar, ToJson};
///
/// auth_core::names! {
///     /// Whether a customer may buy.
///     pub enum Status: text {
///         /// It may.
///         Active = "active",
///         /// It may not.
///         Inactive = "inactive",
///     }
/// }
/// auth_core::names! {
///     /// How a chat ended.
///     pub enum Ending: text_or_number {
///         /// With an agent.
///         Normal = "normal" | 0,
///         /// No agent was there.
///         Missed = "missed" | 2,
///         /// It became a message.
///         Switched = "switched",
///     }
/// }
/// auth_core::names! {
///     /// How urgent it is.
///     pub enum Priority: number {
///         /// Not at all.
///         Low = 0,
///         /// Very.
///         High = 1,
///     }
/// }
///
/// let root = Place::root();
/// assert_eq!(Status::from_json("active".into(), &root), Ok(Status::Active));
/// assert_eq!(Ending::from_json(2.into(), &root), Ok(Ending::Missed));
/// assert_eq!(Ending::Switched.to_json(), "switched");
/// assert_eq!(Priority::High.to_json(), 1);
///
/// // A text is looked up by name.
/// assert_eq!(Status::from("inactive"), Status::Inactive);
///
/// // A value that the provider has added since comes and goes unharmed.
/// let status = Status::from_json("on hold".into(), &root)?;
/// assert_eq!(status, Status::Unknown(Scalar::from("on hold")));
/// assert_eq!((status.text().as_ref(), status.to_json()), ("on hold", "on hold".into()));
/// # Ok::<(), auth_core::model::Misfit>(())
/// ```
#[macro_export]
macro_rules! names {
    ($(#[$meta:meta])* pub enum $name:ident: text {
        $($(#[$about:meta])* $value:ident = $text:literal),+ $(,)?
    }) => {
        $crate::__names! {
            [$(#[$meta])*] $name [$($(#[$about])* #[doc = $crate::__in_json!($text)] $value),+] [&[$($text),+], &[], false, false]
        }
    };
    ($(#[$meta:meta])* pub enum $name:ident: text_in_any_case {
        $($(#[$about:meta])* $value:ident = $text:literal),+ $(,)?
    }) => {
        $crate::__names! {
            [$(#[$meta])*] $name [$($(#[$about])* #[doc = $crate::__in_json!($text)] $value),+] [&[$($text),+], &[], true, false]
        }
    };
    ($(#[$meta:meta])* pub enum $name:ident: number {
        $($(#[$about:meta])* $value:ident = $number:literal),+ $(,)?
    }) => {
        $crate::__names! {
            [$(#[$meta])*] $name [$($(#[$about])* #[doc = $crate::__in_json!($number)] $value),+] [&[], &[$($number),+], false, true]
        }
    };
    ($(#[$meta:meta])* pub enum $name:ident: text_or_number {
        $($(#[$about:meta])* $value:ident = $text:literal $(| $number:literal)?),+ $(,)?
    }) => {
        $crate::__names! {
            [$(#[$meta])*] $name [$($(#[$about])* #[doc = $crate::__in_json!($text)] $value),+]
            [&[$($text),+], &[$($($number,)?)+], false, false]
        }
    };
    ($(#[$meta:meta])* pub enum $name:ident: number_or_text {
        $($(#[$about:meta])* $value:ident = $number:literal | $text:literal),+ $(,)?
    }) => {
        $crate::__names! {
            [$(#[$meta])*] $name [$($(#[$about])* #[doc = $crate::__in_json!($text)] $value),+]
            [&[$($text),+], &[$($number),+], false, true]
        }
    };
}

/// The common part of the forms of [`names!`](crate::names).
#[doc(hidden)]
#[macro_export]
macro_rules! __names {
    ([$(#[$meta:meta])*] $name:ident [$($(#[$about:meta])* $value:ident),+] [$($codes:expr),+]) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Eq, Hash, PartialEq)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$about])* $value,)+
            /// A value that the documentation does not list, as it came.
            Unknown($crate::model::Scalar),
        }

        impl $name {
            const CODES: $crate::model::Codes = $crate::model::Codes::new($($codes),+);

            /// The documented value that it is, or else another.
            fn of(value: $crate::model::Scalar) -> Self {
                const VALUES: &[$name] = &[$($name::$value),+];
                match Self::CODES.position(&value) {
                    ::core::option::Option::Some(position) => VALUES[position].clone(),
                    ::core::option::Option::None => Self::Unknown(value),
                }
            }

            /// Where the value stands among the documented ones, or the other that it is.
            fn position(&self) -> ::core::result::Result<usize, &$crate::model::Scalar> {
                enum Position {
                    $($value),+
                }
                match self {
                    $(Self::$value => ::core::result::Result::Ok(Position::$value as usize),)+
                    Self::Unknown(other) => ::core::result::Result::Err(other),
                }
            }

            /// The value as text: its name, or its number where it has none.
            pub fn text(&self) -> ::std::borrow::Cow<'_, str> {
                match self.position() {
                    ::core::result::Result::Ok(position) => Self::CODES.text(position),
                    ::core::result::Result::Err(other) => other.text(),
                }
            }
        }

        impl ::core::fmt::Display for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.pad(&self.text())
            }
        }

        impl $crate::model::FromJson for $name {
            fn read(
                value: $crate::model::Json<'_>,
                place: &$crate::model::Place<'_>,
            ) -> ::core::result::Result<Self, $crate::model::Misfit> {
                match <$crate::model::Scalar as $crate::model::FromJson>::read(value, place) {
                    ::core::result::Result::Ok(value) => {
                        ::core::result::Result::Ok(Self::of(value))
                    }
                    ::core::result::Result::Err(misfit) => ::core::result::Result::Err(misfit),
                }
            }
        }

        impl ::core::convert::From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::of(text.into())
            }
        }

        impl $crate::model::QueryValue for $name {}

        impl $crate::model::ToJson for $name {
            fn encode(&self, extent: $crate::model::Extent) -> $crate::model::Value {
                match self.position() {
                    ::core::result::Result::Ok(position) => Self::CODES.write(position),
                    ::core::result::Result::Err(other) => {
                        $crate::model::ToJson::encode(other, extent)
                    }
                }
            }
        }
    };
}
