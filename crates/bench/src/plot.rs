//! Draws bars as SVG: plain text, legible on light and dark pages.

use std::fmt::Write as _;

use crate::result::number;

const ROW: usize = 26;
const LEFT: usize = 400;
const WIDTH: usize = 930;
const TOP: usize = 40;

/// Horizontal bars, one a name; the scale is logarithmic where they differ by more than thirty times.
pub(crate) fn bars(title: &str, bars: &[(&str, f64)]) -> String {
    let height = TOP + ROW * bars.len() + 12;
    let positive = || {
        bars.iter()
            .map(|(_, value)| *value)
            .filter(|value| *value > 0.0)
    };
    let (least, most) = (
        positive().fold(f64::INFINITY, f64::min),
        positive().fold(0.0, f64::max),
    );
    let is_logarithmic = least.is_finite() && most / least > 30.0;
    let room = (WIDTH - LEFT - 110) as f64;
    let length = |value: f64| match value {
        value if value <= 0.0 || most <= 0.0 => 1.0,
        value if is_logarithmic => {
            let floor = least / 2.0;
            (value / floor).ln() / (most / floor).ln() * room
        }
        value => value / most * room,
    };
    let scale = if is_logarithmic { " (logarithmic)" } else { "" };
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"12\" y=\"24\" font-size=\"15\" fill=\"#222222\">{}{scale}</text>\n",
        escape(title)
    );
    for (index, (name, value)) in bars.iter().enumerate() {
        let y = TOP + ROW * index;
        let color = if name.starts_with("ours") || name.starts_with('`') {
            "#1a7f5a"
        } else {
            "#8a94a6"
        };
        let length = length(*value).max(1.0);
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\" fill=\"#222222\">{}</text>\
             <rect x=\"{LEFT}\" y=\"{}\" width=\"{length:.1}\" height=\"{}\" fill=\"{color}\"/>\
             <text x=\"{:.1}\" y=\"{}\" fill=\"#222222\">{}</text>",
            LEFT - 8,
            y + 17,
            escape(&name.replace('`', "")),
            y + 4,
            ROW - 8,
            LEFT as f64 + length + 6.0,
            y + 17,
            number(*value),
        );
    }
    svg + "</svg>\n"
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::bars;

    #[test]
    fn longest_bar_fills_the_room_and_names_are_escaped() {
        let svg = bars("a < b", &[("ours: `x`", 10.0), ("peer", 20.0)]);
        assert!(
            svg.contains("a &lt; b")
                && svg.contains("width=\"420.0\"")
                && svg.contains("width=\"210.0\""),
            "{svg}"
        );
        assert!(!svg.contains('`'));
    }
}
