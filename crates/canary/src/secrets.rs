//! Knows the disguises of a secret: plain, percent-encoded, escaped, in hex, as a list of bytes, and inside Base64.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use percent_encoding::percent_decode;

/// A shorter disguise can't be told from chance.
const SHORTEST: usize = 8;
/// What some of the forms are called.
const BYTES: &str = "as bytes";
const HEX_WITH_GAPS: &str = "in hex with gaps";
/// What one of the views is called.
const PERCENT: &str = ", percent-encoded";

/// Secrets that must be seen nowhere.
#[derive(Clone, Debug)]
pub struct Secrets {
    planted: Vec<Planted>,
    /// A bit for each pair of bytes that a disguise begins with, so that one pass over a text looks for all of them.
    starts: Vec<u64>,
}

#[derive(Clone, Debug)]
struct Planted {
    secret: String,
    /// What the disguise is called, and what it looks like.
    disguises: Vec<(&'static str, String)>,
}

impl Secrets {
    /// Each of these, as a whole.
    ///
    /// # Panics
    /// If one is too short to be told from chance.
    pub fn new<S: AsRef<str>>(secrets: impl IntoIterator<Item = S>) -> Self {
        let mut all = Self {
            planted: Vec::new(),
            starts: vec![0; 1024],
        };
        for secret in secrets {
            all.plant(secret.as_ref());
        }
        all
    }

    /// One more.
    ///
    /// # Panics
    /// If it is too short to be told from chance.
    pub fn plant(&mut self, secret: &str) {
        let disguises = disguises(secret);
        for (form, disguise) in &disguises {
            let length = disguise.len();
            assert!(length >= SHORTEST, "`{secret}` is too short: {form}");
        }
        for (_, disguise) in &disguises {
            if let Some(pair) = pair(disguise.as_bytes()) {
                self.starts[pair / 64] |= 1 << (pair % 64);
            }
        }
        let secret = secret.to_owned();
        self.planted.push(Planted { secret, disguises });
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.planted.len()
    }

    /// The first secret that `text` holds: which one, in which form, and the line that tells it.
    pub fn leak(&self, text: &str) -> Option<String> {
        self.tell(text, |text| self.find(views(text), |_| true))
    }

    /// The same, but only in forms that a client can be asked to know again in what a server sends back: plain,
    /// percent-encoded, in hex without gaps, inside Base64. Nobody can undo whatever a server makes up.
    pub fn leak_in_echo(&self, text: &str) -> Option<String> {
        self.tell(text, |text| {
            let views = views(text).into_iter();
            let views = views.filter(|(view, _)| matches!(*view, "" | PERCENT));
            self.find(views, |form| !matches!(form, HEX_WITH_GAPS | BYTES))
        })
    }

    fn tell<'s>(
        &self,
        text: &str,
        find: impl Fn(&str) -> Option<(&'s str, String)>,
    ) -> Option<String> {
        let (secret, form) = find(text)?;
        let line = text.lines().find(|line| find(line).is_some());
        // A leak over several lines has no line of its own.
        let line: String = line.unwrap_or(text).chars().take(2_000).collect();
        Some(format!("`{secret}` is told, {form}: {line}"))
    }

    /// The first secret that one of the views holds in a form that counts, and which one that is.
    fn find<'t>(
        &self,
        views: impl IntoIterator<Item = (&'static str, Cow<'t, str>)>,
        counts: impl Fn(&str) -> bool,
    ) -> Option<(&str, String)> {
        for (view, text) in views {
            let text = text.as_bytes();
            let starts = (0..text.len()).filter(|at| {
                let pair = pair(&text[*at..]);
                pair.is_some_and(|pair| self.starts[pair / 64] >> (pair % 64) & 1 == 1)
            });
            for at in starts {
                for planted in &self.planted {
                    for (form, disguise) in &planted.disguises {
                        if text[at..].starts_with(disguise.as_bytes()) && counts(form) {
                            return Some((&planted.secret, format!("{form}{view}")));
                        }
                    }
                }
            }
        }
        None
    }
}

/// The first two bytes as a number.
fn pair(bytes: &[u8]) -> Option<usize> {
    let [first, second, ..] = bytes else {
        return None;
    };
    Some(usize::from(*first) << 8 | usize::from(*second))
}

