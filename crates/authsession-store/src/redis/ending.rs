//! The end of a session: told by its key alone, in one process; the look-ups follow.

use std::io;
use std::time::Duration;

use authsession_core::clock::{self, Timestamp};
use authsession_core::random;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use redis::RedisError;

use crate::backend::{Content, Kept, Labels};
use crate::end_reason::EndReason;
use crate::keyed_hash::KeyedHash;
use crate::record::Version;
use crate::redis::error::is_of_what_is_kept;
use crate::redis::index::Index;
use crate::redis::scripts::{self, not_understood, read};
use crate::redis::value::{kept, labels};

/// No tombstone stays longer: a hundred years.
const LONGEST: u64 = 3_153_600_000_000;

/// A sweep ends so many at once, and so often looks for more: after that the next one goes on.
const AT_ONCE: usize = 32;
const ROUNDS: usize = 8;

/// What is no session of ours is looked at again after that.
const NOT_UNDERSTOOD: Duration = Duration::from_secs(3600);

/// How sessions are ended.
pub(super) struct Ending<'backend> {
    pub(super) index: &'backend Index,
    pub(super) now: Timestamp,
    pub(super) forget_at: Timestamp,
}

/// What became of an end.
pub(super) enum Ended {
    /// It ended now, for that reason; that was kept of it.
    Now(EndReason, Content, Labels),
    Before,
    Absent,
    /// It ended now, by whom this call is; its content was read before.
    Ours(EndReason),
    /// It is at another version than was read.
    Changed,
    /// It lives until then at least, in milliseconds of the epoch, and was to end only if overdue.
    NotDue(i64),
}

