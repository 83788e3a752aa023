//! Holds values that never print.
//!
//! Answers: [`Secret`], [`SecretSource`]. Never: decides who may read a secret, stores one.
//!
//! A [`Secret`] is zeroed when it is dropped. Copies that leave this room (a request body, a header that is
//! ready to send) belong to the HTTP library; `docs/security.md` names them.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

/// A text that is zeroed on drop, compared in constant time, and printed as `[REDACTED]`.
///
/// # Examples
/// ```
/// let key = auth_core::Secret::new("k-123");
/// assert_eq!(format!("{key:?}"), "[REDACTED]");
/// assert_eq!(key.expose(), "k-123");
/// ```
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes the text over.
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// Gives the text to code that must have it; what it does with it is no longer guarded.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Says whether the text is empty.
    pub fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose()
            .as_bytes()
            .ct_eq(other.expose().as_bytes())
            .into()
    }
}

impl Eq for Secret {}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

/// Gives a long-lived password or key when it is needed, so that the client need not keep it.
///
/// It is asked once for each token request (password, client secret) or, for a key that travels with every call, once
/// at first and again after a 401. A rotated key is therefore picked up without a restart.
///
/// # Examples
/// ```
/// use std::error::Error;
/// use std::sync::Arc;
/// use auth_core::{Secret, SecretProvider, SecretSource};
///
/// struct Vault;
///
/// #[async_trait::async_trait]
/// impl SecretProvider for Vault {
///     async fn secret(&self) -> Result<Secret, Box<dyn Error + Send + Sync>> {
///         Ok(Secret::new("read from the vault"))
///     }
/// }
///
/// let source = SecretSource::provider(Arc::new(Vault));
/// ```
#[async_trait]
pub trait SecretProvider: Send + Sync {
    /// Reads the secret now.
    ///
    /// # Errors
    /// Whatever kept it from being read; the caller of the API meets it as the source of an
    /// [`ErrorKind::Store`](crate::ErrorKind::Store).
    async fn secret(&self) -> Result<Secret, Box<dyn StdError + Send + Sync>>;
}

/// A secret by value, or someone to ask for it. Texts and [`Secret`]s become one by `into()`, so builders take them as
/// they are.
///
/// # Examples
/// ```
/// use auth_core::SecretSource;
///
/// let key = SecretSource::from("k-123");
/// assert_eq!(key.known().map(|secret| secret.expose()), Some("k-123"));
/// assert_eq!(format!("{key:?}"), "[REDACTED]");
/// ```
///
/// For someone to ask, see [`SecretProvider`].
#[derive(Clone)]
pub struct SecretSource(Source);

#[derive(Clone)]
enum Source {
    Value(Secret),
    Provider(Arc<dyn SecretProvider>),
}

impl SecretSource {
    /// A secret that is known now and does not change.
    pub fn value(secret: impl Into<Secret>) -> Self {
        Self(Source::Value(secret.into()))
    }

    /// A secret that `provider` is asked for each time it is needed. One that has not answered within
    /// [`Settings::token_timeout`](crate::Settings::token_timeout) has failed.
    pub fn provider(provider: Arc<dyn SecretProvider>) -> Self {
        Self(Source::Provider(provider))
    }

    /// Says whether asking again can give another answer.
    pub(crate) fn can_change(&self) -> bool {
        matches!(self.0, Source::Provider(_))
    }

    /// The value, where it is known without asking.
    pub fn known(&self) -> Option<&Secret> {
        match &self.0 {
            Source::Value(secret) => Some(secret),
            Source::Provider(_) => None,
        }
    }

    /// Says whether it is known to be empty.
    pub(crate) fn is_empty(&self) -> bool {
        self.known().is_some_and(Secret::is_empty)
    }

    /// Reads the secret.
    pub(crate) async fn read(&self) -> Result<Secret, Box<dyn StdError + Send + Sync>> {
        match &self.0 {
            Source::Value(secret) => Ok(secret.clone()),
            Source::Provider(provider) => provider.secret().await,
        }
    }
}

impl fmt::Debug for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Source::Value(_) => "[REDACTED]",
            Source::Provider(_) => "SecretProvider",
        })
    }
}

impl From<Secret> for SecretSource {
    fn from(secret: Secret) -> Self {
        Self::value(secret)
    }
}

impl From<String> for SecretSource {
    fn from(text: String) -> Self {
        Self::value(text)
    }
}

impl From<&str> for SecretSource {
    fn from(text: &str) -> Self {
        Self::value(text)
    }
}

/// Joins a user name and a secret as `base64(user:secret)`, padded standard alphabet, UTF-8.
pub(crate) fn base64_pair(user: &str, secret: &Secret) -> Secret {
    let pair = Zeroizing::new(format!("{user}:{}", secret.expose()));
    Secret::new(STANDARD.encode(pair.as_bytes()))
}

