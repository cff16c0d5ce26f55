//! `If-Modified-Since` and `If-Unmodified-Since` (RFC 9110 §13.1).

use crate::org::calendar::DAY;
use crate::org::calendar::day_number;
use crate::org::rest::request::Request;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Whether the client asked not to be told, as nothing changed after its date.
pub(crate) fn unmodified_since(request: &Request<'_>, changed: i64) -> bool {
    request.header("if-modified-since").and_then(read).is_some_and(|since| changed <= since)
}

/// Whether the client asked for nothing to be done, as something changed after its date.
pub(crate) fn modified_since(request: &Request<'_>, changed: i64) -> bool {
    request.header("if-unmodified-since").and_then(read).is_some_and(|since| changed > since)
}

/// Seconds since 1970 of `Tue, 01 Jan 2030 00:00:00 GMT`.
fn read(date: &str) -> Option<i64> {
    let mut parts = date.split_once(", ")?.1.split(' ');
    let day = parts.next()?.parse().ok()?;
    let name = parts.next()?;
    let month = (1..).zip(MONTHS).find(|(_, month)| month.eq_ignore_ascii_case(name))?.0;
    let year = parts.next()?.parse().ok()?;
    let mut time = parts.next()?.split(':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (time.next()??, time.next()??, time.next()??);
    Some(day_number(year, month, day) * DAY + hour * 3600 + minute * 60 + second)
}
