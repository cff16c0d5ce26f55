//! When to try again after a failure.

use std::time::Duration;

use authsession_core::clock::Timestamp;
use authsession_core::retry::Backoff;
use proptest::prelude::{any, prop_assert, proptest};

const NOW: Timestamp = Timestamp::from_unix_millis(0);
const MINUTE: Duration = Duration::from_secs(60);

fn failed(times: u32) -> Backoff {
    (0..times).fold(Backoff::default(), |backoff, _| backoff.after_failure(NOW, None))
}

#[test]
fn without_a_failure_there_is_no_wait() {
    assert_eq!(Backoff::default().wait(NOW), Duration::ZERO);
}

#[test]
fn the_pause_doubles_from_a_second_to_a_minute_spread_by_a_half() {
    for (times, longest) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 32), (7, 60), (100, 60)] {
        let (wait, longest) = (failed(times).wait(NOW), Duration::from_secs(longest));
        assert!(wait >= longest / 2 && wait <= longest, "{times}: {wait:?}");
    }
}

#[test]
fn two_that_failed_at_once_do_not_come_back_at_once() {
    let waits: std::collections::HashSet<_> = (0..100).map(|_| failed(7).wait(NOW)).collect();
    assert!(waits.len() > 50);
}

#[test]
fn a_clock_set_back_makes_no_pause_longer() {
    let asked = Duration::from_secs(300);
    let backoff = Backoff::default().after_failure(NOW, Some(asked));
    for back in [1, 10, 299, 300, 86_400, 1 << 40] {
        let back = Duration::from_secs(back);
        assert_eq!(backoff.wait(NOW - back), asked.saturating_sub(back), "{back:?}");
    }
    assert!(failed(3).wait(NOW - MINUTE * 60 * 24).is_zero());
}

#[test]
fn a_failure_is_remembered_until_the_next_success() {
    assert!(!Backoff::default().has_failed());
    assert!(failed(1).has_failed() && failed(100).has_failed());
}

#[test]
fn failures_are_forgotten_ten_minutes_after_the_pause_wherever_the_clock_went() {
    assert!(Backoff::default().is_forgotten(NOW));
    let backoff = Backoff::default().after_failure(NOW, Some(MINUTE));
    for later in [NOW, NOW + MINUTE, NOW + MINUTE * 11] {
        assert!(!backoff.is_forgotten(later), "{later:?}");
    }
    let past = MINUTE * 11 + Duration::from_millis(1);
    assert!(backoff.is_forgotten(NOW + past) && backoff.is_forgotten(NOW - past));
}

#[test]
fn when_the_pause_is_over_there_is_no_wait() {
    assert_eq!(failed(7).wait(NOW + MINUTE), Duration::ZERO);
}

#[test]
fn a_provider_is_never_asked_sooner_than_it_asked_for() {
    let asked = Duration::from_secs(300);
    assert_eq!(Backoff::default().after_failure(NOW, Some(asked)).wait(NOW), asked);
}

#[test]
fn a_provider_that_asks_for_a_year_gets_ten_minutes() {
    let backoff = Backoff::default().after_failure(NOW, Some(Duration::from_secs(31_536_000)));
    assert_eq!(backoff.wait(NOW), MINUTE * 10);
}

proptest! {
    #[test]
    fn no_instant_and_no_wish_makes_it_panic(now in any::<i64>(), asked in any::<Option<Duration>>(), later in any::<i64>()) {
        let (now, later) = (Timestamp::from_unix_millis(now), Timestamp::from_unix_millis(later));
        let backoff = Backoff::default().after_failure(now, asked);
        prop_assert!(backoff.wait(now) <= MINUTE * 10);
        prop_assert!(backoff.wait(later) <= backoff.wait(now));
        prop_assert!(!backoff.is_forgotten(now));
    }
}
