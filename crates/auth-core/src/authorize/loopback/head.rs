//! Reads the head of a request, strictly: what no browser sends is refused.

/// A head may be as long as this. Cookies of other programs on this host come along, so it is not small.
pub(super) const LONGEST: usize = 16 * 1024;

/// What a request's head says, as far as it matters here.
pub(super) struct Head<'a> {
    pub(super) method: &'a str,
    /// The path and the query, as they came.
    pub(super) target: &'a str,
    pub(super) host: &'a str,
    /// Whether the browser says that it wants something else than a page (`Sec-Fetch-Dest`).
    pub(super) is_for_no_page: bool,
}

/// How far a head has come.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Progress {
    /// There may be more to come.
    Open,
    /// This many bytes are the head.
    Whole(usize),
    /// It can't become a head.
    Malformed,
}

/// Looks at all bytes so far, of which `seen` were looked at before.
pub(super) fn progress(bytes: &[u8], seen: usize) -> Progress {
    let mut is_first_line = !bytes.iter().take(seen).any(|byte| *byte == b'\n');
    for at in seen..bytes.len() {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        let is_good = match bytes.get(at) {
            Some(b'\n') => {
                is_first_line = false;
                before == Some(&b'\r')
            }
            Some(b'\r' | b' '..=b'~') => before != Some(&b'\r'),
            Some(b'\t') => at > 0 && before != Some(&b'\r'),
            // Values may have such bytes (RFC 9110 section 5.5), and the cookies of other programs on this host do.
            Some(0x80..) => !is_first_line && before != Some(&b'\r'),
            _ => false,
        };
        if !is_good {
            return Progress::Malformed;
        }
        if bytes
            .get(..=at)
            .is_some_and(|so_far| so_far.ends_with(b"\r\n\r\n"))
        {
            return Progress::Whole(at + 1);
        }
    }
    Progress::Open
}

/// Reads a whole head.
pub(super) fn read(bytes: &[u8]) -> Option<Head<'_>> {
    let lines = bytes
        .strip_suffix(b"\r\n\r\n")?
        .split(|byte| *byte == b'\n');
    let mut lines = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut words = std::str::from_utf8(lines.next()?).ok()?.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let is_method = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase());
    let is_target = target.starts_with('/') && !target.contains('#');
    if words.next().is_some() || !is_method || !is_target || version != "HTTP/1.1" {
        return None;
    }
    let mut host = None;
    let mut is_for_no_page = false;
    for line in lines {
        let mut halves = line.splitn(2, |byte| *byte == b':');
        let name = std::str::from_utf8(halves.next()?).ok()?;
        let value = halves.next()?.trim_ascii();
        if name.is_empty() || !name.bytes().all(is_token) {
            return None;
        }
        if name.eq_ignore_ascii_case("host") && host.replace(value).is_some() {
            return None;
        }
        // Nothing here has a body, so that where one ends can't be disputed.
        let has_body = name.eq_ignore_ascii_case("transfer-encoding")
            || name.eq_ignore_ascii_case("content-length") && value != b"0";
        if has_body {
            return None;
        }
        is_for_no_page |= name.eq_ignore_ascii_case("sec-fetch-dest") && value != b"document";
    }
    Some(Head {
        method,
        target,
        host: std::str::from_utf8(host?).ok()?,
        is_for_no_page,
    })
}

/// RFC 9110 section 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_ends_where_it_ends_however_it_comes() {
        let text = b"GET / HTTP/1.1\r\nHost: a\r\n\r\nmore";
        let end = text.len() - 4;
        for cut in 0..end {
            assert_eq!(progress(&text[..cut], 0), Progress::Open, "{cut}");
            assert_eq!(progress(text, cut), Progress::Whole(end), "{cut}");
        }
    }

    #[test]
    fn bytes_beyond_ascii_stand_in_values_only() {
        let read = |text: &[u8]| {
            let whole = Progress::Whole(text.len());
            (progress(text, 0) == whole && progress(text, text.len() - 1) == whole)
                .then(|| read(text).map(|head| head.target.to_owned()))
        };
        let good = b"GET /a HTTP/1.1\r\nHost: b\r\nCookie: c=\xc3\xab; d=\xff\r\n\r\n";
        assert_eq!(read(good), Some(Some("/a".to_owned())));
        assert_eq!(
            read(b"GET /a HTTP/1.1\r\nHost: b\r\n\xc3\xab: c\r\n\r\n"),
            Some(None)
        );
        assert_eq!(read(b"GET /a HTTP/1.1\r\nHost: \xff\r\n\r\n"), Some(None));
    }

    #[test]
    fn what_is_no_text_is_refused_at_its_first_byte() {
        for text in [
            "\x16\x03\x01",
            "\n",
            "\tGET",
            "GET / HTTP/1.1\n",
            "GET /\r\r",
            "GET /\rx",
            "GET /\0",
            "GET /é",
            "GET / HTTP/1.1\r\nX: a\ré",
            "GET /\x7f",
        ] {
            assert_eq!(
                progress(text.as_bytes(), 0),
                Progress::Malformed,
                "{text:?}"
            );
        }
    }
}
