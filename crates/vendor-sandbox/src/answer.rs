//! What the sandbox says: an answer, or the problem that becomes an error body of the vendor.

use bytes::Bytes;
use serde_json::Value;

/// An HTTP answer before it has met the wire.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
}

impl Answer {
    /// A body of the given type.
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        let headers = vec![("content-type", content_type.to_owned())];
        Self {
            status,
            headers,
            body: body.into(),
        }
    }

    /// A JSON body.
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    /// An HTML page.
    pub(crate) fn html(status: u16, page: String) -> Self {
        Self::new(status, "text/html; charset=utf-8", page)
    }

    /// No body at all.
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    /// A redirect without a body.
    pub(crate) fn redirect(status: u16, location: String) -> Self {
        Self::empty(status).with("location", location)
    }

    /// The same answer with one more header.
    pub(crate) fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// Why a request does not get what it asks for.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) status: u16,
    /// The error code in words, for vendors and endpoints that have one.
    pub(crate) code: Option<&'static str>,
    /// Names parameters and headers, never their values.
    pub(crate) reason: String,
    /// Whether no correct client could have sent this, as opposed to a token that ran out.
    pub(crate) refused: bool,
}

impl Problem {
    fn new(status: u16, code: Option<&'static str>, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self {
            status,
            code,
            reason,
            refused: true,
        }
    }

    /// The request does not have the form that the vendor's page gives.
    pub(crate) fn malformed(reason: impl Into<String>) -> Self {
        Self::new(400, None, reason)
    }

    /// A client, a person or a key is not who it claims to be.
    pub(crate) fn credentials(code: Option<&'static str>, reason: impl Into<String>) -> Self {
        Self::new(401, code, reason)
    }

    /// The grant is wrong: a code or a refresh token that was never issued, or not like this.
    pub(crate) fn grant(reason: impl Into<String>) -> Self {
        Self::new(400, Some("invalid_grant"), reason)
    }

    /// What was asked for does not exist.
    pub(crate) fn not_found(reason: impl Into<String>) -> Self {
        Self::new(404, None, reason).expected()
    }

    /// Something the vendor's business rules turn down.
    pub(crate) fn business(status: u16, code: &'static str, reason: impl Into<String>) -> Self {
        Self::new(status, Some(code), reason).expected()
    }

    /// The same problem, but one that a correct client meets too: it is answered and not held against it.
    pub(crate) fn expected(mut self) -> Self {
        self.refused = false;
        self
    }
}
