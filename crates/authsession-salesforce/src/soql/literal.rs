//! A value as SOQL writes it.

use std::time::SystemTime;

use crate::soql::instant::datetime;
use crate::soql::quote;

/// A value in a [`Condition`](crate::soql::condition::Condition): a text, a number, `true` or `false`, an instant, a day, or `null` for
/// `None`. What it was made of cannot become anything else in the query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Literal(pub(super) Result<String, &'static str>);

impl Literal {
    /// A day.
    #[must_use]
    pub fn date(year: u16, month: u8, day: u8) -> Self {
        let is_day = (1..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
        Self(
            is_day
                .then(|| format!("{year:04}-{month:02}-{day:02}"))
                .ok_or("has a day that is in no calendar"),
        )
    }

    /// A time in words, such as `TODAY` or `LAST_N_DAYS:30`.
    #[must_use]
    pub fn relative_date(words: &str) -> Self {
        let (name, number) = words.split_once(':').unwrap_or((words, "0"));
        let is_one = name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && !["null", "true", "false"].iter().any(|other| name.eq_ignore_ascii_case(other))
            && (1..=9).contains(&number.len())
            && number.bytes().all(|byte| byte.is_ascii_digit());
        Self(
            is_one
                .then(|| words.to_owned())
                .ok_or("has a date in words that is none, such as LAST_N_DAYS:30"),
        )
    }
}

impl From<&str> for Literal {
    fn from(text: &str) -> Self {
        Self(Ok(quote(text)))
    }
}

impl From<&String> for Literal {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<String> for Literal {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<i32> for Literal {
    fn from(number: i32) -> Self {
        Self(Ok(number.to_string()))
    }
}

impl From<i64> for Literal {
    fn from(number: i64) -> Self {
        Self(Ok(number.to_string()))
    }
}

impl From<f64> for Literal {
    fn from(number: f64) -> Self {
        Self(number.is_finite().then(|| number.to_string()).ok_or("has a number that is infinite or none"))
    }
}

impl From<bool> for Literal {
    fn from(truth: bool) -> Self {
        Self(Ok(truth.to_string()))
    }
}

impl From<SystemTime> for Literal {
    fn from(instant: SystemTime) -> Self {
        Self(datetime(instant).map_err(|_| "has an instant before 1970 or after 9999"))
    }
}

impl<T: Into<Self>> From<Option<T>> for Literal {
    fn from(value: Option<T>) -> Self {
        value.map_or_else(|| Self(Ok("null".to_owned())), Into::into)
    }
}
