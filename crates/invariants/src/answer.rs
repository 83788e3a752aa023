//! Reads an input as an answer: a line of words, headers, an empty line, the body.
//!
//! ```text
//! lenient 429
//! retry-after: 7
//!
//! {"error":"slow_down"}
//! ```

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};

/// An answer, and whether the provider that gave it is forgiven everything.
pub(crate) struct Given {
    pub(crate) is_lenient: bool,
    pub(crate) answer: Response<Bytes>,
}

/// Every input is an answer: what does not fit is left out, and an input without an empty line is a body.
pub(crate) fn read(input: &[u8]) -> Given {
    let end = input.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = match end {
        Some(end) => (&input[..end], &input[end + 2..]),
        None => (&[][..], input),
    };
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines();
    let first = lines.next().unwrap_or_default();
    let mut answer = Response::new(Bytes::copy_from_slice(body));
    for word in first.split_whitespace() {
        if let Ok(status) = word.parse::<StatusCode>() {
            *answer.status_mut() = status;
        }
    }
    for line in lines.take(16) {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        if let Ok(name) = name.trim().parse::<HeaderName>()
            && let Ok(value) = HeaderValue::from_bytes(value.trim().as_bytes())
        {
            answer.headers_mut().append(name, value);
        }
    }
    Given {
        is_lenient: first.contains("lenient"),
        answer,
    }
}