/// What `secret` looks like inside a text, once [`views`] has taken the percent signs and backslashes out of it.
fn disguises(secret: &str) -> Vec<(&'static str, String)> {
    let bytes = secret.as_bytes();
    let joined = |separator: &str, show: fn(&u8) -> String| {
        let shown: Vec<_> = bytes.iter().map(show).collect();
        shown.join(separator)
    };
    let mut found = vec![
        ("plain", secret.to_owned()),
        ("in hex", joined("", |byte| format!("{byte:02x}"))),
        ("in hex", joined("", |byte| format!("{byte:02X}"))),
        (HEX_WITH_GAPS, joined(" ", |byte| format!("{byte:02x}"))),
        (HEX_WITH_GAPS, joined(":", |byte| format!("{byte:02x}"))),
        (HEX_WITH_GAPS, joined(", ", |byte| format!("{byte:02x}"))),
        (BYTES, joined(", ", u8::to_string)),
        (BYTES, joined(",", u8::to_string)),
        (BYTES, joined(", ", |byte| format!("{byte:#04x}"))),
    ];
    for shift in 0..3 {
        let mut shifted = vec![0; shift];
        shifted.extend_from_slice(bytes);
        // The first and the last group can hold what stands around the secret.
        let first = if shift == 0 { 0 } else { 4 };
        let last = shifted.len() / 3 * 4;
        for (form, engine) in [("in Base64", &STANDARD), ("in Base64 for URLs", &URL_SAFE)] {
            let text = engine.encode(&shifted);
            found.push((form, text.get(first..last).unwrap_or_default().to_owned()));
        }
    }
    found
}

/// The text as it is, and with what hides characters undone: percent-encoding once and twice, `+` for a space, and the
/// escapes of JSON and of Rust's `Debug`.
fn views(text: &str) -> Vec<(&'static str, Cow<'_, str>)> {
    let decode = |text: &str| {
        let decoded = percent_decode(text.as_bytes()).decode_utf8_lossy();
        decoded.into_owned()
    };
    let mut views = vec![("", Cow::Borrowed(text))];
    let has = |mark: char| text.contains(mark);
    if has('%') {
        let once = decode(text);
        let twice = decode(&once);
        views.push((PERCENT, once.into()));
        views.push((", percent-encoded twice", twice.into()));
    }
    if has('+') {
        // `+` first: a `%2B` is none of these.
        let form = decode(&text.replace('+', " "));
        views.push((", form-encoded", form.into()));
    }
    if has('\\') {
        let unescaped = unescape(text);
        if unescaped.contains('%') {
            views.push((", escaped and percent-encoded", decode(&unescaped).into()));
        }
        views.push((", escaped", unescaped.into()));
    }
    views
}

