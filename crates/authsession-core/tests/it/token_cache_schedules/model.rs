//! What ought to be: the cache's promises once more, in the plainest words, with bounds where the cache rolls dice.

use std::time::Duration;

use authsession_core::clock::Timestamp;
use authsession_core::error::Error;

use crate::scripted_mint::HOUR;
use crate::token_cache_schedules::Tokens;

const SECOND: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Model {
    repeatable: bool,
    held: Option<Held>,
    failure: Option<Failure>,
    /// Since the request that is under way, or the next one, began.
    forgiven: bool,
    /// So many requests had begun when all was forgotten: what comes of those is not held.
    forgotten: usize,
    refusals: u32,
    newest_out: u64,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    serial: u64,
    /// Where the advisory window begins, by the dice.
    stale: (Timestamp, Timestamp),
    mandatory: Timestamp,
    end: Timestamp,
}

#[derive(Debug)]
struct Failure {
    transient: bool,
    in_a_row: u32,
    at: Timestamp,
    pause: (Duration, Duration),
    held_back: bool,
}

impl Model {
    pub(super) fn new(repeatable: bool) -> Self {
        Self {
            repeatable,
            held: None,
            failure: None,
            forgiven: false,
            forgotten: 0,
            refusals: 0,
            newest_out: 0,
        }
    }

    pub(super) fn current(&self) -> Option<u64> {
        self.held.map(|held| held.serial)
    }

    pub(super) fn usable(&self, now: Timestamp) -> Option<u64> {
        self.held.filter(|held| now < held.end).map(|held| held.serial)
    }

    pub(super) fn at_once(&self, now: Timestamp) -> Option<u64> {
        self.held.filter(|held| now < held.mandatory).map(|held| held.serial)
    }

    pub(super) fn may_be_fresh(&self, now: Timestamp) -> bool {
        self.held.is_some_and(|held| now < held.stale.1)
    }

    pub(super) fn must_be_fresh(&self, now: Timestamp) -> bool {
        self.held.is_some_and(|held| now < held.stale.0)
    }

    /// When the next window of the current token begins; now, when there is none.
    pub(super) fn edge(&self, now: Timestamp) -> Timestamp {
        let edges = self.held.map(|held| [held.stale.0, held.stale.1, held.mandatory, held.end]);
        let ahead = |edge: &Timestamp| *edge > now && *edge != Timestamp::NEVER;
        edges.into_iter().flatten().find(ahead).unwrap_or(now)
    }

    pub(super) fn failed(&self) -> Option<bool> {
        self.failure.as_ref().map(|failure| failure.transient)
    }

    pub(super) const fn may_have_given_up(&self) -> bool {
        self.refusals >= 3
    }

    /// A token goes out: the current one, as long as it lasts, and none after a newer one.
    pub(super) fn handed_out(&mut self, serial: u64, now: Timestamp) {
        assert_eq!(
            Some(serial),
            self.usable(now),
            "handed out, though it ended, was refused or was replaced"
        );
        assert!(serial >= self.newest_out, "{serial} after {}", self.newest_out);
        self.newest_out = serial;
    }

    /// Tokens came of that request; `false` when they had ended on their way.
    pub(super) fn comes(&mut self, request: usize, serial: u64, tokens: Tokens, now: Timestamp) -> bool {
        if request > self.forgotten {
            return self.lands(serial, tokens, now);
        }
        tokens.lifetime.is_none_or(|lifetime| now < now - tokens.underway + lifetime)
    }

    /// Tokens came by another road; `false` when they had ended on their way.
    pub(super) fn lands(&mut self, serial: u64, tokens: Tokens, now: Timestamp) -> bool {
        let never = Held {
            serial,
            stale: (Timestamp::NEVER, Timestamp::NEVER),
            mandatory: Timestamp::NEVER,
            end: Timestamp::NEVER,
        };
        let held = tokens.lifetime.map_or(never, |lifetime| {
            let (advisory, mandatory) =
                if lifetime == HOUR { (600 * SECOND, 60 * SECOND) } else { (lifetime / 4, lifetime / 20) };
            let end = now - tokens.underway + lifetime;
            Held {
                serial,
                stale: (end - advisory - advisory / 2, end - advisory),
                mandatory: end - mandatory,
                end,
            }
        });
        if now >= held.end {
            return false;
        }
        (self.held, self.failure) = (Some(held), None);
        true
    }

    /// Checks a request that just began: a new token was due, and no pause stood against it.
    pub(super) fn may_be_asked(&mut self, now: Timestamp) {
        assert!(!self.must_be_fresh(now), "asked although the token is fresh");
        if let Some(failure) = &self.failure {
            assert!(now >= failure.at + failure.pause.0, "asked during the pause: {failure:?}");
            assert!(
                !(failure.held_back && self.usable(now).is_some()),
                "asked at the risk of the token that serves"
            );
        }
        self.forgiven = false;
    }

    pub(super) fn fails(&mut self, error: &Error, now: Timestamp) {
        let transient = error.is_transient();
        if self.forgiven && !transient {
            // It was the old credentials that were refused.
            return;
        }
        let before = self.failure.as_ref().filter(|failure| failure.transient == transient);
        let in_a_row = before.map_or(0, |failure| failure.in_a_row + 1);
        let (first, longest) = if transient { (1, 60) } else { (10, 600) };
        let spread = (first << in_a_row.min(10)).min(longest) * SECOND;
        let wished = error.retry_after().unwrap_or_default().min(600 * SECOND);
        let held_back = !self.repeatable && error.may_have_happened();
        let pause = ((spread / 2).max(wished), spread.max(wished));
        self.failure = Some(Failure { transient, in_a_row, at: now, pause, held_back });
    }

    pub(super) fn agrees_on_pause(&self, told: Duration, now: Timestamp) {
        let Some(Failure { at, pause, held_back, .. }) = &self.failure else {
            return assert!(told.is_zero(), "a pause without a failure");
        };
        if *held_back && self.usable(now).is_some() {
            return assert_eq!(told, Duration::MAX);
        }
        let passed = now.since(*at);
        let (least, most) = (pause.0.saturating_sub(passed), pause.1.saturating_sub(passed));
        assert!(least <= told && told <= most, "{told:?} is not within {least:?} and {most:?}");
    }

    /// The current token was refused: the first three times in any case for good.
    pub(super) fn refused(&mut self, forgotten: bool) {
        assert!(forgotten || self.may_have_given_up(), "refused, and kept");
        if forgotten {
            self.refusals += 1;
            self.held = None;
        }
    }

    /// All, when so many requests had begun.
    pub(super) fn forgets(&mut self, begun: usize) {
        (self.held, self.forgotten) = (None, begun);
    }

    pub(super) fn forgives(&mut self) {
        (self.failure, self.forgiven, self.refusals) = (None, true, 0);
    }
}
