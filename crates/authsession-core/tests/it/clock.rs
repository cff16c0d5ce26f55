//! The time, and the runtime's timer.

use std::future::{pending, ready};
use std::time::{Duration, UNIX_EPOCH};

use authsession_core::clock::{Clock, Timestamp, wait, within};

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn a_clock_tells_the_time_it_is_given() {
    let clock = Clock::from_fn(|| UNIX_EPOCH + MINUTE);
    assert_eq!(clock.now(), Timestamp::from_unix_seconds(60));
    assert_eq!(format!("{clock:?} {:?}", Clock::system()), "Clock(replaced) Clock(system)");
    assert!(Clock::system().now() > Timestamp::from_unix_seconds(1_700_000_000));
}

#[tokio::test(start_paused = true)]
async fn a_pause_is_over_when_its_time_is_up() {
    assert_eq!(within(MINUTE - Duration::from_millis(1), wait(MINUTE)).await, None);
    assert_eq!(within(MINUTE + Duration::from_millis(1), wait(MINUTE)).await, Some(()));
}

#[tokio::test(start_paused = true)]
async fn work_that_takes_longer_than_the_limit_has_no_outcome() {
    assert_eq!(within(MINUTE, pending::<u8>()).await, None);
    assert_eq!(within(Duration::ZERO, ready(7)).await, Some(7));
}
