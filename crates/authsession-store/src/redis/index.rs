//! The look-ups beside the sessions: by label, and by when a session is due.
//!
//! They live on other nodes of a cluster than the session, so they are hints: written before it, held against it when read, and
//! cleared only of sessions that ended, for a name is never used again.

use authsession_core::clock::Timestamp;
use futures_util::future::{join_all, try_join_all};
use redis::{RedisError, Value};

use crate::backend::{Kept, Label, Labels};
use crate::end_reason::EndReason;
use crate::keyed_hash::KeyedHash;
use crate::redis::error::is_of_what_is_kept;
use crate::redis::keys::Keys;
use crate::redis::route::Route;
use crate::redis::scripts::{self, read};
use crate::redis::value::{HEAD, kept, labels};

/// So many sessions are looked at, at once.
const AT_ONCE: usize = 64;

/// The look-ups of a prefix.
#[derive(Clone)]
pub(super) struct Index {
    pub(super) route: Route,
    pub(super) keys: Keys,
}

impl Index {
    /// That a session of these labels is about to be, as far as one that is kept already does not know better.
    pub(super) async fn announce(
        &self,
        name: &KeyedHash,
        labels: &Labels,
        due: Timestamp,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), RedisError> {
        let (key, mut command) = (self.keys.due(name), redis::cmd("ZADD"));
        command.arg(&key).arg("NX").arg(due.unix_millis()).arg(&name.0);
        let (due, labels) = futures_util::future::join(
            self.route.ask(&key, &command),
            self.note(name, labels, expires_at, now),
        )
        .await;
        due.and(labels)
    }

    /// That a session carries these labels, or is about to.
    pub(super) async fn note(
        &self,
        name: &KeyedHash,
        labels: &Labels,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), RedisError> {
        let (until, now) = (expires_at.unix_millis(), now.unix_millis());
        let notes = each(labels).map(|label| async move {
            self.route.run(&scripts::NOTE, &self.keys.label(&label), &[&until, &&name.0, &now]).await
        });
        try_join_all(notes).await.map(drop)
    }

    /// That it ended. What fails here is found again.
    pub(super) async fn clear(&self, name: &KeyedHash, labels: &Labels) {
        let keys = each(labels).map(|label| self.keys.label(&label)).chain([self.keys.due(name)]);
        join_all(keys.map(|key| async move { self.remove(&key, &name.0).await })).await;
    }

    /// When it is due, if it still is listed.
    pub(super) async fn put_off(&self, name: &KeyedHash, due: i64) -> Result<(), RedisError> {
        let (key, mut command) = (self.keys.due(name), redis::cmd("ZADD"));
        command.arg(&key).arg("XX").arg(due).arg(&name.0);
        self.route.ask(&key, &command).await.map(drop)
    }

    /// Up to so many sessions that may be due, the first ones first: of those parts that answer, if any does.
    pub(super) async fn due(&self, at_most: usize, now: Timestamp) -> Result<Vec<KeyedHash>, RedisError> {
        let parts = self
            .keys
            .all_due()
            .map(|key| async move { self.route.in_time(self.due_in_part(&key, at_most, now)).await });
        let (mut due, mut answered, mut failed) = (Vec::new(), false, None);
        for part in join_all(parts).await {
            match part {
                Ok(part) => {
                    answered = true;
                    due.extend(part);
                }
                Err(error) => failed = Some(error),
            }
        }
        if let (false, Some(error)) = (answered, failed) {
            return Err(error);
        }
        due.sort_by(|(_, one), (_, other)| one.total_cmp(other));
        due.truncate(at_most);
        Ok(due.into_iter().map(|(name, _)| name).collect())
    }

    async fn due_in_part(
        &self,
        key: &str,
        at_most: usize,
        now: Timestamp,
    ) -> Result<Vec<(KeyedHash, f64)>, RedisError> {
        let mut command = redis::cmd("ZRANGEBYSCORE");
        command.arg(key).arg("-inf").arg(now.unix_millis()).arg("WITHSCORES");
        command.arg("LIMIT").arg(0).arg(at_most);
        let mut due = Vec::new();
        for (name, at) in read::<Vec<(Vec<u8>, f64)>>(self.route.ask(key, &command).await?)? {
            match named(&name) {
                Some(name) => due.push((name, at)),
                // No session's name: it would only stand in the way of those behind it.
                None => drop(self.remove(key, &name).await),
            }
        }
        Ok(due)
    }

    /// The names of the live sessions that carry it.
    pub(super) async fn find(&self, label: &Label, now: Timestamp) -> Result<Vec<KeyedHash>, RedisError> {
        let key = self.keys.label(label);
        let mut command = redis::cmd("ZRANGEBYSCORE");
        command.arg(&key).arg(format!("({}", now.unix_millis())).arg("+inf");
        let listed: Vec<Vec<u8>> = match self.route.ask(&key, &command).await {
            Ok(listed) => read(listed)?,
            Err(error) if is_of_what_is_kept(&error) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let listed: Vec<_> = listed.iter().filter_map(|name| named(name)).collect();
        let mut found = Vec::new();
        for names in listed.chunks(AT_ONCE) {
            let looks = names.iter().map(|name| async { Ok((*name, self.carries(name, label, now).await?)) });
            for (name, carries) in try_join_all(looks).await.map_err(|error: RedisError| error)? {
                match carries {
                    Carries::It => found.push(name),
                    Carries::Nothing => {
                        self.remove(&key, &name.0).await;
                    }
                    Carries::NotNow => {}
                }
            }
        }
        let mut command = redis::cmd("ZREMRANGEBYSCORE");
        command.arg(&key).arg("-inf").arg(now.unix_millis());
        self.route.ask(&key, &command).await?;
        Ok(found)
    }

    async fn carries(&self, name: &KeyedHash, label: &Label, now: Timestamp) -> Result<Carries, RedisError> {
        let (key, mut command) = (self.keys.session(name), redis::cmd("GETRANGE"));
        command.arg(&key).arg(0).arg(HEAD - 1);
        let head: Vec<u8> = match self.route.ask(&key, &command).await {
            Ok(head) => read(head)?,
            Err(error) if is_of_what_is_kept(&error) => return Ok(Carries::NotNow),
            Err(error) => return Err(error),
        };
        let carried = labels(&head);
        let carries = match label {
            Label::Subject(wanted) => carried.subject == Some(*wanted),
            Label::ProviderSession(wanted) => carried.provider_session == Some(*wanted),
        };
        Ok(match kept(Some(head)) {
            Some(Kept::Ended(_)) => Carries::Nothing,
            Some(Kept::Session { content, idle_deadline })
                if carries && EndReason::by_deadline(content.expires_at, idle_deadline, now).is_none() =>
            {
                Carries::It
            }
            // It may be about to be, or to be called so: another process lists it first.
            _ => Carries::NotNow,
        })
    }

    async fn remove(&self, key: &str, name: &[u8]) -> Option<Value> {
        let mut command = redis::cmd("ZREM");
        command.arg(key).arg(name);
        self.route.ask(key, &command).await.ok()
    }
}

enum Carries {
    It,
    NotNow,
    /// It ended.
    Nothing,
}

fn named(bytes: &[u8]) -> Option<KeyedHash> {
    bytes.try_into().ok().map(KeyedHash)
}

fn each(labels: &Labels) -> impl Iterator<Item = Label> + use<> {
    let subject = labels.subject.map(Label::Subject);
    subject.into_iter().chain(labels.provider_session.map(Label::ProviderSession))
}
