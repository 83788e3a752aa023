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
            '\u{61c}' | '\u{200e}' | '\u{200f}' => '_',
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '_',
            c if c.is_control() => '_',
            c => c,
        })
        .collect();
    let plain = plain.trim();
    let mut end = plain.len().min(LONGEST);
    while !plain.is_char_boundary(end) {
        end -= 1;
    }
    // Windows drops what is trimmed here. After the cut, which may have left such an end.
    let name = plain[..end].trim_end_matches(|c: char| c == '.' || c.is_whitespace());
    if name.is_empty() {
        return None;
    }
    // A file that nobody sees, or that a program takes for an option.
    let is_odd = name.starts_with(['.', '-']) || is_device(name);
    Some(format!("{}{name}", if is_odd { "_" } else { "" }))
}

/// Says whether Windows would open a device under that name, whatever its extension.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    let stem = stem.trim_end().to_ascii_uppercase();
    let is_port = |port: &str| {
        let number = stem.strip_prefix(port).unwrap_or_default();
        matches!(number, "\u{b9}" | "\u{b2}" | "\u{b3}")
            || number.len() == 1 && number.starts_with(|c: char| c.is_ascii_digit())
    };
    let is_plain = matches!(
        stem.as_str(),
        "AUX" | "CON" | "CONIN$" | "CONOUT$" | "NUL" | "PRN"
    );
    is_plain || is_port("COM") || is_port("LPT")
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
            ("attachment; filename=.bashrc", Some("_.bashrc")),
            ("attachment; filename=-rf", Some("_-rf")),
            ("attachment; filename=con", Some("_con")),
            ("attachment; filename=\"nul .txt\"", Some("_nul .txt")),
            ("attachment; filename=COM1.tar.gz", Some("_COM1.tar.gz")),
            (
                "attachment; filename*=utf-8''lpt%C2%B2.txt",
                Some("_lpt\u{b2}.txt"),
            ),
            ("attachment; filename=COM10", Some("COM10")),
            ("attachment; filename=console.txt", Some("console.txt")),
            (
                "attachment; filename*=utf-8''a%E2%80%8F%E2%80%8E%D8%9Cb",
                Some("a___b"),
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
        for end in [".txt", " .txt", "\u{a0}.txt"] {
            let long = format!("attachment; filename=\"{}{end}\"", "a".repeat(199));
            let long = HeaderValue::from_bytes(long.as_bytes()).expect("visible bytes");
            assert_eq!(
                of(&long),
                Some("a".repeat(199)),
                "no dot or space at the cut"
            );
        }
    }
}
