//! How long to measure: for figures, or only long enough to check the counts.

use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// For the tables.
    Full,
    /// For the counts; the times it gives are rough.
    Quick,
}

impl Effort {
    /// Batches by contestant.
    pub(crate) const fn rounds(self) -> usize {
        match self {
            Self::Full => 2000,
            Self::Quick => 50,
        }
    }

    /// Batches before the first that counts.
    pub(crate) const fn warm_up(self) -> usize {
        self.rounds() / 10
    }

    /// How often the rate is taken.
    pub(crate) const fn rate_turns(self) -> usize {
        match self {
            Self::Full => 5,
            Self::Quick => 1,
        }
    }

    /// How long each turn of the rate lasts.
    pub(crate) const fn rate_turn(self) -> Duration {
        match self {
            Self::Full => Duration::from_millis(500),
            Self::Quick => Duration::from_millis(50),
        }
    }

    /// How many expired sessions are stormed, one after the other.
    pub(crate) const fn storms(self) -> usize {
        match self {
            Self::Full => 10,
            Self::Quick => 1,
        }
    }

    /// How often a step on a store is timed, by contestant.
    pub(crate) const fn steps(self) -> usize {
        match self {
            Self::Full => 2000,
            Self::Quick => 200,
        }
    }

    /// For how long, where that is over first.
    pub(crate) const fn steps_last(self) -> Duration {
        match self {
            Self::Full => Duration::from_secs(4),
            Self::Quick => Duration::from_millis(500),
        }
    }

    /// How many sessions are weighed in this process's memory.
    pub(crate) const fn sessions_in_memory(self) -> usize {
        match self {
            Self::Full => 1_000_000,
            Self::Quick => 50_000,
        }
    }

    /// How many are weighed elsewhere.
    pub(crate) const fn sessions_at_rest(self) -> usize {
        match self {
            Self::Full => 100_000,
            Self::Quick => 2_000,
        }
    }

    /// How often steps on a store are counted, by contestant.
    pub(crate) const fn turns(self) -> usize {
        match self {
            Self::Full => 21,
            Self::Quick => 3,
        }
    }

    /// How long each such turn lasts.
    pub(crate) const fn turn(self) -> Duration {
        match self {
            Self::Full => Duration::from_millis(60),
            Self::Quick => Duration::from_millis(30),
        }
    }
    /// How often a hundred thousand records are streamed, by contestant.
    pub(crate) const fn streams(self) -> usize {
        match self {
            Self::Full => 7,
            Self::Quick => 1,
        }
    }

    /// How often a large result is downloaded, by contestant.
    pub(crate) const fn downloads(self) -> usize {
        match self {
            Self::Full => 5,
            Self::Quick => 1,
        }
    }

    /// How large that is, in bytes.
    pub(crate) const fn download(self) -> usize {
        match self {
            Self::Full => 1_000_000_000,
            Self::Quick => 64_000_000,
        }
    }

    /// How many times a session ends under calls, by contestant.
    pub(crate) const fn expiries(self) -> usize {
        match self {
            Self::Full => 21,
            Self::Quick => 3,
        }
    }
}
