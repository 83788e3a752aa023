//! Sets what became of the sign-ins in columns.

use crate::journey::{Row, STEPS};

/// The table, a line for each sign-in below a line of titles.
pub(crate) fn render(rows: &[Row]) -> String {
    let mut lines = vec![titles()];
    lines.extend(rows.iter().map(texts));
    let widths: Vec<usize> = (0..lines[0].len())
        .map(|column| lines.iter().map(|line| width(&line[column])).max())
        .map(Option::unwrap_or_default)
        .collect();
    let mut table = String::new();
    for line in &lines {
        let mut text = String::new();
        for (cell, width) in line.iter().zip(&widths) {
            text.push_str(&format!("{cell:width$}  "));
        }
        table.push_str(text.trim_end());
        table.push('\n');
    }
    table
}

/// What the shorter texts in the table mean.
pub(crate) const LEGEND: &str = "\
expired         all callers meet a token that has run out, at once
never expires   a key travels as it is; no token endpoint is asked
needs a person  the browser brings a token without a refresh token: all callers are told so, nothing is sent
";

/// The last line: how many of them work.
pub(crate) fn sum(rows: &[Row]) -> String {
    let working = rows.iter().filter(|row| row.error.is_none()).count();
    format!("{working} of {} sign-ins work", rows.len())
}

fn titles() -> Vec<String> {
    let all = ["vendor", "sign-in"].into_iter().chain(STEPS);
    all.chain(["seconds"]).map(str::to_owned).collect()
}

fn texts(row: &Row) -> Vec<String> {
    let mut texts = vec![row.vendor.to_owned(), row.name.to_owned()];
    for step in 0..STEPS.len() {
        texts.push(row.cells.get(step).cloned().unwrap_or_default());
    }
    texts.push(format!("{:7.1}", row.took.as_secs_f64()));
    texts
}

fn width(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{render, sum};
    use crate::journey::{FAILED, Row};

    fn row(name: &'static str, cells: &[&str], error: Option<&'static str>) -> Row {
        Row {
            vendor: "Vendor",
            name,
            cells: cells.iter().map(|&cell| cell.to_owned()).collect(),
            took: Duration::from_millis(1234),
            error: error.map(anyhow::Error::msg),
        }
    }

    #[test]
    fn columns_stand_below_their_titles_and_failures_count() {
        let rows = [
            row("a rather long name of a sign-in", &["ok", "200 OK"], None),
            row("short", &["ok", FAILED], Some("no answer")),
        ];
        let table = render(&rows);
        let lines: Vec<&str> = table.lines().collect();
        let place = lines[0].find("call").unwrap();
        assert_eq!(&lines[1][place..place + 6], "200 OK");
        assert_eq!(&lines[2][place..place + 6], FAILED);
        assert!(lines[1].ends_with("1.2") && lines[2].ends_with("1.2"));
        assert_eq!(sum(&rows), "1 of 2 sign-ins work");
    }
}
