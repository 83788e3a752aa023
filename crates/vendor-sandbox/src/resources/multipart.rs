//! Takes `multipart/form-data` apart (RFC 7578).

use bytes::Bytes;

/// One part of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) file_name: Option<String>,
    pub(super) content_type: String,
    pub(super) bytes: Bytes,
}

/// The boundary that a content type names.
pub(super) fn boundary(content_type: &str) -> Option<String> {
    let mut parameters = content_type.split(';').skip(1).map(str::trim);
    let value = parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.eq_ignore_ascii_case("boundary").then_some(value)
    })?;
    let value = value.trim_matches('"');
    (!value.is_empty() && value.len() <= 70).then(|| value.to_owned())
}

/// The parts of a body.
pub(super) fn parts(body: &Bytes, boundary: &str) -> Result<Vec<Part>, &'static str> {
    let delimiter = format!("\r\n--{boundary}");
    let first = format!("--{boundary}");
    let mut at = match body.starts_with(first.as_bytes()) {
        true => first.len(),
        false => find(body, delimiter.as_bytes(), 0).ok_or("has no boundary")? + delimiter.len(),
    };
    let mut parts = Vec::new();
    loop {
        let rest = body.get(at..).unwrap_or_default();
        if rest.starts_with(b"--") {
            return Ok(parts);
        }
        if !rest.starts_with(b"\r\n") {
            return Err("has a boundary that no line ends");
        }
        let end = find(body, delimiter.as_bytes(), at).ok_or("has no end")?;
        parts.push(part(&body.slice(at..end))?);
        at = end + delimiter.len();
    }
}

/// A part from the line end behind its boundary on.
fn part(text: &Bytes) -> Result<Part, &'static str> {
    let split = find(text, b"\r\n\r\n", 0).ok_or("has a part without a body")?;
    let head = text.get(2..split).unwrap_or_default();
    let head = std::str::from_utf8(head).map_err(|_| "has a part whose head is not UTF-8")?;
    let mut part = Part {
        name: String::new(),
        file_name: None,
        content_type: String::new(),
        bytes: text.slice(split + 4..),
    };
    for line in head.split("\r\n") {
        let (header, value) = line
            .split_once(':')
            .ok_or("has a part with a broken head")?;
        let value = value.trim();
        if header.eq_ignore_ascii_case("content-type") {
            part.content_type = value.to_owned();
        } else if header.eq_ignore_ascii_case("content-disposition") {
            part.name = parameter(value, "name").ok_or("has a part without a name")?;
            part.file_name = parameter(value, "filename");
        }
    }
    match part.name.is_empty() {
        true => Err("has a part without a name"),
        false => Ok(part),
    }
}

/// A quoted parameter of `Content-Disposition`; a backslash and the escapes of browsers stand for a quote.
fn parameter(header: &str, name: &str) -> Option<String> {
    let wanted = format!("{name}=\"");
    let start = header.match_indices(&wanted).find(|(at, _)| {
        let before = header.get(..*at).unwrap_or_default();
        before.ends_with([';', ' '])
    })?;
    let mut value = String::new();
    let mut rest = header.get(start.0 + wanted.len()..)?.chars();
    while let Some(letter) = rest.next() {
        match letter {
            '"' => return Some(value.replace("%22", "\"")),
            '\\' => value.push(rest.next()?),
            other => value.push(other),
        }
    }
    None
}

fn find(text: &[u8], wanted: &[u8], from: usize) -> Option<usize> {
    let found = text
        .get(from..)?
        .windows(wanted.len())
        .position(|part| part == wanted);
    found.map(|at| at + from)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{boundary, parts};

    const FORM: &str = "--b1\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a \\\"b\\\".csv\"\r\n\
        Content-Type: text/csv\r\n\r\nx,y\r\n--b\r\n\r\n--b1\r\ncontent-disposition: form-data; name=\"note\"\r\n\r\n\r\n--b1--\r\n";

    #[test]
    fn names_types_and_bytes_come_out_as_they_went_in() {
        let parts = parts(&Bytes::from_static(FORM.as_bytes()), "b1").unwrap();
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0].name, "file");
        assert_eq!(parts[0].file_name.as_deref(), Some("a \"b\".csv"));
        assert_eq!(parts[0].content_type, "text/csv");
        assert_eq!(parts[0].bytes, "x,y\r\n--b\r\n");
        assert_eq!((parts[1].name.as_str(), parts[1].bytes.len()), ("note", 0));
    }

    #[test]
    fn a_broken_form_is_refused_wherever_it_breaks() {
        for end in 0..FORM.len() - 4 {
            let cut = Bytes::from_static(FORM.get(..end).unwrap_or_default().as_bytes());
            assert!(parts(&cut, "b1").is_err(), "{end}");
        }
    }

    #[test]
    fn the_boundary_may_be_quoted() {
        for header in [
            "multipart/form-data; boundary=b1",
            "multipart/form-data; Boundary=\"b1\"",
        ] {
            assert_eq!(boundary(header).as_deref(), Some("b1"));
        }
        assert_eq!(boundary("multipart/form-data"), None);
        assert_eq!(boundary("multipart/form-data; boundary="), None);
    }
}
