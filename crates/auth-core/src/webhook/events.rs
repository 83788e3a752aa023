//! The macro that tells payloads apart by one of their members.

use crate::model::{Json, Misfit, Place};

/// Which event a payload says that it is. For the expansion of [`events!`](crate::events!).
#[doc(hidden)]
#[derive(Debug)]
pub struct Told(Option<String>);

impl Told {
    /// Reads the member that a model would take for its field of these names: the first name that is there, in its exact
    /// spelling, or else in another case.
    pub fn read(
        payload: &Json<'_>,
        names: &[&'static str],
        place: &Place<'_>,
    ) -> Result<Self, Misfit> {
        // A number or the like is no event that is known.
        payload
            .told(names, place)
            .map(|name| Self(name.map(str::to_owned)))
    }

    /// Says whether it is one of these, whatever its case.
    pub fn is(&self, names: &[&str]) -> bool {
        let told = self.0.as_deref();
        told.is_some_and(|told| names.iter().any(|name| name.eq_ignore_ascii_case(told)))
    }
}

/// Makes an enum of the events that a provider posts, plus `Unknown`, which keeps any other whole.
///
/// `by` names the member that tells which event it is, and behind `|` further names of it, which are looked for as a model
/// looks for the names of a field. An event is one line: the variant, its model, `=`, and the values of that member, `|`
/// between them. Member and values are compared without regard to ASCII case; the models should be `any_case`, too, and
/// name the member in the same order where they have it. No event may be called `Unknown`.
///
/// The enum is `Clone`, `Debug`, `PartialEq` and `#[non_exhaustive]`, and has `parse`,
/// [`FromJson`](crate::model::FromJson) and [`ToJson`](crate::model::ToJson). Its `Debug` shows the name of the variant
/// only, since a payload can hold what a person wrote.
///
/// # Examples
/// ```
/// use auth_core::model::Time;
///
/// auth_core::model! {
///     /// An agent who came, went away or left.
///     pub struct AgentStatus: any_case {
///         required {
///             /// Which status: `online` or `away`.
///             event: String = "event",
///         }
///         optional {
///             /// When.
///             time: Option<Time> = "time",
///         }
///     }
/// }
/// auth_core::events! {
///     /// What the provider posts.
///     pub enum Event by "event" {
///         /// An agent's status has changed.
///         AgentStatusChanged(AgentStatus) = "online" | "away",
///     }
/// }
///
/// let event = Event::parse(br#"{"Event":"Away","Time":"2026-11-22T16:24:12Z"}"#)?;
/// assert_eq!(format!("{event:?}"), "AgentStatusChanged");
/// assert!(matches!(event, Event::AgentStatusChanged(agent) if agent.time.is_some()));
///
/// let event = Event::parse(br#"{"event":"chat_rated","stars":5}"#)?;
/// assert!(matches!(event, Event::Unknown(event) if event.value()["stars"] == 5));
/// # Ok::<(), auth_core::Error>(())
/// ```
#[macro_export]
macro_rules! events {
    ($(#[$meta:meta])* pub enum $name:ident by $key:literal $(| $other_key:literal)* {
        $($(#[$about:meta])* $event:ident($model:ty) = $value:literal $(| $other:literal)*),+ $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$about])* $event($model),)+
            /// An event that the documentation does not list, as it came.
            Unknown($crate::webhook::UnknownEvent),
        }

        impl $name {
            /// Reads a payload.
            ///
            /// # Errors
            /// As for `webhook::parse`.
            pub fn parse(body: &[u8]) -> ::core::result::Result<Self, $crate::Error> {
                $crate::webhook::parse(body)
            }
        }

        impl ::core::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(match self {
                    $(Self::$event(_) => ::core::stringify!($event),)+
                    Self::Unknown(_) => "Unknown",
                })
            }
        }

        impl $crate::model::FromJson for $name {
            fn read(
                value: $crate::model::Json<'_>,
                place: &$crate::model::Place<'_>,
            ) -> ::core::result::Result<Self, $crate::model::Misfit> {
                let told = $crate::webhook::Told::read(&value, &[$key $(, $other_key)*], place)?;
                $(if told.is(&[$value $(, $other)*]) {
                    return $crate::model::FromJson::read(value, place).map(Self::$event);
                })+
                $crate::model::FromJson::read(value, place).map(Self::Unknown)
            }
        }

        impl $crate::model::ToJson for $name {
            fn encode(&self, extent: $crate::model::Extent) -> $crate::model::Value {
                match self {
                    $(Self::$event(event) => $crate::model::ToJson::encode(event, extent),)+
                    Self::Unknown(event) => $crate::model::ToJson::encode(event, extent),
                }
            }
        }
    };
}
