//! A time as HTTP writes it (RFC 9110 §5.6.7).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const YEAR_9999: Duration = Duration::from_secs(253_402_300_799);

/// `Fri, 02 Jan 2026 03:04:05 GMT`; none before 1970 and after 9999.
pub(crate) fn http_date(time: SystemTime) -> Option<String> {
    let is_written = time.duration_since(UNIX_EPOCH).is_ok_and(|since| since <= YEAR_9999);
    is_written.then(|| httpdate::fmt_http_date(time))
}
