//! Days, instants and how Salesforce writes them: `2030-01-01` and `2030-01-01T00:00:00.000+0000`.

use std::time::SystemTime;
use std::time::UNIX_EPOCH;

pub(crate) const DAY: i64 = 86_400;

/// A day by its year, month and day, counted from 1970-01-01 (proleptic Gregorian).
pub(crate) fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day of a day's number.
pub(crate) fn civil(number: i64) -> (i64, i64, i64) {
    let shifted = number + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

pub(crate) fn seconds(at: SystemTime) -> i64 {
    at.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

/// Such as `2030-01-01`.
pub(crate) fn written_day(number: i64) -> String {
    let (year, month, day) = civil(number);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Such as `2030-01-01T00:00:00.000+0000`, of seconds since 1970.
pub(crate) fn written_instant(seconds: i64) -> String {
    let time = seconds.rem_euclid(DAY);
    let day = written_day(seconds.div_euclid(DAY));
    format!("{day}T{:02}:{:02}:{:02}.000+0000", time / 3600, time / 60 % 60, time % 60)
}

/// The same of what a clock shows.
pub(crate) fn written(at: SystemTime) -> String {
    written_instant(seconds(at))
}

/// The number of a day written `2030-01-01`; none for one that is not in the calendar.
pub(crate) fn read_day(text: &str) -> Option<i64> {
    let mut parts = text.split('-');
    let [year, month, day] =
        [number(parts.next()?, 4)?, number(parts.next()?, 2)?, number(parts.next()?, 2)?];
    let day_number = day_number(year, month, day);
    (parts.next().is_none() && civil(day_number) == (year, month, day)).then_some(day_number)
}

/// Seconds since 1970 of an ISO 8601 instant with its zone; fractions of a second are cut off.
pub(crate) fn read_instant(text: &str) -> Option<i64> {
    let (day, time) = text.split_once(['T', 't'])?;
    let zone_at = time.find(['Z', 'z', '+', '-'])?;
    let (time, zone) = (time.get(..zone_at)?, time.get(zone_at..)?);
    let whole = time.split('.').next()?;
    let mut parts = whole.split(':');
    let [hour, minute] = [number(parts.next()?, 2)?, number(parts.next()?, 2)?];
    let second = parts.next().map_or(Some(0), |second| number(second, 2))?;
    (hour < 24 && minute < 60 && second < 61 && parts.next().is_none()).then_some(())?;
    Some(read_day(day)? * DAY + hour * 3600 + minute * 60 + second - offset(zone)?)
}

fn offset(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let digits = zone.get(1..)?.replace(':', "");
    let [hours, minutes] =
        [number(digits.get(..2)?, 2)?, number(digits.get(2..).filter(|rest| !rest.is_empty())?, 2)?];
    Some(sign * (hours * 3600 + minutes * 60))
}

fn number(digits: &str, length: usize) -> Option<i64> {
    (digits.len() == length && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| digits.parse().ok())?
}