/// Undoes the escapes of JSON strings and of Rust's `Debug` of texts and bytes; what is none stays.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let behind = &rest[at + 1..];
        rest = match escaped(behind) {
            Some((meant, length)) => {
                bytes.extend_from_slice(&meant);
                &behind[length..]
            }
            None => {
                bytes.push(b'\\');
                behind
            }
        };
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What stands behind a backslash: the bytes that are meant, and how many characters say so.
fn escaped(behind: &str) -> Option<(Vec<u8>, usize)> {
    let number = |digits: Option<&str>| u32::from_str_radix(digits?, 16).ok();
    let character = |code: u32| Some(char::from_u32(code)?.to_string().into_bytes());
    let rest = behind.get(1..);
    match behind.as_bytes().first()? {
        mark @ (b'"' | b'\'' | b'\\' | b'/') => Some((vec![*mark], 1)),
        b'n' => Some((vec![b'\n'], 1)),
        b'r' => Some((vec![b'\r'], 1)),
        b't' => Some((vec![b'\t'], 1)),
        b'0' => Some((vec![0], 1)),
        b'x' => {
            let byte = number(rest?.get(..2))?;
            Some((vec![u8::try_from(byte).ok()?], 3))
        }
        b'u' => match rest?.strip_prefix('{') {
            Some(braced) => {
                let end = braced.find('}')?;
                Some((character(number(braced.get(..end))?)?, end + 3))
            }
            None => Some((character(number(rest?.get(..4))?)?, 5)),
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

    use super::*;

    const SECRETS: [&str; 6] = [
        "canary client/secret+é",
        "canary?secret~1",
        "canary&pass=word",
        "canary-token/1==",
        "canary\"quoted\\secret",
        "0123456789abcdef",
    ];

    fn every_byte(secret: &str, show: fn(u8) -> String) -> String {
        secret.bytes().map(show).collect()
    }

    /// Every way in which a slip could show a secret.
    fn slips(secret: &str) -> Vec<(&'static str, String)> {
        let percent = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
        let form = percent.replace("%20", "+");
        let mut slips = vec![
            ("plain", secret.to_owned()),
            ("debug", format!("{secret:?}")),
            ("debug of bytes", format!("{:?}", secret.as_bytes())),
            (
                "debug of bytes in hex",
                format!("{:02x?}", secret.as_bytes()),
            ),
            ("byte string", secret.escape_default().to_string()),
            ("ascii", secret.as_bytes().escape_ascii().to_string()),
            ("percent, upper", percent.clone()),
            ("percent, lower", percent.to_lowercase()),
            (
                "percent, twice",
                utf8_percent_encode(&percent, NON_ALPHANUMERIC).to_string(),
            ),
            (
                "percent, all",
                every_byte(secret, |byte| format!("%{byte:02x}")),
            ),
            ("form, upper", form.clone()),
            ("form, lower", form.to_lowercase()),
            (
                "hex, upper",
                every_byte(secret, |byte| format!("{byte:02X}")),
            ),
            (
                "hex, lower",
                every_byte(secret, |byte| format!("{byte:02x}")),
            ),
            (
                "json",
                every_byte(secret, |byte| match byte {
                    b'/' => "\\/".to_owned(),
                    b'"' => "\\\"".to_owned(),
                    b'\\' => "\\\\".to_owned(),
                    byte => format!("\\x{byte:02x}"),
                }),
            ),
        ];
        for engine in [&STANDARD, &URL_SAFE] {
            for before in ["", "u", "u:", "us:", "user name:"] {
                for behind in ["", ":", "é!"] {
                    let text = engine.encode(format!("{before}{secret}{behind}"));
                    let percent = utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string();
                    slips.push(("Base64", text));
                    slips.push(("Base64, percent", percent));
                }
            }
        }
        slips
    }

    #[test]
    fn a_secret_is_found_in_every_form_and_surrounding() {
        for secret in SECRETS {
            let secrets = Secrets::new([secret]);
            for (slip, text) in slips(secret) {
                for text in [
                    text.clone(),
                    format!("{{\"a\":\"x{text}y\"}}"),
                    format!("\n{text}\n"),
                ] {
                    if let ("hex, upper" | "hex, lower" | "Base64" | "Base64, percent", true) =
                        (slip, text.contains('x'))
                    {
                        continue; // these have no border of their own
                    }
                    assert!(secrets.leak(&text).is_some(), "{slip}: {text}");
                }
            }
        }
    }

    #[test]
    fn an_echo_is_found_in_the_forms_that_a_client_knows_again() {
        for secret in SECRETS {
            let secrets = Secrets::new([secret]);
            for (slip, text) in slips(secret) {
                if matches!(
                    slip,
                    "plain"
                        | "percent, upper"
                        | "percent, lower"
                        | "percent, all"
                        | "hex, upper"
                        | "hex, lower"
                        | "Base64"
                        | "Base64, percent"
                ) {
                    assert!(secrets.leak_in_echo(&text).is_some(), "{slip}: {text}");
                }
            }
            let bytes = format!("{:?}", secret.as_bytes());
            assert_eq!(secrets.leak_in_echo(&bytes), None);
        }
    }

    #[test]
    fn what_only_resembles_a_secret_is_none() {
        let secrets = Secrets::new(SECRETS);
        for text in [
            "",
            "canary",
            "canary client/secret",
            "[REDACTED] \\ \\u \\u{ \\u{zz} \\x \\xz % %z %%",
            "Y2FuYXJ5",
        ] {
            assert_eq!(secrets.leak(text), None);
        }
    }

    #[test]
    #[should_panic(expected = "too short")]
    fn a_secret_that_chance_could_show_is_refused() {
        Secrets::new(["short"]);
    }
}
