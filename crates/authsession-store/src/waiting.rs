//! How long a lease lasts, and how whoever has none looks whether another process is done.

use std::time::Duration;

use authsession_core::clock::{Clock, Timestamp};

/// How long a lease is taken for: a process that died holds it no longer.
pub const LEASE: Duration = Duration::from_secs(15);
/// How often it is renewed while it is held: three times before it would fall free.
pub const RENEWAL: Duration = Duration::from_secs(5);

/// Between two looks: at first, and at last, where nobody says so and where the store hears of it.
const SOON: Duration = Duration::from_millis(10);
const SELDOM: Duration = Duration::from_millis(100);
const RARELY: Duration = Duration::from_millis(500);

/// The pauses between one look and the next, longer and longer, until they make up the time that is waited in all.
///
/// ```
/// use std::time::Duration;
/// use authsession_store::waiting::Looks;
///
/// let pauses: Vec<Duration> = Looks::for_at_most(Duration::from_secs(1), false).collect();
/// assert_eq!(pauses.first(), Some(&Duration::from_millis(10)));
/// assert_eq!(pauses.last(), Some(&Duration::from_millis(100)));
/// ```
#[derive(Clone, Debug)]
pub struct Looks {
    waited: Duration,
    at_most: Duration,
    longest: Duration,
    /// Whose time counts too, and from when.
    clock: Option<(Clock, Timestamp)>,
}

impl Looks {
    /// Looks for that long in all; rarely where the store [hears of changes](crate::store::SessionStore::hears_of_changes), and
    /// each look is a pause cut short.
    #[must_use]
    pub const fn for_at_most(at_most: Duration, hears_of_changes: bool) -> Self {
        Self {
            waited: Duration::ZERO,
            at_most,
            longest: if hears_of_changes { RARELY } else { SELDOM },
            clock: None,
        }
    }

    /// The same, and over as soon as that clock says that so much time has passed from now on: a store that is slow takes its time for
    /// each look, too.
    #[must_use]
    pub fn by(self, clock: &Clock) -> Self {
        Self { clock: Some((clock.clone(), clock.now())), ..self }
    }
}

impl Iterator for Looks {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let is_late = |(clock, began): &(Clock, Timestamp)| clock.now().since(*began) >= self.at_most;
        if self.waited >= self.at_most || self.clock.as_ref().is_some_and(is_late) {
            return None;
        }
        let pause = (self.waited / 4).clamp(SOON, self.longest);
        self.waited += pause;
        Some(pause)
    }
}
