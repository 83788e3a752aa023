//! What the listener says: two pages for the person, and short refusals for everybody else. Nothing in them comes from
//! a request.

/// All answers: never kept, never followed by another, never a place for script or frames, and the next page does not
/// learn this one's address.
const HEADERS: &str = "Cache-Control: no-store\r\n\
    Connection: close\r\n\
    Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'\r\n\
    Referrer-Policy: no-referrer\r\n\
    X-Content-Type-Options: nosniff\r\n";

/// An answer of the listener.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Answer {
    /// The callback is good.
    Approved,
    /// The callback says that there is no code.
    NotApproved,
    /// No request of a browser.
    Malformed,
    /// Not the answer to this sign-in.
    NotOurs,
    /// Nothing is there.
    NotFound,
    /// Not by this method.
    NotAllowed,
    /// The head has not come in time.
    TooSlow,
    /// The head is too long.
    TooLong,
    /// Too many connections, of which this was the oldest.
    TooMany,
}

impl Answer {
    /// The whole answer.
    pub(super) fn bytes(self) -> Vec<u8> {
        let (status, more, text) = match self {
            Self::Approved => {
                let text = page(
                    "Sign-in approved",
                    "You can close this window and go back to the program.",
                );
                return whole("200 OK", "", "text/html", &text);
            }
            Self::NotApproved => {
                let text = page(
                    "Sign-in did not happen",
                    "The program says why. You can close this window and go back to it.",
                );
                return whole("200 OK", "", "text/html", &text);
            }
            Self::Malformed => ("400 Bad Request", "", "This is no request of a browser."),
            Self::NotOurs => (
                "400 Bad Request",
                "",
                "This is not the answer to the sign-in that is under way.",
            ),
            Self::NotFound => ("404 Not Found", "", "Nothing is here."),
            // Without a body, since the method can be HEAD.
            Self::NotAllowed => {
                return whole("405 Method Not Allowed", "Allow: GET\r\n", "text/plain", "");
            }
            Self::TooSlow => ("408 Request Timeout", "", "The request took too long."),
            Self::TooLong => (
                "431 Request Header Fields Too Large",
                "",
                "The request's head is too long.",
            ),
            Self::TooMany => (
                "429 Too Many Requests",
                "",
                "There are too many connections.",
            ),
        };
        whole(status, more, "text/plain", &format!("{text}\n"))
    }
}

fn page(title: &str, text: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\n\
         <style>body{{max-width:32rem;margin:15vh auto;padding:0 1.5rem;font:1.1rem/1.5 system-ui,sans-serif}}</style></head>\n\
         <body>\n<h1>{title}</h1>\n<p>{text}</p>\n</body>\n</html>\n"
    )
}

fn whole(status: &str, more: &str, kind: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\n{HEADERS}{more}Content-Type: {kind}; charset=utf-8\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}
