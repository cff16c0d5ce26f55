//! What is known of a session at its place in memory: that it lives, or why it ended.

use authsession_core::clock::Timestamp;

use crate::end_reason::{EndReason, REMEMBERED};
#[cfg(feature = "cookie-store")]
use crate::memory::copies::Browser;
use crate::memory::kept::{Kept, Wanted};

pub(super) enum Slot<K> {
    Live {
        session: K,
        idle_deadline: Timestamp,
        /// Of a working copy: what is known of the browser that has the session.
        #[cfg(feature = "cookie-store")]
        browser: Option<Box<Browser>>,
    },
    Ended {
        reason: EndReason,
        forget_at: Timestamp,
    },
}

/// A slot as it is found.
pub(super) enum Seen<K> {
    Live { session: K, idle_deadline: Timestamp },
    Overdue(EndReason),
    Ended(EndReason),
}

impl<K> Slot<K> {
    pub(super) const fn live(session: K, idle_deadline: Timestamp) -> Self {
        Self::Live {
            session,
            idle_deadline,
            #[cfg(feature = "cookie-store")]
            browser: None,
        }
    }

    pub(super) fn is_to_be_forgotten(&self, now: Timestamp) -> bool {
        matches!(self, Self::Ended { forget_at, .. } if *forget_at <= now)
    }

    /// The same, with its session kept in another way.
    #[cfg(feature = "sealed")]
    pub(super) fn map<L>(self, keep: impl FnOnce(K) -> L) -> Slot<L> {
        match self {
            Self::Ended { reason, forget_at } => Slot::Ended { reason, forget_at },
            Self::Live {
                session,
                idle_deadline,
                #[cfg(feature = "cookie-store")]
                browser,
            } => Slot::Live {
                session: keep(session),
                idle_deadline,
                #[cfg(feature = "cookie-store")]
                browser,
            },
        }
    }
}

impl<K: Kept> Slot<K> {
    /// Why a live session is over by the clock, if it is.
    pub(super) fn overdue(&self, now: Timestamp) -> Option<EndReason> {
        match self {
            Self::Live { session, idle_deadline, .. } => {
                EndReason::by_deadline(session.expires_at(), *idle_deadline, now)
            }
            Self::Ended { .. } => None,
        }
    }

    /// Ends it for that reason, or for that of its deadline if it is overdue, unless it ended before. For being idle nothing ends
    /// that is live: it was touched since somebody saw it so.
    pub(super) fn end(&mut self, reason: EndReason, now: Timestamp) -> Option<(EndReason, K)> {
        let reason = match self.overdue(now) {
            Some(reason) => reason,
            None if reason == EndReason::Idle => return None,
            None => reason,
        };
        let ended = Self::Ended { reason, forget_at: self.forget_at(now) };
        match std::mem::replace(self, ended) {
            Self::Live { session, .. } => Some((reason, session)),
            before @ Self::Ended { .. } => {
                *self = before;
                None
            }
        }
    }

    /// Until when the end is remembered. That of a working copy until what its user took along is too old: it must not serve.
    fn forget_at(&self, now: Timestamp) -> Timestamp {
        match self {
            #[cfg(feature = "cookie-store")]
            Self::Live { session, browser: Some(_), .. } => session.expires_at().max(now + REMEMBERED),
            _ => now + REMEMBERED,
        }
    }

    pub(super) fn lives(&self, now: Timestamp) -> bool {
        matches!(self, Self::Live { .. }) && self.overdue(now).is_none()
    }

    /// What there is to be seen, a live session to take along.
    pub(super) fn seen(&self, now: Timestamp) -> Seen<K> {
        match (self, self.overdue(now)) {
            (Self::Ended { reason, .. }, _) => Seen::Ended(*reason),
            (Self::Live { .. }, Some(reason)) => Seen::Overdue(reason),
            (Self::Live { session, idle_deadline, .. }, None) => {
                Seen::Live { session: session.clone(), idle_deadline: *idle_deadline }
            }
        }
    }

    /// Whether it is live, and may be one of those.
    pub(super) fn may_be(&self, wanted: &Wanted<'_>, now: Timestamp) -> bool {
        matches!(self, Self::Live { session, .. } if session.may_be(wanted)) && self.overdue(now).is_none()
    }
}
