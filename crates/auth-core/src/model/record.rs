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
/// `pub struct Event: any_case` reads names without regard to ASCII case, for providers whose casing is not stable.
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
#[macro_export]
macro_rules! model {
    (
        $(#[$meta:meta])*
        pub struct $name:ident $(: $case:ident)? {
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
            $($($(#[$about])* pub $field: $type,)+)?
            $($($(#[$o_about])* pub $o_field: $o_type,)+)?
            $($($(#[$r_about])* pub $r_field: $r_type,)+)?
            /// What else came, and what else is to be sent.
            pub unknown: $crate::model::Fields,
        }

        impl $name {
            /// Makes one of what is required; the rest is left out.
            #[allow(
                clippy::new_without_default,
                clippy::too_many_arguments,
                reason = "the provider's documentation says what is required, not we"
            )]
            pub fn new($($($field: $type),+)?) -> Self {
                Self {
                    $($($field,)+)?
                    $($($o_field: ::core::default::Default::default(),)+)?
                    $($($r_field: ::core::default::Default::default(),)+)?
                    unknown: $crate::model::Fields::new(),
                }
            }
        }

        impl $crate::model::FromJson for $name {
            fn from_json(
                value: $crate::model::Value,
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
                let mut writer = $crate::model::Writer::new(&self.unknown, extent);
                $($(writer.put($key, &self.$field);)+)?
                $($(writer.put($o_key, &self.$o_field);)+)?
                $($(writer.put_read_only($r_key, &self.$r_field);)+)?
                writer.finish()
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
