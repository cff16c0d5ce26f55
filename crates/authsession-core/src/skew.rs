//! How far the provider's clock is from ours, by the `Date` of its answers (RFC 9110 §6.6.1): what we sign is judged by the
//! provider's clock.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use http::HeaderMap;
use http::header::DATE;

use crate::clock::Timestamp;

/// How far two honest clocks may be apart.
pub const DEFAULT_TOLERANCE: Duration = Duration::from_secs(60);

/// The header has whole seconds: what differs less does not differ.
const GRAIN: i64 = 2000;
/// Clocks are off by minutes, or by a time zone. What is off by more is not a clock.
const FURTHEST: u64 = 24 * 3600 * 1000;

/// How far the provider's clock is ahead of ours; behind when negative. Nothing until it was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skew(i64);

impl Skew {
    /// In milliseconds.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// How far apart the two clocks are.
    #[must_use]
    pub const fn distance(self) -> Duration {
        Duration::from_millis(self.0.unsigned_abs())
    }

    /// What the provider's clock shows when ours shows `ours`.
    #[must_use]
    pub fn provider_time(self, ours: Timestamp) -> Timestamp {
        Timestamp::from_unix_millis(ours.unix_millis().saturating_add(self.0))
    }
}

impl fmt::Display for Skew {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let direction = if self.0 < 0 { "behind" } else { "ahead" };
        write!(formatter, "{} s {direction}", self.distance().as_secs())
    }
}

/// Measures a [`Skew`], answer by answer.
#[derive(Debug)]
pub(crate) struct SkewMeter {
    /// How far apart the clocks may be without a word in the log.
    pub(crate) warns_beyond: Duration,
    millis: AtomicI64,
    warned: AtomicBool,
}

impl Default for SkewMeter {
    fn default() -> Self {
        Self {
            warns_beyond: DEFAULT_TOLERANCE / 2,
            millis: AtomicI64::new(0),
            warned: AtomicBool::new(false),
        }
    }
}

impl SkewMeter {
    pub(crate) fn skew(&self) -> Skew {
        Skew(self.millis.load(Ordering::Relaxed))
    }

    /// Takes note of an answer: the provider dated it somewhere between our asking and its arrival.
    pub(crate) fn observe(&self, headers: &HeaderMap, asked_at: Timestamp, answered_at: Timestamp) {
        let date = headers.get(DATE).and_then(|value| value.to_str().ok());
        let Some(date) = date.and_then(|text| httpdate::parse_http_date(text).ok()) else { return };
        let (asked, answered) = (asked_at.unix_millis(), answered_at.unix_millis());
        let on_the_way = answered.saturating_sub(asked).max(0);
        let middle = asked.saturating_add(on_the_way / 2);
        // A date stands for the whole second that begins with it.
        let measured = Timestamp::from(date).unix_millis().saturating_add(500).saturating_sub(middle);
        let tolerance = GRAIN.saturating_add(on_the_way / 2).unsigned_abs();
        let held = self.skew().millis();
        if measured.abs_diff(held) < tolerance || measured.unsigned_abs() > FURTHEST {
            return;
        }
        let skew = Skew(if measured.unsigned_abs() < GRAIN.unsigned_abs() { 0 } else { measured });
        self.millis.store(skew.millis(), Ordering::Relaxed);
        if skew.distance() > self.warns_beyond && !self.warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(target: "authsession::clock", "the provider's clock is {skew} of ours: set the clock of this machine");
        }
    }
}
