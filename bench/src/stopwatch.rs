//! Takes times so that they can be compared: in short batches, turn and turn about, reported as median and quartiles.

use std::fmt;
use std::time::Duration;

/// The middle of many measurements, and the quartiles around it, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    pub(crate) low: f64,
    pub(crate) median: f64,
    pub(crate) high: f64,
}

impl Spread {
    /// Of measurements in any order; all zero without any.
    pub(crate) fn of(mut measured: Vec<f64>) -> Self {
        measured.sort_by(f64::total_cmp);
        let at = |part: usize| measured.get(measured.len() * part / 4).copied().unwrap_or_default();
        Self { low: at(1), median: at(2), high: at(3) }
    }

    /// Of durations.
    pub(crate) fn of_durations(measured: impl IntoIterator<Item = Duration>) -> Self {
        Self::of(measured.into_iter().map(|one| one.as_secs_f64() * 1e9).collect())
    }

    /// As text, in nanoseconds.
    pub(crate) fn in_nanos(self) -> String {
        let Self { low, median, high } = self;
        format!("{median:.1} ns ({low:.1}–{high:.1})")
    }

    /// As text, a number of thousands.
    pub(crate) fn in_thousands(self) -> String {
        let [low, median, high] = [self.low, self.median, self.high].map(|number| number / 1e3);
        format!("{median:.2} k ({low:.2}–{high:.2})")
    }
}

/// In microseconds below a millisecond, else in milliseconds.
impl fmt::Display for Spread {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, name, digits) = if self.median.abs() < 1e6 { (1e3, "µs", 2) } else { (1e6, "ms", 1) };
        let [low, median, high] = [self.low, self.median, self.high].map(|nanos| nanos / unit);
        write!(formatter, "{median:.digits$} {name} ({low:.digits$}–{high:.digits$})")
    }
}

/// The median of the ratios turn by turn: what else runs on the machine slows both alike.
pub(crate) fn ratio(of: &[f64], to: &[f64]) -> f64 {
    Spread::of(of.iter().zip(to).map(|(of, to)| of / to).collect()).median
}
