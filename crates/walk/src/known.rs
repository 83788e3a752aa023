//! Finds in the `Debug` form of what was read what its types did not know.

use std::collections::BTreeSet;

use vendor_sandbox::openapi::Schema;

/// What a model prints before the names of members that it has no field for.
const MEMBERS: &str = "unknown: {";
/// What an enum prints around a value that it has no name for.
const VALUE: &str = "Unknown(";
/// How samples begin the names that no document has.
const MADE_UP: &str = "unknown_";

/// A member or a value that should have been known, if there is one: all that is not made up.
pub(crate) fn unknown(shown: &str) -> Option<String> {
    unknown_but(shown, |name| name.starts_with(MADE_UP))
}

/// The same with members that don't have to be known.
pub(crate) fn unknown_but(shown: &str, is_fine: impl Fn(&str) -> bool) -> Option<String> {
    if let Some((_, value)) = shown.split_once(VALUE) {
        let end = value.find("))").map_or(value.len(), |end| end + 1);
        return Some(format!("no name for {}", value.get(..end)?));
    }
    let missed = members(shown).find(|name| !is_fine(name))?;
    Some(format!("no field for `{missed}`"))
}

/// Adds the names of all members that a schema has, down to some depth: one may hold itself.
pub(crate) fn names(schema: Schema, depth: usize, all: &mut BTreeSet<&'static str>) {
    if depth == 0 {
        return;
    }
    for (name, member) in schema.properties() {
        all.insert(name);
        names(member, depth - 1, all);
    }
    if let Some(item) = schema.items() {
        names(item, depth - 1, all);
    }
}

/// The names of all members without a field, at any depth.
fn members(shown: &str) -> impl Iterator<Item = &str> {
    let sets = shown.split(MEMBERS).skip(1);
    let sets = sets.map(|rest| rest.split('}').next().unwrap_or_default());
    let names = sets.flat_map(|set| set.split(", "));
    names
        .map(|name| name.trim_matches('"'))
        .filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::unknown;

    #[test]
    fn only_what_a_document_names_is_missed() {
        for fine in [
            r#"Group { name: "x", unknown: {} }"#,
            r#"Group { inner: Inner { unknown: {"unknown_0a"} }, unknown: {} }"#,
        ] {
            assert_eq!(unknown(fine), None);
        }
        for (flawed, flaw) in [
            (
                r#"Group { inner: Inner { unknown: {"unknown_0a", "color"} }, unknown: {} }"#,
                "no field for `color`",
            ),
            (
                r#"Group { kind: Some(Unknown(Text("x"))), unknown: {} }"#,
                r#"no name for Text("x")"#,
            ),
        ] {
            assert_eq!(unknown(flawed).as_deref(), Some(flaw));
        }
    }
}