/// The same with both halves form-encoded first, as RFC 6749 section 2.3.1 wants a client's id and secret for HTTP Basic.
pub(crate) fn basic_pair(id: &str, secret: &Secret) -> Secret {
    let encoded: String = byte_serialize(secret.expose().as_bytes()).collect();
    let id: String = byte_serialize(id.as_bytes()).collect();
    base64_pair(&id, &Secret::new(encoded))
}

/// The secret half of what [`base64_pair`] made, if it is such a pair.
pub(crate) fn secret_of_pair(pair: &str) -> Option<Secret> {
    let pair = Zeroizing::new(STANDARD.decode(pair).ok()?);
    let (_, secret) = std::str::from_utf8(&pair).ok()?.split_once(':')?;
    Some(Secret::new(secret))
}

/// A secret shorter than this is not searched for: replacing it would tear harmless text apart and tell its length.
const SHORTEST_SCRUBBED: usize = 4;

/// The texts that must not be seen in anything a server sends back: each secret as it is, in hexadecimal, in UTF-16, and
/// inside longer Base64 at each of the three alignments; any of them percent-encoded or escaped for JSON or HTML,
/// wholly or in part.
#[derive(Default)]
pub(crate) struct Scrubber(Vec<Zeroizing<String>>);

impl Scrubber {
    /// Adds a secret in all its disguises.
    pub(crate) fn add(&mut self, secret: &str) {
        if secret.len() < SHORTEST_SCRUBBED {
            return;
        }
        let mut forms = vec![secret.to_owned()];
        if let Ok(json) = serde_json::to_string(secret)
            && let Some(escaped) = json.get(1..json.len() - 1)
        {
            forms.push(escaped.to_owned());
        }
        for shift in 0..3 {
            let mut bytes = Zeroizing::new(vec![0_u8; shift]);
            bytes.extend_from_slice(secret.as_bytes());
            // Only whole groups that hold nothing but the secret are the same in any surrounding.
            let first = if shift == 0 { 0 } else { 4 };
            let last = bytes.len() / 3 * 4;
            for engine in [&STANDARD, &URL_SAFE] {
                let text = engine.encode(bytes.as_slice());
                if let Some(core) = text.get(first..last) {
                    forms.push(core.to_owned());
                }
            }
        }
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        forms.extend([hex.to_uppercase(), hex]);
        for unit in [u16::to_le_bytes, u16::to_be_bytes] {
            // A body is looked at as UTF-8, whatever it is.
            let wide: Vec<u8> = secret.encode_utf16().flat_map(unit).collect();
            let wide = Zeroizing::new(wide);
            forms.push(String::from_utf8_lossy(&wide).into_owned());
        }
        forms.retain(|form| form.len() >= SHORTEST_SCRUBBED);
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        forms.dedup();
        self.0.extend(forms.into_iter().map(Zeroizing::new));
    }

    /// Replaces every known form in `text`, each of its letters as it is, percent-encoded or escaped.
    pub(crate) fn scrub(&self, text: &str) -> String {
        let bytes = text.as_bytes();
        // A long text of a hostile server is gone through once, however many forms there are.
        let mut can_begin = [false; 256];
        for first in self.0.iter().filter_map(|form| form.bytes().next()) {
            can_begin[usize::from(first)] = true;
        }
        for escape in *b"%\\&+" {
            can_begin[usize::from(escape)] = true;
        }
        let mut clean = String::with_capacity(text.len());
        let (mut kept, mut at) = (0, 0);
        while let Some(skipped) = bytes
            .get(at..)
            .and_then(|rest| rest.iter().position(|byte| can_begin[usize::from(*byte)]))
        {
            at += skipped;
            let found = self
                .0
                .iter()
                .filter_map(|form| length_of(form, &bytes[at..]));
            let Some(length) = found.max() else {
                at += 1;
                continue;
            };
            clean.push_str(text.get(kept..at).unwrap_or_default());
            clean.push_str("[REDACTED]");
            at += length;
            kept = at;
        }
        clean.push_str(text.get(kept..).unwrap_or_default());
        clean
    }
}

/// How many bytes `form` takes up at the start of `text`, if it stands there.
fn length_of(form: &str, text: &[u8]) -> Option<usize> {
    let mut rest = text;
    for letter in form.chars() {
        rest = after_escape(letter, rest).or_else(|| after_bytes(letter, rest))?;
    }
    Some(text.len() - rest.len())
}

/// What stands behind `letter`, escaped for JSON or HTML.
fn after_escape(letter: char, text: &[u8]) -> Option<&[u8]> {
    match text {
        [b'\\', b'/', rest @ ..] => (letter == '/').then_some(rest),
        [b'\\', b'u', ..] => {
            let mut rest = text;
            for unit in letter.encode_utf16(&mut [0; 2]) {
                let [b'\\', b'u', a, b, c, d, after @ ..] = rest else {
                    return None;
                };
                let [high, low] = unit.to_be_bytes();
                if (hex(*a, *b), hex(*c, *d)) != (Some(high), Some(low)) {
                    return None;
                }
                rest = after;
            }
            Some(rest)
        }
        [b'&', b'#', rest @ ..] => after_reference(letter, rest),
        [b'&', rest @ ..] => {
            let name: &[u8] = match letter {
                '&' => b"amp;",
                '<' => b"lt;",
                '>' => b"gt;",
                '"' => b"quot;",
                '\'' => b"apos;",
                _ => return None,
            };
            rest.strip_prefix(name)
        }
        _ => None,
    }
}

