//! When a token is due: how long before its end it is replaced ahead of time, and when callers wait for that.

use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const LONG_LIVED: Duration = Duration::from_secs(3600);
const SHORT_LIVED: Duration = Duration::from_secs(600);

/// The windows before a token's end. Times are counted from when it was handed out, or last used where it slides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Windows {
    /// From here one caller refreshes, and all are served at once.
    pub(crate) advisory: Duration,
    /// From here callers wait for the refresh.
    pub(crate) mandatory: Duration,
    /// From here the token is not handed out.
    pub(crate) end: Duration,
}

/// Windows given by hand, in place of those that fit the lifetime.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ByHand {
    pub(crate) advisory: Option<Duration>,
    pub(crate) mandatory: Option<Duration>,
}

impl Windows {
    /// The windows of a token that lives that long. `jitter` in `0.0..1.0` moves the advisory window forward by up to half of
    /// itself, so that instances that got their tokens together do not all come back together.
    pub(crate) fn fit(lifetime: Duration, by_hand: ByHand, jitter: f64) -> Self {
        let (advisory, mandatory) = tier(lifetime);
        let mandatory = by_hand.mandatory.unwrap_or(mandatory).min(lifetime / 4);
        // Cut first, so that no window is too long to be counted with.
        let advisory = by_hand.advisory.unwrap_or(advisory).max(mandatory).min(lifetime / 2);
        let advisory = (advisory + advisory.mul_f64(jitter.clamp(0.0, 1.0) / 2.0)).min(lifetime / 2);
        Self { advisory: lifetime - advisory, mandatory: lifetime - mandatory, end: lifetime }
    }
}

/// An hour and more leaves ten minutes for trouble; less leaves a sixth, and what lives for minutes a quarter.
fn tier(lifetime: Duration) -> (Duration, Duration) {
    if lifetime >= LONG_LIVED {
        (10 * MINUTE, MINUTE)
    } else if lifetime >= SHORT_LIVED {
        (lifetime / 6, MINUTE / 2)
    } else {
        (lifetime / 4, lifetime / 20)
    }
}

#[cfg(test)]
mod tests {
    use super::{ByHand, Windows};
    use std::time::Duration;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_longer_a_token_lives_the_longer_is_the_time_to_replace_it() {
        let windows = |lifetime| Windows::fit(seconds(lifetime), ByHand::default(), 0.0);
        assert_eq!(windows(7200).advisory, seconds(6600));
        assert_eq!(windows(1800).advisory, seconds(1500));
        assert_eq!(windows(100).advisory, seconds(75));
        assert_eq!(windows(7200).mandatory, seconds(7140));
        assert_eq!(windows(100).mandatory, seconds(95));
    }

    #[test]
    fn the_windows_stand_in_order_whatever_is_asked() {
        for lifetime in [0, 1, 2, 59, 600, 3600, 86_400, u64::MAX] {
            for window in [0, 1, 60, 100_000, u64::MAX] {
                for jitter in [0.0, 0.5, 1.0, f64::NAN] {
                    let by_hand =
                        ByHand { advisory: Some(seconds(window)), mandatory: Some(seconds(window)) };
                    let jitter = if jitter.is_nan() { 1.0 } else { jitter };
                    let Windows { advisory, mandatory, end } =
                        Windows::fit(seconds(lifetime), by_hand, jitter);
                    assert!(advisory <= mandatory && mandatory <= end, "{lifetime} {window} {jitter}");
                    assert!(advisory >= end - advisory, "at least half of the lifetime is fresh");
                }
            }
        }
    }
}
