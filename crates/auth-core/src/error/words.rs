//! Puts foreign texts into an error's words: one bounded line each, without values.

/// How much of a foreign text an error keeps.
const MESSAGE_KEPT: usize = 500;

/// A JSON path as it may be shown; `None` where it says nothing.
pub(super) fn place(path: &str) -> Option<String> {
    let path: Vec<_> = path.split('.').map(shown_segment).collect();
    let path = path.join(".");
    let is_empty = matches!(path.as_str(), "" | "$" | "." | "?");
    (!is_empty).then(|| one_line(&path))
}

/// A part of a JSON path, unless it looks like data: the keys of a map are the provider's, and can be anything.
fn shown_segment(segment: &str) -> &str {
    let is_name =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$' | '[' | ']' | '@');
    if segment.len() <= 40 && segment.chars().all(is_name) {
        segment
    } else {
        "?"
    }
}

/// A foreign text as one printable line of bounded length, which reads as it stands there: what ends a line elsewhere
/// (U+2028, U+2029) or turns the writing around (U+202A to U+202E, U+2066 to U+2069) is a space.
pub(crate) fn one_line(text: &str) -> String {
    let moves = |c: char| matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars()
        .map(|c| if c.is_control() || moves(c) { ' ' } else { c })
        .take(MESSAGE_KEPT)
        .collect()
}

/// What a JSON error says about the expectation, without the value that was found: that can be a secret.
pub(crate) fn without_value(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!("line {} column {}", error.line(), error.column());
    if let Some(start) = text.rfind("expected ").filter(|_| error.is_data()) {
        let expected = text[start..].split(" at line ").next().unwrap_or_default();
        return format!("{expected} at {place}");
    }
    if error.is_data() && (text.starts_with("missing field") || text.starts_with("duplicate field"))
    {
        return text;
    }
    let class = if error.is_eof() {
        "the JSON ends too early"
    } else {
        "no valid JSON"
    };
    format!("{class} at {place}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_error_does_not_repeat_the_value() {
        let found = serde_json::from_str::<u64>("\"canary\"");
        let text = without_value(&found.expect_err("a text is no number"));
        assert!(text.starts_with("expected u64"), "{text}");
        assert!(!text.contains("canary"), "{text}");
    }
}
