//! Keeps all that is shown while a test runs.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::level_filters::LevelFilter;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::util::SubscriberInitExt as _;

/// All that was shown: what was noted here, and every trace line and log record while somebody listened. Clones are one.
#[derive(Clone, Debug, Default)]
pub struct Shown(Arc<Mutex<Vec<u8>>>);

impl Shown {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Listens to every trace line and log record of this thread, whatever its level, until the guard is dropped. Events
    /// come with their spans and with all fields of both.
    ///
    /// # Panics
    /// If another kind of listener has been set up for the whole process.
    pub fn listen(&self) -> DefaultGuard {
        let sink = self.clone();
        tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
            .with_ansi(false)
            .with_writer(move || sink.clone())
            .finish()
            .set_default()
    }

    /// Listens to this thread for as long as it lives: for the threads of a runtime.
    pub fn listen_for_good(&self) {
        std::mem::forget(self.listen());
    }

    /// Adds a text.
    pub fn note(&self, text: &str) {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shown.extend_from_slice(text.as_bytes());
        shown.push(b'\n');
    }

    /// Adds what `Debug` shows of a value, on one line and on many.
    pub fn debug(&self, value: &(impl fmt::Debug + ?Sized)) {
        self.note(&format!("{value:?} {value:#?}"));
    }

    /// All of it.
    pub fn text(&self) -> String {
        let shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&shown).into_owned()
    }
}

impl io::Write for Shown {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shown.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// All that an error tells, its causes included.
pub fn told(error: &(dyn Error + 'static)) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(" {cause} {cause:?} {cause:#?}"));
        source = cause.source();
    }
    text
}
