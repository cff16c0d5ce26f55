//! The dates of `Expires`, read as leniently as browsers do (RFC 6265bis §5.1.1).

use std::time::Duration;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// The instant, if day, month, year and time are all there. What lies before 1970 is 1970.
pub(crate) fn parse_date(text: &str) -> Option<SystemTime> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    let is_delimiter = |character: char| !(character.is_ascii_alphanumeric() || character == ':');
    for token in text.split(is_delimiter).filter(|token| !token.is_empty()) {
        if time.is_none() && token.contains(':') {
            time = seconds_of_day(token);
        } else if let Ok(number) = token.parse::<i64>() {
            if day.is_none() && token.len() <= 2 {
                day = Some(number);
            } else if year.is_none() && (2..=4).contains(&token.len()) {
                year = Some(number);
            }
        } else if month.is_none() {
            let start = token.get(..3).unwrap_or_default().to_ascii_lowercase();
            month = MONTHS.iter().position(|name| *name == start);
        }
    }
    let year = match year? {
        short @ 0..=69 => short + 2000,
        short @ 70..=99 => short + 1900,
        full => full,
    };
    let (day, month) = (day?, i64::try_from(month?).ok()? + 1);
    if !(1..=31).contains(&day) || year < 1601 {
        return None;
    }
    let seconds = days_since_1970(year, month, day) * 86_400 + time?;
    Some(UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

fn seconds_of_day(token: &str) -> Option<i64> {
    let mut parts = token.splitn(3, ':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    let valid = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..60).contains(&second);
    valid.then_some(hour * 3600 + minute * 60 + second)
}

/// Counts from 1 March of year 0, so that the leap day is a year's last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    year * 365 + leap_days + day_of_year - 719_468
}
