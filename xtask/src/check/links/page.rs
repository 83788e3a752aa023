//! Reads Markdown for its links and for the anchors of its headings.

use std::collections::BTreeSet;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// What a page has of both.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// Where links and pictures lead, each with the line on which it begins.
    pub(super) links: Vec<(usize, String)>,
    /// What may stand after `#` in a link to this page.
    pub(super) anchors: BTreeSet<String>,
}

/// Reads a page; what is code in it is no link.
pub(super) fn read(text: &str) -> Page {
    let mut page = Page::default();
    let mut heading = None;
    let options = Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES;
    for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                let line = text[..range.start].matches('\n').count() + 1;
                page.links.push((line, dest_url.into_string()));
            }
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Text(words) | Event::Code(words) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&words);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                let anchor = anchor(&heading.take().unwrap_or_default());
                let numbered = (1..).map(|number| format!("{anchor}-{number}"));
                let mut names = [anchor.clone()].into_iter().chain(numbered);
                if let Some(free) = names.find(|name| !page.anchors.contains(name)) {
                    page.anchors.insert(free);
                }
            }
            _ => {}
        }
    }
    page
}

/// The anchor that forges give a heading: in lower case, spaces as hyphens, without punctuation.
fn anchor(heading: &str) -> String {
    let letters = heading.trim().chars().flat_map(char::to_lowercase);
    letters
        .filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

/// The doc comments of a file, each with its first line's number and without its slashes.
pub(super) fn doc_comments(source: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut mark_before = None;
    for (number, line) in (1..).zip(source.lines()) {
        let line = line.trim_start();
        let mark = ["///", "//!"]
            .into_iter()
            .find(|mark| line.starts_with(mark) && !line.starts_with("////"));
        if let Some(mark) = mark {
            let words = &line[mark.len()..];
            let words = words.strip_prefix(' ').unwrap_or(words);
            match found.last_mut() {
                Some((_, comment)) if mark_before == Some(mark) => comment.push_str(words),
                _ => found.push((number, words.to_owned())),
            }
            if let Some((_, comment)) = found.last_mut() {
                comment.push('\n');
            }
        }
        mark_before = mark;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{anchor, read};

    #[test]
    fn anchors_are_made_as_forges_make_them() {
        assert_eq!(anchor("To change something"), "to-change-something");
        assert_eq!(anchor("`Client::get` & co."), "clientget--co");
        assert_eq!(anchor("snake_case, well-known"), "snake_case-well-known");
    }

    #[test]
    fn equal_headings_are_numbered() {
        let page = read("# Errors\n\n## Errors\n\n## Errors\n");
        let anchors: Vec<_> = page.anchors.iter().map(String::as_str).collect();
        assert_eq!(anchors, ["errors", "errors-1", "errors-2"]);
    }
}
