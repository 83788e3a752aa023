//! The macro that makes a model of one line a field.

/// Makes a model: a struct that reads and writes one kind of JSON object and keeps what it does not know.
///
/// A field is one line: its name, its type, `=`, its name in JSON, and behind `|` further names under which it may
/// come. There are three groups, each of which may be left out, in this order:
///
/// * `required`: the arguments of `new`; a misfit if missing;
/// * `optional`: an [`Option`], or in bodies of updates a [`Change`](crate::model::Change);
/// * `read_only`: as `optional`, but only the provider sets them: [`to_body`](crate::model::ToJson::to_body) leaves
///   them out.
///
/// The struct has one field more, `unknown`: the other members of the object, which are kept and sent along; see
/// [`Fields`](crate::model::Fields). It is `#[non_exhaustive]`, `Clone`, `Debug` and `PartialEq`, and has `new`,
/// [`FromJson`](crate::model::FromJson) and [`ToJson`](crate::model::ToJson). What was read is written equal in value,
/// including what came as `null` and under which of its names. There is one reading and one writing function a model,
/// both thin, so that hundreds of models stay cheap to compile.
///
/// `pub struct Event: any_case` reads names without regard to ASCII case, for providers whose casing is not stable. Where
/// several members could be the same field, the first of its names that is there counts, in its exact spelling or else in
/// another case; the others are kept in `unknown` and not sent.
///
/// `pub struct OrderUpdate from Order` is the body of an update: an `Order` becomes one by `into()`. Each of its own fields
/// is moved over by name, and an [`Option`] becomes a [`Change`](crate::model::Change) that keeps what is `None`. What
/// neither knows is moved over in `unknown`. A field that the resource knows and the update does not is dropped, since the
/// provider does not document that it may be written: for a request that replaces the whole resource, the update must list
/// whatever is to stay.
///
/// No field may be called `unknown`: a member of that name needs another name in Rust.
///
/// # Examples
/// ```
/// use auth_core::model::{FromJson, Money, Place, Time, ToJson, Value};
///
/// auth_core::ids! { /** Names an order. */ OrderId }
/// auth_core::model! {
///     /// An order.
///     pub struct Order {
///         required {
///             /// What is to be paid.
///             total: Money = "total",
///         }
///         optional {
///             /// Where it goes.
///             address_line1: Option<String> = "address_line1" | "address_line_1",
///         }
///         read_only {
///             /// Its number.
///             id: Option<OrderId> = "id",
///             /// When it was placed.
///             created: Option<Time> = "created",
///         }
///     }
/// }
///
/// let text = r#"{"address_line_1":"1 Elm St","gift":true,"id":7,"total":"12.50"}"#;
/// let value: Value = serde_json::from_str(text)?;
/// let mut order = Order::from_json(value, &Place::root())?;
/// assert_eq!(order.id, Some(OrderId::from(7)));
/// assert_eq!(order.address_line1.as_deref(), Some("1 Elm St"));
/// assert_eq!(order.unknown.get("gift"), Some(&true.into()));
/// assert_eq!(order.to_json().to_string(), text);
///
/// order.unknown.clear();
/// assert_eq!(order.to_body().to_string(), r#"{"address_line1":"1 Elm St","total":"12.50"}"#);
///
/// let misfit = Order::from_json(serde_json::json!({ "total": [] }), &Place::root()).unwrap_err();
/// assert_eq!(misfit.to_string(), "expected an amount: a number or a text at `$.total`");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
/// The body of an update, made from what was read:
/// ```
/// use auth_core::model::{Change, FromJson, Place, ToJson, Value};
///
/// auth_core::model! {
///     /// A group.
///     pub struct Group {
///         required {
///             /// Its name.
///             name: String = "name",
///         }
///         optional {
///             /// What it is for.
///             note: Option<String> = "note",
///             /// Who speaks for it.
///             email: Option<String> = "email",
///         }
///         read_only {
///             /// Its number.
///             id: Option<i64> = "id",
///         }
///     }
/// }
/// auth_core::model! {
///     /// What to change about a group.
///     pub struct GroupUpdate from Group {
///         optional {
///             /// Its name.
///             name: Change<String> = "name",
///             /// What it is for.
///             note: Change<String> = "note",
///             /// Who speaks for it.
///             email: Change<String> = "email",
///         }
///     }
/// }
///
/// let read: Value = serde_json::from_str(r#"{"color":"red","email":null,"id":7,"name":"Sales","note":"old"}"#)?;
/// let mut update = GroupUpdate::from(Group::from_json(read, &Place::root())?);
/// update.note = Change::Clear;
/// assert_eq!(update.to_body().to_string(), r#"{"color":"red","name":"Sales","note":null}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[macro_export]
macro_rules! model {
    (
        $(#[$meta:meta])*
        pub struct $name:ident $(: $case:ident)? $(from $source:ident)? {
            $(required {
                $(
                    $(#[$about:meta])*
                    $field:ident: $type:ty = $key:literal $(| $other:literal)*
                ),+ $(,)?
            })?
            $(optional {
                $(
                    $(#[$o_about:meta])*
                    $o_field:ident: $o_type:ty = $o_key:literal $(| $o_other:literal)*
                ),+ $(,)?
            })?
            $(read_only {
                $(
                    $(#[$r_about:meta])*
                    $r_field:ident: $r_type:ty = $r_key:literal $(| $r_other:literal)*
                ),+ $(,)?
            })?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $($($(#[$about])* #[doc = $crate::__in_json!($key)] pub $field: $type,)+)?
            $($($(#[$o_about])* #[doc = $crate::__in_json!($o_key)] pub $o_field: $o_type,)+)?
            $($($(#[$r_about])* #[doc = $crate::__in_json!($r_key)] pub $r_field: $r_type,)+)?
            /// What else came, and what else is to be sent.
            pub unknown: $crate::model::Fields,
        }

        impl $name {
            /// Makes one of what is required; the rest is left out.
            pub fn new($($($field: $type),+)?) -> Self {
                Self {
                    $($($field,)+)?
                    $($($o_field: ::core::default::Default::default(),)+)?
                    $($($r_field: ::core::default::Default::default(),)+)?
                    unknown: $crate::model::Fields::new(),
                }
            }
        }

        $crate::__from_model! {
            [$($source)?] $name [$($($field)+)? $($($o_field)+)?] [$($($r_field)+)?]
        }

        impl $crate::model::FromJson for $name {
            fn read(
                value: $crate::model::Json<'_>,
                place: &$crate::model::Place<'_>,
            ) -> ::core::result::Result<Self, $crate::model::Misfit> {
                let mut reader =
                    $crate::model::Reader::new(value, place, $crate::__any_case!($($case)?))?;
                let mut model = Self {
                    $($($field: reader.required(&[$key $(, $other)*])?,)+)?
                    $($($o_field: reader.optional(&[$o_key $(, $o_other)*]),)+)?
                    $($($r_field: reader.optional(&[$r_key $(, $r_other)*]),)+)?
                    unknown: $crate::model::Fields::new(),
                };
                model.unknown = reader.rest()?;
                ::core::result::Result::Ok(model)
            }
        }

        impl $crate::model::ToJson for $name {
            fn encode(&self, extent: $crate::model::Extent) -> $crate::model::Value {
                $crate::model::write(
                    &self.unknown,
                    extent,
                    &[
                        $($(($key, &self.$field),)+)?
                        $($(($o_key, &self.$o_field),)+)?
                    ],
                    &[$($(($r_key, &self.$r_field),)+)?],
                )
            }
        }
    };
}

/// How [`model!`](crate::model!) compares names: exactly, unless the model says otherwise.
#[doc(hidden)]
#[macro_export]
macro_rules! __any_case {
    () => {
        false
    };
    (any_case) => {
        true
    };
}

/// Makes the update of a resource out of the resource itself, for [`model!`](crate::model!).
#[doc(hidden)]
#[macro_export]
macro_rules! __from_model {
    ([] $($rest:tt)*) => {};
    ([$source:ident] $name:ident [$($field:ident)*] [$($read_only:ident)*]) => {
        /// Takes over what may be written, unknown fields included; what only the provider sets is dropped.
        impl ::core::convert::From<$source> for $name {
            fn from(source: $source) -> Self {
                Self {
                    $($field: ::core::convert::Into::into(source.$field),)*
                    $($read_only: ::core::default::Default::default(),)*
                    unknown: source.unknown.into_update(),
                }
            }
        }
    };
}

/// Says what something is called on the wire, below whatever else is said of it.
#[doc(hidden)]
#[macro_export]
macro_rules! __in_json {
    ($key:literal) => {
        concat!("\n\n`", $key, "` on the wire.")
    };
}