impl Ending<'_> {
    /// Ends it once, however often that is sent: what it held is read first, and its tombstone says who ended it.
    pub(super) async fn end(&self, name: &KeyedHash, reason: EndReason) -> Result<Ended, RedisError> {
        let (key, only_overdue) = (self.index.keys.session(name), reason == EndReason::Idle);
        let by = random::bytes::<16>().map_err(|_| RedisError::from(io::Error::other("no randomness")))?;
        let mut get = redis::cmd("GET");
        get.arg(&key);
        loop {
            let value: Option<Vec<u8>> = read(self.index.route.ask(&key, &get).await?)?;
            let carried = value.as_deref().map(labels).unwrap_or_default();
            let content = match kept(value).ok_or_else(not_understood)? {
                Kept::Session { content, .. } => content,
                Kept::Ended(_) => return Ok(Ended::Before),
                Kept::Absent => return Ok(Ended::Absent),
            };
            let version = content.version.number().to_string();
            match self.send(name, reason, only_overdue, (&version, &by)).await? {
                Ended::Ours(reason) => return Ok(Ended::Now(reason, content, carried)),
                Ended::Changed => {}
                ended => return Ok(ended),
            }
        }
    }

    async fn send(
        &self,
        name: &KeyedHash,
        reason: EndReason,
        only_overdue: bool,
        (version, by): (&str, &[u8]),
    ) -> Result<Ended, RedisError> {
        let remembered = self.remembered(&[]);
        let (claim, given_up) =
            (self.remembered(&[Content::CLAIM]), self.remembered(&[Content::CLAIM, Content::GIVEN_UP]));
        let (key, channel) = (self.index.keys.session(name), self.index.keys.channel());
        let (code, now, only_overdue) = (reason.code(), self.now.unix_millis(), i32::from(only_overdue));
        let arguments: [&dyn scripts::Argument; 10] =
            [&code, &now, &remembered, &channel, &&name.0, &only_overdue, &version, &by, &claim, &given_up];
        let parts: Vec<Vec<u8>> = read(self.index.route.run(&scripts::END, &key, &arguments).await?)?;
        Ended::read(&parts).ok_or_else(not_understood)
    }

    /// For how many milliseconds a sweep has it remembered, of what begins like that.
    fn remembered(&self, sealed: &[u8]) -> u64 {
        let content =
            Content { version: Version::FIRST, sealed: sealed.to_vec(), expires_at: Timestamp::NEVER };
        let remembered = content.forget_at(self.forget_at, self.now).since(self.now).as_millis();
        u64::try_from(remembered).unwrap_or(LONGEST).clamp(1, LONGEST)
    }

    /// Ends up to so many that are overdue, for as long as a call may take, and tells of those, whatever failed then. Each step
    /// has that time for itself: an end that is on its way is waited for, since nobody else tells of it.
    pub(super) async fn sweep(
        &self,
        at_most: usize,
    ) -> Result<Vec<(KeyedHash, EndReason, Content)>, RedisError> {
        let route = &self.index.route;
        let (mut ended, mut failed) = (Vec::new(), None);
        let mut due = self.index.due(at_most, self.now).await?;
        let time_is_over = clock::wait(route.limit.duration()).shared();
        for _ in 0..ROUNDS {
            let mut closing = stream::iter(due)
                .take_until(time_is_over.clone())
                .map(|name| async move { (name, route.in_time(self.close(&name)).await) })
                .buffer_unordered(AT_ONCE);
            let mut over = Vec::new();
            while let Some((name, closed)) = closing.next().await {
                match closed {
                    Ok(Some((reason, content, labels))) => {
                        ended.push((name, reason, content));
                        over.push((name, labels));
                    }
                    Ok(None) => {}
                    Err(error) => failed = Some(error),
                }
            }
            let clear = stream::iter(over)
                .for_each_concurrent(AT_ONCE, async |(name, labels)| self.index.clear(&name, &labels).await);
            let _what_stays_listed_is_found_again = clock::within(route.limit.duration(), clear).await;
            if failed.is_some() || time_is_over.clone().now_or_never().is_some() {
                break;
            }
            match self.index.due(at_most.saturating_sub(ended.len()), self.now).await {
                Ok(more) if more.is_empty() => break,
                Ok(more) => due = more,
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        match failed {
            Some(error) if ended.is_empty() => Err(error),
            _ => Ok(ended),
        }
    }

    /// Ends one that may be overdue, or lists it for when it is. It stays listed until that is done.
    async fn close(&self, name: &KeyedHash) -> Result<Option<(EndReason, Content, Labels)>, RedisError> {
        match self.send(name, EndReason::Idle, true, ("", &[])).await {
            Ok(Ended::Now(reason, content, labels)) => return Ok(Some((reason, content, labels))),
            Ok(Ended::Before | Ended::Absent | Ended::Ours(_) | Ended::Changed) => {
                self.index.clear(name, &Labels::default()).await
            }
            Ok(Ended::NotDue(due)) => self.index.put_off(name, due).await?,
            // It must not keep the others from their turn, and may be a later release's.
            Err(error) if is_of_what_is_kept(&error) => {
                self.index.put_off(name, (self.now + NOT_UNDERSTOOD).unix_millis()).await?;
            }
            Err(error) => return Err(error),
        }
        Ok(None)
    }
}

impl Ended {
    fn read(parts: &[Vec<u8>]) -> Option<Self> {
        let parts: Vec<_> = parts.iter().map(Vec::as_slice).collect();
        Some(match *parts {
            [b"before"] => Self::Before,
            [b"absent"] => Self::Absent,
            [b"changed"] => Self::Changed,
            [b"ours", reason] => Self::Ours(EndReason::of_a_tombstone(text(reason)?)),
            [b"due", due] => Self::NotDue(text(due)?.parse().ok()?),
            [b"now", reason, value] => {
                let Kept::Session { content, .. } = kept(Some(value.to_vec()))? else { return None };
                let reason = EndReason::of_a_tombstone(text(reason)?);
                Self::Now(reason, content, labels(value))
            }
            _ => return None,
        })
    }
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}
