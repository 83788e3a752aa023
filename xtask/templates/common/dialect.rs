//! Says how {{Title}}'s sign-in departs from the RFCs.

use auth_core::{
    {{dialect_uses}}
};

{{dialect_constants}}/// The API. Each row names its source: the answers that this crate was made with, until a page of the vendor is named.
///
/// # Examples
/// ```
/// assert_eq!({{name}}::{{NAME}}.name(), "{{NAME}}"); // as in the key of a token store
/// ```
pub const {{NAME}}: Dialect = Dialect::new("{{NAME}}", &[{{token_rows}}]){{dialect_calls}};
