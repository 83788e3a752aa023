//! Holds the faults that tests order for coming requests.

use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::host::{Endpoint, Host};
use crate::lock::lock;

/// What goes wrong with one request.
///
/// ```
/// use std::time::Duration;
/// use vendor_sandbox::{Fault, Injection, Sandbox};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let sandbox = Sandbox::start().await?;
/// // The next request meets a server that is down, the one after it a slow one.
/// sandbox.inject(Injection::new(Fault::status(503)));
/// sandbox.inject(Injection::new(Fault::SlowHeaders(Duration::from_millis(200))));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// An error status with a JSON body as the vendor writes it; the request is not processed.
    Status {
        /// The HTTP status, for example 503.
        code: u16,
        /// The `Retry-After` header, if there is to be one.
        retry_after: Option<RetryAfter>,
    },
    /// The connection is reset (RST) without an answer; the request is not processed.
    Reset,
    /// The request is processed and the answer starts this much later.
    SlowHeaders(Duration),
    /// The request is processed and the body arrives one byte at a time.
    Drip {
        /// The pause before each byte; anything below a millisecond is a millisecond.
        delay: Duration,
    },
    /// The request is processed; the body ends half way, short of its `content-length`, and the connection closes.
    Truncate,
    /// Status 200 and `application/json`, but the body is no JSON; the request is not processed.
    InvalidJson,
    /// An HTML page, as a proxy in between would send; the request is not processed.
    Html {
        /// The HTTP status of the page.
        status: u16,
    },
    /// A redirect; the request is not processed.
    Redirect {
        /// The HTTP status, for example 302 or 307.
        status: u16,
        /// The `Location` header.
        location: String,
    },
    /// Status 401 with a JSON body as the vendor writes it; the request is not processed.
    Unauthorized,
    /// The request is processed, tokens are rotated, and then the connection closes without an answer.
    LostAnswer,
    /// Any answer at all; the request is not processed.
    Body {
        /// The HTTP status.
        status: u16,
        /// The `Content-Type` header.
        content_type: String,
        /// The body, sent as it is.
        body: Vec<u8>,
    },
}

impl Fault {
    /// An error status without `Retry-After`.
    #[must_use]
    pub const fn status(code: u16) -> Self {
        let retry_after = None;
        Self::Status { code, retry_after }
    }
}

/// The two forms of the `Retry-After` header (RFC 9110, section 10.2.3).
///
/// ```
/// use vendor_sandbox::{Fault, RetryAfter};
///
/// let busy = Fault::Status {
///     code: 429,
///     retry_after: Some(RetryAfter::Seconds(3)),
/// };
/// assert_ne!(busy, Fault::status(429));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryAfter {
    /// Whole seconds from now.
    Seconds(u64),
    /// A point in time, sent with a precision of one second; times before 1970 are sent as 1970.
    Date(SystemTime),
}

impl RetryAfter {
    pub(crate) fn header(self) -> String {
        match self {
            Self::Seconds(seconds) => seconds.to_string(),
            Self::Date(time) => http_date(time),
        }
    }
}

/// One fault, which requests it meets, and how many of them.
///
/// ```
/// use vendor_sandbox::{Endpoint, Fault, Host, Injection};
///
/// let twice = Injection::new(Fault::status(503))
///     .host(Host::Communic8)
///     .endpoint(Endpoint::Token)
///     .times(2);
/// # let _ = twice;
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Injection {
    fault: Fault,
    host: Option<Host>,
    endpoint: Option<Endpoint>,
    times: usize,
}

impl Injection {
    /// A fault for the next request, whatever its host and endpoint.
    pub const fn new(fault: Fault) -> Self {
        Self {
            fault,
            host: None,
            endpoint: None,
            times: 1,
        }
    }

    /// Only requests to this host.
    pub const fn host(mut self, host: Host) -> Self {
        self.host = Some(host);
        self
    }

    /// Only requests to this kind of endpoint.
    pub const fn endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = Some(endpoint);
        self
    }

    /// As many requests as this; zero is none.
    pub const fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    fn meets(&self, host: Host, endpoint: Endpoint) -> bool {
        self.times > 0
            && self.host.is_none_or(|own| own == host)
            && self.endpoint.is_none_or(|own| own == endpoint)
    }
}

/// The injections still to come, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Vec<Injection>>);

impl Faults {
    pub(crate) fn add(&self, injection: Injection) {
        lock(&self.0).push(injection);
    }

    /// The fault that meets this request, used up by one.
    pub(crate) fn take(&self, host: Host, endpoint: Endpoint) -> Option<Fault> {
        let mut pending = lock(&self.0);
        pending.retain(|injection| injection.times > 0);
        let injection = pending
            .iter_mut()
            .find(|injection| injection.meets(host, endpoint))?;
        injection.times -= 1;
        Some(injection.fault.clone())
    }

    pub(crate) fn clear(&self) {
        lock(&self.0).clear();
    }
}

/// The date format of HTTP, `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(time: SystemTime) -> String {
    const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [(&str, u64); 12] = [
        ("Jan", 31),
        ("Feb", 28),
        ("Mar", 31),
        ("Apr", 30),
        ("May", 31),
        ("Jun", 30),
        ("Jul", 31),
        ("Aug", 31),
        ("Sep", 30),
        ("Oct", 31),
        ("Nov", 30),
        ("Dec", 31),
    ];
    let seconds = time
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let (days, clock) = (seconds / 86_400, seconds % 86_400);
    let weekday = WEEKDAYS.iter().cycle().nth((days % 7) as usize);
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let (mut year, mut day) = (1970, days);
    while day >= 365 + u64::from(leap(year)) {
        day -= 365 + u64::from(leap(year));
        year += 1;
    }
    let mut month = "Jan";
    for (name, length) in MONTHS {
        month = name;
        let length = length + u64::from(name == "Feb" && leap(year));
        if day < length {
            break;
        }
        day -= length;
    }
    format!(
        "{}, {:02} {month} {year} {:02}:{:02}:{:02} GMT",
        weekday.copied().unwrap_or_default(),
        day + 1,
        clock / 3600,
        clock / 60 % 60,
        clock % 60
    )
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::{Fault, Faults, Injection, http_date};
    use crate::host::{Endpoint, Host};

    #[test]
    fn dates_are_the_ones_of_rfc_9110() {
        let date = |seconds| http_date(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(date(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(date(951_782_400), "Tue, 29 Feb 2000 00:00:00 GMT");
        assert_eq!(date(1_735_689_599), "Tue, 31 Dec 2024 23:59:59 GMT");
    }

    #[test]
    fn each_fault_meets_its_own_requests_and_is_used_up() {
        let faults = Faults::default();
        faults.add(Injection::new(Fault::Reset).host(Host::Communic8).times(2));
        faults.add(Injection::new(Fault::InvalidJson).endpoint(Endpoint::Token));
        faults.add(Injection::new(Fault::Truncate).times(0));
        let take = |host, endpoint| faults.take(host, endpoint);
        assert_eq!(take(Host::WebCommander, Endpoint::Api), None);
        assert_eq!(
            take(Host::WebCommander, Endpoint::Token),
            Some(Fault::InvalidJson)
        );
        assert_eq!(take(Host::Communic8, Endpoint::Token), Some(Fault::Reset));
        assert_eq!(take(Host::Communic8, Endpoint::Api), Some(Fault::Reset));
        assert_eq!(take(Host::Communic8, Endpoint::Api), None);
    }
}
