//! Reads the name of a file out of `Content-Disposition`, so that it names a file and nothing else.
//!
//! # Source
//! RFC 6266 sections 4.1 and 4.3, RFC 8187.

use http::HeaderValue;
use percent_encoding::percent_decode_str;

/// A name longer than this is cut: no common file system takes more.
const LONGEST: usize = 200;

/// The name that the header gives, without directories or anything that a file system could take for something else.
pub(super) fn of(header: &HeaderValue) -> Option<String> {
    let text = String::from_utf8_lossy(header.as_bytes());
    let parameters = parameters(&text);
    let find = |name: &str| {
        let found = parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    };
    let extended = find("filename*").and_then(extended);
    extended
        .or_else(|| find("filename").map(str::to_owned))
        .and_then(|name| safe(&name))
}

/// The parameters behind the first semicolon: names in small letters, values without quotation marks.
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text.split_once(';').map_or("", |(_, rest)| rest);
    while let Some((name, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let (value, behind) = match after.strip_prefix('"') {
            Some(inside) => unquoted(inside),
            None => {
                let (value, behind) = after.split_once(';').unwrap_or((after, ""));
                (value.trim().to_owned(), behind)
            }
        };
        let name = name.rsplit(';').next().unwrap_or_default();
        found.push((name.trim().to_ascii_lowercase(), value));
        rest = behind;
    }
    found
}

/// The text up to the closing quotation mark, and what stands behind it.
fn unquoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (value, &text[at + 1..]),
            // Only quotation mark and backslash are escaped by anybody; elsewhere it is part of a path.
            '\\' if text[at + 1..].starts_with(['"', '\\']) => {
                value.extend(letters.next().map(|(_, letter)| letter));
            }
            letter => value.push(letter),
        }
    }
    (value, "")
}

/// The text of `UTF-8'en'na%C3%AFve.txt`.
fn extended(value: &str) -> Option<String> {
    let (charset, rest) = value.split_once('\'')?;
    let (_, text) = rest.split_once('\'')?;
    let bytes = percent_decode_str(text);
    match charset.to_ascii_lowercase().as_str() {
        "utf-8" => bytes.decode_utf8().ok().map(|text| text.into_owned()),
        "iso-8859-1" => Some(bytes.map(char::from).collect()),
        _ => None,
    }
}

/// The last part of a path, with what means something to a file system replaced.
fn safe(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last
        .chars()
        .map(|c| match c {
            ':' | '*' | '?' | '"' | '<' | '>' | '|' => '_',
            // Marks that turn the direction of writing make `exe.txt` of `txt.exe`.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '_',
            c if c.is_control() => '_',
            c => c,
        })
        .collect();
    let plain = plain.trim().trim_end_matches(['.', ' ']);
    let mut end = plain.len().min(LONGEST);
    while !plain.is_char_boundary(end) {
        end -= 1;
    }
    Some(plain[..end].to_owned()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_in_every_form_and_names_no_other_place() {
        for (header, name) in [
            ("attachment; filename=a.csv", Some("a.csv")),
            (
                "attachment; FileName = \"a b.csv\"; size=3",
                Some("a b.csv"),
            ),
            ("attachment; filename=\"a;b=c.csv\"", Some("a;b=c.csv")),
            ("attachment; filename=\"a\\\"b.csv\"", Some("a_b.csv")),
            (
                "inline;x=1;filename*=UTF-8''na%C3%AFve%2Fx.txt",
                Some("x.txt"),
            ),
            (
                "attachment; filename=\"old.csv\"; filename*=utf-8'en'new%20.csv",
                Some("new .csv"),
            ),
            (
                "attachment; filename*=iso-8859-1''%E9.csv; filename=e.csv",
                Some("é.csv"),
            ),
            (
                "attachment; filename*=utf-8''%FF; filename=e.csv",
                Some("e.csv"),
            ),
            ("attachment; filename=\"../../etc/passwd\"", Some("passwd")),
            ("attachment; filename=\"C:\\temp\\a.csv\"", Some("a.csv")),
            ("attachment; filename=\"C:a.csv\"", Some("C_a.csv")),
            ("attachment; filename*=utf-8''a%00%0D.csv", Some("a__.csv")),
            (
                "attachment; filename*=utf-8''%E2%80%AEvsc.exe",
                Some("_vsc.exe"),
            ),
            ("attachment; filename=\"..\"", None),
            ("attachment; filename=\"a/\"", None),
            ("attachment; filename=\"\"", None),
            ("attachment; filename=\"open", Some("open")),
            ("attachment", None),
            ("filename=a.csv", None),
            ("", None),
        ] {
            let value = HeaderValue::from_str(header).expect(header);
            assert_eq!(of(&value).as_deref(), name, "{header}");
        }
        let long = format!("attachment; filename={}", "ü".repeat(300));
        let long = HeaderValue::from_bytes(long.as_bytes()).expect("visible bytes");
        assert_eq!(of(&long), Some("ü".repeat(100)));
    }
}
