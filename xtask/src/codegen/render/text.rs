//! Lays out imports and documentation, wrapped as they are written.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Documentation is wrapped at this column.
pub(super) const WIDTH: usize = 112;

/// `head{a, b};`, over several lines where it is long.
pub(super) fn list(text: &mut String, head: &str, names: &[String]) {
    let short = match names {
        [one] => format!("{head}{one};\n"),
        _ => format!("{head}{{{}}};\n", names.join(", ")),
    };
    if short.len() <= WIDTH {
        text.push_str(&short);
        return;
    }
    let _ = writeln!(text, "{head}{{");
    let mut line = "   ".to_owned();
    for name in names {
        if line.len() + name.len() + 2 > WIDTH {
            let _ = writeln!(text, "{line}");
            line = "   ".to_owned();
        }
        let _ = write!(line, " {name},");
    }
    let _ = writeln!(text, "{line}\n}};");
}

/// What is imported, but for what the file itself defines.
pub(in crate::codegen) fn imports(
    text: &mut String,
    uses: &BTreeSet<String>,
    own: &BTreeSet<String>,
) {
    let mut modules = BTreeMap::<_, Vec<String>>::new();
    for path in uses {
        let (module, name) = path.rsplit_once("::").unwrap_or(("super", path));
        if module != "super" || !own.contains(name) {
            // A brace comes after any letter, so inner modules stand first.
            let order = format!("{module}::{{");
            modules
                .entry((order, module))
                .or_default()
                .push(name.to_owned());
        }
    }
    // Ours come after others', as everywhere.
    let is_ours = |module: &str| module.starts_with("crate") || module == "super";
    let others: Vec<_> = modules
        .iter()
        .filter(|((_, module), _)| !is_ours(module))
        .collect();
    let ours: Vec<_> = modules
        .iter()
        .filter(|((_, module), _)| is_ours(module))
        .collect();
    let both = !others.is_empty() && !ours.is_empty();
    for ((_, module), names) in others {
        list(text, &format!("use {module}::"), names);
    }
    if both {
        text.push('\n');
    }
    for ((_, module), names) in ours {
        list(text, &format!("use {module}::"), names);
    }
}

/// Paragraphs of documentation.
pub(super) fn doc(text: &mut String, indent: &str, paragraphs: &[String]) {
    lines(text, &format!("{indent}///"), paragraphs);
}

pub(super) fn module_doc(text: &mut String, paragraphs: &[String]) {
    lines(text, "//!", paragraphs);
}

fn lines(text: &mut String, head: &str, paragraphs: &[String]) {
    for (index, paragraph) in paragraphs.iter().enumerate() {
        if index > 0 {
            let _ = writeln!(text, "{head}");
        }
        let mut line = head.to_owned();
        for word in paragraph.split_whitespace() {
            if line.len() + word.len() >= WIDTH && line != head {
                let _ = writeln!(text, "{line}");
                head.clone_into(&mut line);
            }
            line.push(' ');
            line.push_str(word);
        }
        if !line.ends_with(['.', '!', '?', ':', '”', ')']) {
            line.push('.');
        }
        let _ = writeln!(text, "{line}");
    }
}

/// Parts that belong together, broken between two of them where a line is full.
pub(super) fn wrapped(text: &mut String, parts: &[String], end: &str) {
    let mut line = String::new();
    for part in parts {
        if line.len() + part.len() + end.len() > WIDTH && !line.is_empty() {
            let _ = writeln!(text, "{line}");
            line = "    ".to_owned();
        }
        line.push_str(part);
    }
    let _ = writeln!(text, "{line}{end}");
}