/// What stands behind a numeric reference of HTML to `letter`, whose `&#` has been read.
fn after_reference(letter: char, text: &[u8]) -> Option<&[u8]> {
    let end = text.iter().take(9).position(|found| *found == b';')?;
    let number = std::str::from_utf8(&text[..end]).ok()?;
    let value = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => number.parse(),
    };
    (value == Ok(u32::from(letter))).then(|| &text[end + 1..])
}

/// What stands behind the bytes of `letter`, each as it is or percent-encoded.
fn after_bytes(letter: char, text: &[u8]) -> Option<&[u8]> {
    let mut rest = text;
    for byte in letter.encode_utf8(&mut [0; 4]).bytes() {
        rest = match rest {
            [b'%', high, low, rest @ ..] if hex(*high, *low) == Some(byte) => rest,
            [b'%', b'2', b'5', high, low, rest @ ..] if hex(*high, *low) == Some(byte) => rest,
            [b'+', rest @ ..] if byte == b' ' => rest,
            [same, rest @ ..] if *same == byte => rest,
            _ => return None,
        };
    }
    Some(rest)
}

fn hex(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

impl fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scrubber")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_of_secret_and_source_shows_nothing() {
        let shown = format!(
            "{:?} {:?}",
            Secret::new("canary-1"),
            SecretSource::from("canary-2")
        );
        assert!(!shown.contains("canary"), "{shown}");
    }

    #[test]
    fn pair_is_padded_standard_base64_of_utf8() {
        assert_eq!(base64_pair("ä", &Secret::new("ö")).expose(), "w6Q6w7Y=");
    }

    #[test]
    fn scrubber_knows_the_escapes_of_json_and_html() {
        let mut scrubber = Scrubber::default();
        scrubber.add("s3cret/of+app");
        for text in [
            r"s3cret\/of+app",
            r"s3cret/of\u002Bapp",
            "s3cret&#47;of&#43;app",
            "s3cret&#x2F;of&#x2b;app",
            "s3cret%252Fof%252Bapp",
        ] {
            assert_eq!(scrubber.scrub(text), "[REDACTED]", "{text}");
        }
        assert_eq!(scrubber.scrub("&#47;&#"), "&#47;&#");
    }

    #[test]
    fn scrubber_knows_escapes_of_every_letter_hexadecimal_and_utf_16() {
        let secret = "pä<ss>&\"wö😀rd/";
        let mut scrubber = Scrubber::default();
        scrubber.add(secret);
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        for text in [
            "p\\u00e4<ss>&\\\"w\\u00F6\\ud83d\\uDE00rd\\/",
            "p\\u00e4\\u003css\\u003e\\u0026\\u0022w\\u00f6\\ud83d\\ude00rd/",
            "pä&lt;ss&gt;&amp;&quot;wö😀rd/",
            "p&#228;&#60;ss&#x3e;&#38;&#34;w&#xF6;&#128512;rd&#x2f;",
            &hex,
            &hex.to_uppercase(),
        ] {
            assert_eq!(scrubber.scrub(text), "[REDACTED]", "{text}");
        }
        for unit in [u16::to_le_bytes, u16::to_be_bytes] {
            let body: Vec<u8> = secret.encode_utf16().flat_map(unit).collect();
            let text = String::from_utf8_lossy(&body);
            assert_eq!(scrubber.scrub(&text), "[REDACTED]");
        }
        for text in ["\\u", "\\u00", "p\\u00e4&", "&;", "\\ud83d"] {
            assert_eq!(scrubber.scrub(text), text);
        }
    }

    #[test]
    fn scrubber_finds_a_secret_in_every_disguise() {
        let secret = "S3cr/t+wit h%ä\"quote";
        let mut scrubber = Scrubber::default();
        scrubber.add(secret);
        for before in ["", "a", "ab", "user:"] {
            let text = STANDARD.encode(format!("{before}{secret}tail"));
            assert!(
                scrubber.scrub(&text).contains("[REDACTED]"),
                "base64 after {before:?}"
            );
        }
        let form: String = byte_serialize(secret.as_bytes()).collect();
        let percent =
            percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC)
                .to_string();
        for text in [
            secret,
            &form,
            &form.replace("%2F", "%2f").replace("%2B", "%2b"),
            &percent,
            &percent.replace("%2F", "/"),
            "S3cr/t+wit h%ä\\\"quote",
        ] {
            assert_eq!(scrubber.scrub(text), "[REDACTED]", "{text}");
        }
    }
}
