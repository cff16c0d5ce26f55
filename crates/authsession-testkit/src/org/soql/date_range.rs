//! Date literals: `TODAY`, `LAST_N_DAYS:3`, and what days they mean.

use crate::org::calendar::civil;
use crate::org::calendar::day_number;

/// The first day and the day after the last, for a query of this day. Weeks begin on Sunday, as in the United States.
pub(crate) fn range(literal: &str, today: i64) -> Option<(i64, i64)> {
    let (name, count) = match literal.split_once(':') {
        Some((name, count)) => (name, Some(count.parse::<i64>().ok()?)),
        None => (literal, None),
    };
    if let Some(count) = count {
        return counted(name, count, today);
    }
    let week = today - (today + 4).rem_euclid(7);
    Some(match name {
        "TODAY" => (today, today + 1),
        "YESTERDAY" => (today - 1, today),
        "TOMORROW" => (today + 1, today + 2),
        "LAST_WEEK" => (week - 7, week),
        "THIS_WEEK" => (week, week + 7),
        "NEXT_WEEK" => (week + 7, week + 14),
        "LAST_MONTH" => (month(today, -1), month(today, 0)),
        "THIS_MONTH" => (month(today, 0), month(today, 1)),
        "NEXT_MONTH" => (month(today, 1), month(today, 2)),
        "LAST_90_DAYS" => (today - 90, today + 1),
        "NEXT_90_DAYS" => (today + 1, today + 91),
        "LAST_YEAR" => (year(today, -1), year(today, 0)),
        "THIS_YEAR" => (year(today, 0), year(today, 1)),
        "NEXT_YEAR" => (year(today, 1), year(today, 2)),
        _ => return None,
    })
}

fn counted(name: &str, count: i64, today: i64) -> Option<(i64, i64)> {
    Some(match name {
        "LAST_N_DAYS" => (today - count, today + 1),
        "NEXT_N_DAYS" => (today + 1, today + 1 + count),
        "N_DAYS_AGO" => (today - count, today - count + 1),
        "LAST_N_MONTHS" => (month(today, -count), month(today, 0)),
        "NEXT_N_MONTHS" => (month(today, 1), month(today, 1 + count)),
        "LAST_N_YEARS" => (year(today, -count), year(today, 0)),
        "NEXT_N_YEARS" => (year(today, 1), year(today, 1 + count)),
        _ => return None,
    })
}

/// The first day of the month so many after this one.
fn month(today: i64, later: i64) -> i64 {
    let (year, month, _) = civil(today);
    let months = year * 12 + month - 1 + later;
    day_number(months.div_euclid(12), months.rem_euclid(12) + 1, 1)
}

fn year(today: i64, later: i64) -> i64 {
    day_number(civil(today).0 + later, 1, 1)
}
