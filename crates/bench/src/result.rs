//! What a group of measurements found, kept as JSON between runs and shown as a table.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::Result;
use serde::{Deserialize, Serialize};

/// The median of several rounds, and what three quarters of them stayed within.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Figure {
    pub(crate) median: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Figure {
    /// One that does not vary.
    pub(crate) fn exact(value: f64) -> Self {
        Self {
            median: value,
            low: value,
            high: value,
        }
    }

    /// Of the rounds' values.
    pub(crate) fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |part: f64| {
            let place = (values.len().saturating_sub(1)) as f64 * part;
            values
                .get(place.round() as usize)
                .copied()
                .unwrap_or(f64::NAN)
        };
        Self {
            median: at(0.5),
            low: at(0.125),
            high: at(0.875),
        }
    }

    /// Of what each pair of values makes; rounds are compared with rounds.
    pub(crate) fn ratio(ours: &[f64], theirs: &[f64]) -> Self {
        Self::of(
            ours.iter()
                .zip(theirs)
                .map(|(ours, theirs)| ours / theirs)
                .collect(),
        )
    }

    fn text(self) -> String {
        if self.low == self.high {
            return number(self.median);
        }
        format!(
            "{} ({}..{})",
            number(self.median),
            number(self.low),
            number(self.high)
        )
    }
}

/// A number with as many digits as are worth reading.
pub(crate) fn number(value: f64) -> String {
    let digits = match value.abs() {
        value if value >= 100.0 || value == 0.0 => 0,
        value if value >= 10.0 => 1,
        value if value >= 0.1 => 2,
        _ => 4,
    };
    let whole = format!("{value:.digits$}");
    let (integer, fraction) = whole.split_at(whole.find('.').unwrap_or(whole.len()));
    let mut grouped = String::new();
    for (index, digit) in integer.chars().enumerate() {
        let left = integer.len() - index;
        if index > 0 && left % 3 == 0 && !grouped.ends_with('-') {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + fraction
}

/// A table: one subject a row, one quantity a column.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Table {
    pub(crate) title: String,
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Row>,
    /// The goal in words, and whether it was met.
    pub(crate) goal: Option<(String, bool)>,
    /// Why a goal is not met, or what a ratio is made of, as far as that is known.
    #[serde(default)]
    pub(crate) reason: Option<String>,
    /// Which column the plot shows.
    pub(crate) plotted: Option<usize>,
}

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) cells: Vec<Cell>,
}

/// A figure, or why there is none.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) enum Cell {
    Figure(Figure),
    Text(String),
}

impl From<Figure> for Cell {
    fn from(figure: Figure) -> Self {
        Self::Figure(figure)
    }
}

impl From<f64> for Cell {
    fn from(value: f64) -> Self {
        Self::Figure(Figure::exact(value))
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl Cell {
    pub(crate) fn value(&self) -> Option<f64> {
        match self {
            Self::Figure(figure) => Some(figure.median),
            Self::Text(_) => None,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Figure(figure) => figure.text(),
            Self::Text(text) => text.clone(),
        }
    }
}

impl Table {
    pub(crate) fn new(title: &str, columns: &[&str]) -> Self {
        Self {
            title: title.to_owned(),
            columns: columns.iter().map(|&column| column.to_owned()).collect(),
            rows: Vec::new(),
            goal: None,
            reason: None,
            plotted: None,
        }
    }

    pub(crate) fn row(&mut self, name: impl Into<String>, cells: Vec<Cell>) {
        self.rows.push(Row {
            name: name.into(),
            cells,
        });
    }

    /// The goal, and whether it was met.
    pub(crate) fn goal(&mut self, text: impl Into<String>, met: bool) {
        self.goal = Some((text.into(), met));
    }

    /// Why it is so.
    pub(crate) fn reason(&mut self, text: &str) {
        self.reason = Some(text.to_owned());
    }

    fn markdown(&self) -> String {
        let mut text = format!("### {}\n\n", self.title);
        let _ = writeln!(text, "| | {} |", self.columns.join(" | "));
        let _ = writeln!(text, "|---|{}", "---:|".repeat(self.columns.len()));
        for row in &self.rows {
            let cells: Vec<_> = row.cells.iter().map(Cell::text).collect();
            let _ = writeln!(text, "| {} | {} |", row.name, cells.join(" | "));
        }
        if let Some((goal, met)) = &self.goal {
            let verdict = if *met { "met" } else { "**not met**" };
            let _ = writeln!(text, "\nGoal: {goal}: {verdict}.");
        }
        let is_met = matches!(self.goal, Some((_, true)));
        if let Some(reason) = self.reason.as_ref().filter(|_| !is_met) {
            let _ = writeln!(text, "\n{reason}");
        }
        text
    }
}

/// What one group found.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) title: String,
    /// How it was measured, what the figures mean, and who is missing and why.
    pub(crate) method: String,
    pub(crate) tables: Vec<Table>,
    /// When, where and with what.
    pub(crate) setting: String,
}

impl Group {
    pub(crate) fn new(name: &str, title: &str, method: &str) -> Self {
        Self {
            name: name.to_owned(),
            title: title.to_owned(),
            method: method.to_owned(),
            tables: Vec::new(),
            setting: String::new(),
        }
    }

    pub(crate) fn markdown(&self) -> String {
        let mut text = format!("## {}\n\n{}\n", self.title, self.method);
        for table in &self.tables {
            text.push('\n');
            text.push_str(&table.markdown());
        }
        text
    }

    /// Writes it down for the page.
    pub(crate) fn keep(&self, directory: &Path) -> Result<()> {
        fs::create_dir_all(directory)?;
        let path = directory.join(format!("{}.json", self.name));
        Ok(fs::write(path, serde_json::to_string_pretty(self)?)?)
    }

    /// Reads what an earlier run wrote down, if there was one.
    pub(crate) fn kept(name: &str, directory: &Path) -> Result<Option<Self>> {
        let path = directory.join(format!("{name}.json"));
        if !path.exists() {
            return Ok(None);
        }
        Ok(Some(serde_json::from_str(&fs::read_to_string(path)?)?))
    }
}

#[cfg(test)]
mod tests {
    use super::{Figure, number};

    #[test]
    fn numbers_are_grouped_and_cut() {
        assert_eq!(number(1_234_567.8), "1,234,568");
        assert_eq!(number(184.0), "184");
        assert_eq!(number(12.345), "12.3");
        assert_eq!(number(1.2345), "1.23");
        assert_eq!(number(0.012_34), "0.0123");
    }

    #[test]
    fn ratio_is_taken_round_by_round() {
        let figure = Figure::ratio(&[2.0, 20.0, 200.0], &[1.0, 10.0, 100.0]);
        assert_eq!((figure.low, figure.median, figure.high), (2.0, 2.0, 2.0));
    }
}
