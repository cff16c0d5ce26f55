//! Time that a test holds in its hand: halted at a fixed instant, or the system's with an offset.

use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

/// 2030-01-01T00:00:00Z, where a halted clock stands until it is moved.
const HALTED_AT: Duration = Duration::from_secs(1_893_456_000);

/// A clock that stands still until a test moves it, or follows the system's at an offset.
///
/// Clones share one state: what one advances, all see.
///
/// ```
/// use authsession_testkit::clock::VirtualClock;
/// use std::time::Duration;
///
/// let clock = VirtualClock::halted();
/// let before = clock.now();
/// clock.clone().advance(Duration::from_secs(300));
/// assert_eq!(clock.now(), before + Duration::from_secs(300));
/// ```
#[derive(Clone)]
pub struct VirtualClock {
    face: Arc<Mutex<Face>>,
}

#[derive(Clone, Copy)]
enum Face {
    Halted(SystemTime),
    System { ahead: Duration },
}

impl VirtualClock {
    /// A clock that stands at 2030-01-01T00:00:00Z until it is moved.
    #[must_use]
    pub fn halted() -> Self {
        Self { face: Arc::new(Mutex::new(Face::Halted(UNIX_EPOCH + HALTED_AT))) }
    }

    /// The system's time, to which [`advance`](Self::advance) adds.
    #[must_use]
    pub fn system() -> Self {
        Self { face: Arc::new(Mutex::new(Face::System { ahead: Duration::ZERO })) }
    }

    /// What the clock shows.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        match *self.face.lock().unwrap_or_else(PoisonError::into_inner) {
            Face::Halted(at) => at,
            Face::System { ahead } => system_now() + ahead,
        }
    }

    /// Seconds since 1970, as token claims count them.
    #[must_use]
    pub fn unix_seconds(&self) -> u64 {
        self.now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        match &mut *self.face.lock().unwrap_or_else(PoisonError::into_inner) {
            Face::Halted(at) => *at += by,
            Face::System { ahead } => *ahead += by,
        }
    }

    /// Halts the clock at this instant, which may lie in its past.
    pub fn set(&self, to: SystemTime) {
        *self.face.lock().unwrap_or_else(PoisonError::into_inner) = Face::Halted(to);
    }
}

impl Default for VirtualClock {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for VirtualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VirtualClock").field(&self.unix_seconds()).finish()
    }
}

#[expect(clippy::disallowed_methods, reason = "this is where the testkit's time comes from")]
fn system_now() -> SystemTime {
    SystemTime::now()
}
