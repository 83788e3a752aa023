//! Fills the template of a path.

use std::fmt::{Display, Write as _};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::error::Error;

/// All but what RFC 3986 section 2.3 calls unreserved is encoded: a segment may hold more, but a value must not be able to
/// mean more than itself.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The path with `values` in the place of its `{names}`, in their order.
pub(super) fn fill(template: &str, values: &[&dyn Display]) -> Result<String, Error> {
    let mut path = String::with_capacity(template.len() + 16 * values.len());
    let mut values = values.iter();
    let mut rest = template;
    let mut text = String::new();
    while let Some((literal, name, after)) = next(rest) {
        let value = values.next().ok_or_else(|| miscounted(template))?;
        text.clear();
        if write!(text, "{value}").is_err() {
            return Err(Error::invalid(format!("`{name}` has no text")));
        }
        // Some servers decode a path before they look for its segments.
        let mut parts = text.split(['/', '\\']);
        if text.is_empty() || parts.any(|part| matches!(part, "." | "..")) {
            let problem = format!(
                "`{name}` is empty or has a part of dots alone: it would lead to another path"
            );
            return Err(Error::invalid(problem));
        }
        path.push_str(literal);
        path.extend(utf8_percent_encode(&text, SEGMENT));
        rest = after;
    }
    path.push_str(rest);
    match values.next() {
        Some(_) => Err(miscounted(template)),
        None => Ok(path),
    }
}

/// What stands before the next name, the name, and what stands behind it.
fn next(template: &str) -> Option<(&str, &str, &str)> {
    let (literal, rest) = template.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((literal, name, after))
}

fn miscounted(template: &str) -> Error {
    let names = template.matches('{').count();
    Error::invalid(format!(
        "the path `{template}` takes {names} values, and another number was given"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use percent_encoding::percent_decode_str;

    #[test]
    fn a_value_is_one_segment_and_comes_out_as_it_went_in() {
        for value in [
            "7",
            "a/b",
            "a?b#c",
            "100%",
            "%2F",
            "%2e%2e",
            "a b+c",
            "7:unlock",
            "漢字 é",
            "a\\b",
            "\r\n\t\0",
            "...",
            ".a",
            "{id}",
            "a;b=c,d@e!$&'()*",
        ] {
            let path = fill("/v4/agents/{id}:unlock", &[&value]).expect(value);
            let segment = path.strip_prefix("/v4/agents/").expect("the literal part");
            let segment = segment.strip_suffix(":unlock").expect("the literal end");
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~%".contains(c);
            assert!(segment.chars().all(is_plain), "{segment}");
            let decoded = percent_decode_str(segment).decode_utf8().expect("UTF-8");
            assert_eq!(decoded, value);
        }
    }

    #[test]
    fn values_stand_in_their_order() {
        let filled = fill("/a/{x}/b/{y}.json", &[&1, &"two"]).expect("a path");
        assert_eq!(filled, "/a/1/b/two.json");
        assert_eq!(fill("/a", &[]).expect("a path"), "/a");
    }

    #[test]
    fn a_value_that_leads_elsewhere_is_refused_by_its_name() {
        for value in [
            "",
            ".",
            "..",
            "../../admin",
            "..\\admin",
            "x/../../admin",
            "x/.",
        ] {
            let error = fill("/a/{first}/{second}", &[&1, &value]).expect_err(value);
            assert_eq!(error.kind(), ErrorKind::Invalid);
            assert!(error.to_string().contains("`second`"), "{error}");
        }
    }

    #[test]
    fn a_wrong_number_of_values_is_refused() {
        for values in [&[] as &[&dyn Display], &[&1, &2]] {
            let error = fill("/a/{id}", values).expect_err("a wrong number");
            assert_eq!(error.kind(), ErrorKind::Invalid);
            assert!(error.to_string().contains("`/a/{id}`"), "{error}");
        }
    }
}
