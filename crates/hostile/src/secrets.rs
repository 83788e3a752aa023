//! Looks for planted secrets in all that is shown, in whatever disguise.

use std::error::Error as _;
use std::io;
use std::sync::{Arc, Mutex};

use auth_core::Error;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

/// What a form leaves as it is.
const FORM: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'*')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_');

/// A secret and what it can look like inside a text.
pub(crate) struct Disguises {
    secret: String,
    forms: Vec<String>,
}

impl Disguises {
    /// Plain, percent-encoded, hexadecimal, escaped for JSON and HTML, and within longer Base64 wherever it starts.
    pub(crate) fn of(secret: &str) -> Self {
        let percent = percent(secret);
        let hex = hex(secret.as_bytes());
        let json = json(secret);
        let mut forms = vec![
            utf8_percent_encode(secret, FORM).to_string(),
            secret.to_owned(),
            percent.to_lowercase(),
            percent,
            hex.to_uppercase(),
            hex,
            json,
            ascii_json(secret),
            html(secret),
            wide(secret),
        ];
        for shift in 0..3 {
            let mut bytes = vec![0; shift];
            bytes.extend_from_slice(secret.as_bytes());
            // The first and the last group can hold what stands around the secret.
            let groups = bytes.len() / 3;
            for engine in [&STANDARD, &URL_SAFE] {
                forms.push(engine.encode(&bytes)[4..groups * 4].to_owned());
            }
        }
        forms.sort();
        forms.dedup();
        assert!(forms.iter().all(|form| form.len() >= 8), "`{secret}`");
        let secret = secret.to_owned();
        Self { secret, forms }
    }

    pub(crate) fn secret(&self) -> &str {
        &self.secret
    }

    /// Says what is told where `text` tells the secret.
    pub(crate) fn found(&self, text: &str) -> Option<String> {
        let form = self
            .forms
            .iter()
            .find(|form| text.contains(form.as_str()))?;
        Some(format!("`{}` as `{form}`", self.secret))
    }
}

/// Each byte that is no letter or digit, percent-encoded.
pub(crate) fn percent(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// Two lower-case digits a byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// As it stands in a JSON text, without the quotes.
pub(crate) fn json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// The same where the writer keeps to ASCII and escapes slashes, as PHP's does.
pub(crate) fn ascii_json(text: &str) -> String {
    let escape = |unit: u16| match char::from_u32(unit.into()) {
        Some('/') => "\\/".to_owned(),
        Some('"') => "\\\"".to_owned(),
        Some(letter @ ' '..='~') => letter.to_string(),
        _ => format!("\\u{unit:04x}"),
    };
    text.encode_utf16().map(escape).collect()
}

/// As it stands in an HTML text.
pub(crate) fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// UTF-16 as it looks where it is taken for UTF-8.
fn wide(text: &str) -> String {
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// All that an error tells, its causes included, but for the body, which has to be asked for.
pub(crate) fn told(error: &Error) -> String {
    let mut text = format!(
        "{error} {error:?} {error:#?} {:?} {:?} {:?}",
        error.provider_code(),
        error.provider_message(),
        error.request_id(),
    );
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(" {cause} {cause:?}"));
        source = cause.source();
    }
    text
}

/// Every trace line and log record of a thread.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Listens on this thread until the guard is dropped.
    pub(crate) fn listen(&self) -> impl Drop + use<> {
        let sink = self.clone();
        tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_ansi(false)
            .with_writer(move || sink.clone())
            .finish()
            .set_default()
    }

    /// What was written since the last time.
    pub(crate) fn take(&self) -> String {
        let lines = std::mem::take(&mut *self.0.lock().expect("nobody panics here"));
        String::from_utf8_lossy(&lines).into_owned()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .expect("nobody panics here")
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
