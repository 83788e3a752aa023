//! Says how a provider tells failures.

use crate::error::ErrorKind;

/// How a provider tells failures.
///
/// # Examples
/// ```
/// use auth_core::{Answers, LimitRule};
/// const ANSWERS: Answers = Answers::new()
///     .soft_failure("success") // `"success": false` under a success status
///     .limits(&[LimitRule::word(403, "limit")]); // 403 whose code or message speaks of a limit
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Answers {
    pub(crate) soft_failure: Option<&'static str>,
    pub(crate) limits: &'static [LimitRule],
    pub(crate) unauthorized_hint: Option<&'static str>,
}

impl Answers {
    /// By the status alone.
    pub const fn new() -> Self {
        Self {
            soft_failure: None,
            limits: &[],
            unauthorized_hint: None,
        }
    }

    /// A success status whose body has this member as `false` is a failure.
    pub const fn soft_failure(mut self, member: &'static str) -> Self {
        self.soft_failure = Some(member);
        self
    }

    /// Answers that mean "too many requests" though their status is not 429.
    pub const fn limits(mut self, rules: &'static [LimitRule]) -> Self {
        self.limits = rules;
        self
    }

    /// What to look at when a fresh token is refused.
    pub const fn unauthorized_hint(mut self, hint: &'static str) -> Self {
        self.unauthorized_hint = Some(hint);
        self
    }

    /// The kind of failure that `status`, with the provider's own code and message, stands for.
    pub(crate) fn kind(&self, status: u16, code: Option<&str>, message: Option<&str>) -> ErrorKind {
        if self
            .limits
            .iter()
            .any(|rule| rule.fits(status, code, message))
        {
            return ErrorKind::RateLimited;
        }
        match status {
            300..=399 => ErrorKind::Blocked,
            401 => ErrorKind::Unauthorized,
            403 => ErrorKind::Permission,
            404 | 410 => ErrorKind::NotFound,
            408 => ErrorKind::Timeout,
            429 => ErrorKind::RateLimited,
            400..=499 => ErrorKind::Invalid,
            _ => ErrorKind::Provider,
        }
    }
}

impl Default for Answers {
    fn default() -> Self {
        Self::new()
    }
}

/// An answer that means "too many requests": its status, and its code or a word in its code or message.
#[derive(Clone, Copy, Debug)]
pub struct LimitRule {
    pub(super) status: u16,
    pub(super) code: Option<&'static str>,
    pub(super) word: Option<&'static str>,
}

impl LimitRule {
    /// By the provider's code.
    pub const fn code(status: u16, code: &'static str) -> Self {
        Self {
            status,
            code: Some(code),
            word: None,
        }
    }

    /// By a lower-case word in code or message.
    pub const fn word(status: u16, word: &'static str) -> Self {
        Self {
            status,
            code: None,
            word: Some(word),
        }
    }

    fn fits(&self, status: u16, code: Option<&str>, message: Option<&str>) -> bool {
        let says = |word: &str| {
            [code, message]
                .into_iter()
                .flatten()
                .any(|text| text.to_ascii_lowercase().contains(word))
        };
        self.status == status
            && (self.code.is_some() && self.code == code || self.word.is_some_and(says))
    }
}
