//! The `Date` header (RFC 9110 §5.6.7), told by the simulation's clock: clients measure their skew by it.

use std::time::SystemTime;
use std::time::UNIX_EPOCH;

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
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

/// Such as `Tue, 01 Jan 2030 00:00:00 GMT`.
pub(crate) fn http_date(at: SystemTime) -> String {
    let seconds = at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let mut days = seconds / 86_400;
    let weekday = DAYS.get((days % 7) as usize).unwrap_or(&"");
    let mut year = 1970;
    while days >= 365 + leap(year) {
        days -= 365 + leap(year);
        year += 1;
    }
    let mut month = "Dec";
    for (name, length) in MONTHS {
        let length = if name == "Feb" { length + leap(year) } else { length };
        month = name;
        if days < length {
            break;
        }
        days -= length;
    }
    format!("{weekday}, {:02} {month} {year} {hour:02}:{minute:02}:{second:02} GMT", days + 1)
}

fn leap(year: u64) -> u64 {
    u64::from(year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)))
}
