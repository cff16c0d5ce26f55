//! A callback that answers no login of this browser, and what can be said of it.

use crate::routes::attempt::RESTARTED;

/// A callback this browser did not ask for, or that was answered before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stale {
    /// It says no, or cannot be told from any other: starting over would help nobody.
    Final,
    /// It was restarted before: the browser keeps no cookies.
    Again,
    /// From history, a bookmark, another browser.
    Unknown,
}

impl Stale {
    pub(super) const ALL: [Self; 3] = [Self::Final, Self::Again, Self::Unknown];

    pub(super) fn of(state: &str, refusal: bool) -> Self {
        // A refusal would only be repeated; and without a state, the mark of a restart could never come back.
        if refusal || state.is_empty() {
            Self::Final
        } else if state.starts_with(RESTARTED) {
            Self::Again
        } else {
            Self::Unknown
        }
    }

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Final => "final",
            Self::Again => "again",
            Self::Unknown => "unknown",
        }
    }
}
