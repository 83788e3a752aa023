//! Tells on standard error how far the demo is: a bar on a terminal, else a line for each step.

use std::cell::{Cell, RefCell};
use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// How far the demo is.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    total: usize,
    begun: Cell<usize>,
    journey: RefCell<String>,
}

impl Progress {
    /// Nothing is done yet of `total` journeys.
    pub(crate) fn new(total: usize) -> Self {
        let bar = io::stderr().is_terminal().then(|| bar(total));
        Self {
            bar,
            total,
            begun: Cell::new(0),
            journey: RefCell::default(),
        }
    }

    /// Tells nothing.
    #[cfg(test)]
    pub(crate) fn hidden() -> Self {
        Self {
            bar: Some(ProgressBar::hidden()),
            total: 0,
            begun: Cell::new(0),
            journey: RefCell::default(),
        }
    }

    /// The journey of that name begins.
    pub(crate) fn begin(&self, journey: String) {
        if let Some(bar) = &self.bar {
            bar.set_position(self.begun.get() as u64);
        }
        self.begun.set(self.begun.get() + 1);
        self.journey.replace(journey);
    }

    /// The journey is at `step`.
    pub(crate) fn enter(&self, step: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{}: {step}", self.journey.borrow()));
        }
    }

    /// The journey has made `step`, with this outcome. Who is not there to read it is no reason to stop.
    pub(crate) fn done(&self, step: &str, outcome: &str) {
        if self.bar.is_none() {
            let (number, total, journey) = (self.begun.get(), self.total, self.journey.borrow());
            writeln!(
                io::stderr(),
                "[{number:2}/{total}] {journey}: {step}: {outcome}"
            )
            .ok();
        }
    }

    /// All journeys are over.
    pub(crate) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(total: usize) -> ProgressBar {
    let bar = ProgressBar::new(total as u64);
    // The template is a constant; were it wrong, the plain bar would do.
    if let Ok(style) = ProgressStyle::with_template("{spinner} {bar:20} {pos}/{len}  {wide_msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}
