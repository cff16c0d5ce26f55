//! The steps of a backend, each in as few statements as it takes.

use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use authsession_core::clock::{self, Clock, Timestamp};
use authsession_core::random;
use sqlx::{Connection, Error};

use crate::backend::{Content, EndOutcome, Kept, Label, Labels, UpdateOutcome, lasting};
use crate::end_reason::EndReason;
use crate::keyed_hash::KeyedHash;
use crate::record::Version;
use crate::seal::SealError;
use crate::sql::dialect::{Dialect, Row, Value};
use crate::sql::error::Failure;
use crate::sql::statements::Statement;
use crate::sql::{Held, Sql, Tries};
use crate::store::{LeaseOwner, StoreError};

/// A tombstone is little, and needs nobody told.
const FORGOTTEN_AT_ONCE: i64 = 1000;

impl<D: Dialect> Sql<D> {
    pub(crate) async fn create(
        &self,
        name: &KeyedHash,
        content: &Content,
        labels: &Labels,
        idle_deadline: Timestamp,
    ) -> Result<bool, StoreError> {
        let values = [
            bytes(name),
            number(content.version),
            Value::Bytes(Some(&content.sealed)),
            millis(idle_deadline),
            millis(content.expires_at),
            millis(idle_deadline.min(content.expires_at)),
            label(labels.subject.as_ref()),
            label(labels.provider_session.as_ref()),
        ];
        match self.ask(&self.statements.create, &values).await {
            Ok(_) => Ok(true),
            Err(Failure::Sqlx(Error::Database(error))) if error.is_unique_violation() => Ok(false),
            Err(failure) => Err(failure.into()),
        }
    }

    pub(crate) async fn load(&self, name: &KeyedHash) -> Result<Kept, StoreError> {
        Ok(self.call(async |held| self.load_holding(held, name).await).await?)
    }

    /// The same as one part of a call.
    async fn load_holding(&self, held: &mut Held<D>, name: &KeyedHash) -> Result<Kept, Error> {
        let answer = self.ask_holding(held, &self.statements.load, &[bytes(name)]).await?;
        answer.rows.into_iter().next().map_or(Ok(Kept::Absent), kept)
    }

    pub(crate) async fn update(
        &self,
        name: &KeyedHash,
        read: Version,
        content: &Content,
        labels: &Labels,
        now: Timestamp,
    ) -> Result<UpdateOutcome, StoreError> {
        let values = [
            number(content.version),
            Value::Bytes(Some(&content.sealed)),
            millis(content.expires_at),
            millis(content.expires_at),
            label(labels.subject.as_ref()),
            label(labels.provider_session.as_ref()),
            bytes(name),
            number(read),
            millis(now),
            millis(now),
        ];
        let outcome = self.call(async |held| {
            if self.ask_holding(held, &self.statements.update, &values).await?.changed > 0 {
                return Ok(UpdateOutcome::Saved);
            }
            Ok(match self.load_holding(held, name).await? {
                Kept::Session { content, idle_deadline }
                    if EndReason::by_deadline(content.expires_at, idle_deadline, now).is_none() =>
                {
                    UpdateOutcome::Changed
                }
                Kept::Session { .. } | Kept::Ended(_) => UpdateOutcome::Ended,
                Kept::Absent => UpdateOutcome::Absent,
            })
        });
        Ok(outcome.await?)
    }

    pub(crate) async fn touch(
        &self,
        name: &KeyedHash,
        idle_deadline: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let until = millis(idle_deadline);
        self.changes(&self.statements.touch, &[until, until, bytes(name), millis(now), millis(now)]).await
    }

    pub(crate) async fn end(
        &self,
        name: &KeyedHash,
        reason: EndReason,
        now: Timestamp,
        forget_at: Timestamp,
    ) -> Result<EndOutcome, StoreError> {
        let mut ending = Ending { reason, now, forget_at, by: ender()?, sent: None };
        let closed = self.call(async |held| {
            let _turn = self.writers.acquire().await.ok();
            let mut tries = Tries::default();
            loop {
                match self.end_once(held, name, &mut ending).await {
                    Err(error) => tries.again::<D>(error, true).await?,
                    closed => return closed,
                }
            }
        });
        Ok(closed.await?)
    }

    async fn end_once(
        &self,
        held: &mut Held<D>,
        name: &KeyedHash,
        ending: &mut Ending,
    ) -> Result<EndOutcome, Error> {
        let mut transaction = self.connect(held).await?.begin_with(D::BEGIN).await?;
        let look = D::ask(&mut transaction, &self.statements.load_to_end, &[bytes(name)]).await?;
        let Some(row) = look.rows.into_iter().next() else {
            transaction.rollback().await?;
            return Ok(EndOutcome::Absent);
        };
        if row.5.is_some() {
            transaction.rollback().await?;
            // It may be this call that ended it, and its answer that was lost.
            let is_ours = row.2.as_deref() == Some(&ending.by);
            return Ok(match ending.sent.take() {
                Some((reason, content)) if is_ours => EndOutcome::Now(reason, content),
                _ => EndOutcome::Before,
            });
        }
        let (content, idle_deadline) = content(row);
        let reason = match EndReason::by_deadline(content.expires_at, idle_deadline, ending.now) {
            Some(reason) => reason,
            // It was touched since somebody saw it idle.
            None if ending.reason == EndReason::Idle => {
                transaction.rollback().await?;
                return Ok(EndOutcome::Before);
            }
            None => ending.reason,
        };
        let by = ending.by;
        let values = end_values(name, &by, &content, idle_deadline, reason, ending.forget_at);
        ending.sent = Some((reason, content.clone()));
        if D::ask(&mut transaction, &self.statements.end, &values).await?.changed == 0 {
            return Err(Error::RowNotFound);
        }
        transaction.commit().await?;
        Ok(EndOutcome::Now(reason, content))
    }

    /// Each is ended for itself, if it still is as it was seen: what another process ended in between is that one's to tell.
    pub(crate) async fn sweep(
        &self,
        at_most: usize,
        now: Timestamp,
        forget_at: Timestamp,
    ) -> Result<Vec<(KeyedHash, EndReason, Content)>, StoreError> {
        let time_is_over = clock::wait(self.limit);
        let mut time_is_over = pin!(time_is_over);
        let limit = Value::Number(i64::try_from(at_most).unwrap_or(i64::MAX));
        let (mut swept, by) = (Vec::new(), ender()?);
        for row in self.ask(&self.statements.overdue, &[millis(now), limit]).await?.rows {
            let (name, (content, idle_deadline)) = (named(&row.0), content(row));
            let reason = EndReason::by_deadline(content.expires_at, idle_deadline, now);
            let (Some(name), Some(reason)) = (name, reason) else { continue };
            let forget_at = content.forget_at(forget_at, now);
            let values = end_values(&name, &by, &content, idle_deadline, reason, forget_at);
            match self.changes(&self.statements.end_unheard, &values).await {
                Ok(true) => swept.push((name, reason, content)),
                Ok(false) => {}
                // What ended is told, whatever comes after it.
                Err(error) if swept.is_empty() => return Err(error),
                Err(_) => return Ok(swept),
            }
            if std::future::poll_fn(|context| Poll::Ready(time_is_over.as_mut().poll(context).is_ready()))
                .await
            {
                break;
            }
        }
        match self.forget(now).await {
            Err(failure) if swept.is_empty() => Err(failure.into()),
            _ => Ok(swept),
        }
    }

    /// All there is to forget, for as long as a call may take: half of it the database has for others.
    async fn forget(&self, now: Timestamp) -> Result<(), Failure> {
        let (clock, at_once) = (Clock::system(), Value::Number(FORGOTTEN_AT_ONCE));
        let until = clock.now() + self.limit;
        loop {
            let began = clock.now();
            let forgotten = self.ask(&self.statements.forget, &[millis(now), at_once]).await?.changed;
            if forgotten < FORGOTTEN_AT_ONCE.cast_unsigned() || until <= clock.now() {
                return Ok(());
            }
            clock::wait(clock.now().since(began)).await;
        }
    }

    pub(crate) async fn find(&self, label: &Label, now: Timestamp) -> Result<Vec<KeyedHash>, StoreError> {
        let (statement, name) = match label {
            Label::Subject(name) => (&self.statements.find_by_subject, name),
            Label::ProviderSession(name) => (&self.statements.find_by_provider_session, name),
        };
        let found = self.ask(statement, &[bytes(name), millis(now), millis(now)]).await?;
        Ok(found.rows.iter().filter_map(|row| named(&row.0)).collect())
    }

    pub(crate) async fn lease(
        &self,
        name: &KeyedHash,
        owner: LeaseOwner,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let by_ours = Value::Perhaps((!self.has_clock()).then(|| now.unix_millis()));
        let (owner, now) = (Value::Bytes(Some(&owner.0)), millis(now));
        let (ttl, too_long) = (Value::Number(lasting(ttl)), Value::Number(lasting(ttl) * 5));
        let values = [owner, by_ours, ttl, bytes(name), now, now, owner, by_ours, by_ours, too_long];
        self.changes(&self.statements.lease, &values).await
    }

    /// By the database's clock, if it has one that counts.
    pub(crate) async fn time(&self) -> Result<Option<Timestamp>, StoreError> {
        if !self.has_clock() {
            return Ok(None);
        }
        let told = self.ask(&self.statements.time, &[]).await?.rows.into_iter().next();
        Ok(told.map(|row| Timestamp::from_unix_millis(row.1)))
    }

    pub(crate) async fn release(&self, name: &KeyedHash, owner: LeaseOwner) -> Result<(), StoreError> {
        let values = [bytes(name), Value::Bytes(Some(&owner.0))];
        self.changes(&self.statements.release, &values).await.map(drop)
    }

    /// Whether there was something to change.
    async fn changes(&self, statement: &Statement, values: &[Value<'_>]) -> Result<bool, StoreError> {
        Ok(self.ask(statement, values).await?.changed > 0)
    }
}

/// An end, asked for once and sent as often as it takes.
struct Ending {
    reason: EndReason,
    now: Timestamp,
    forget_at: Timestamp,
    /// Known again in the tombstone.
    by: [u8; 16],
    /// What was there when it was last sent, and the reason given.
    sent: Option<(EndReason, Content)>,
}

fn ender() -> Result<[u8; 16], StoreError> {
    random::bytes().map_err(|_| SealError::NoRandomness.into())
}

fn end_values<'a>(
    name: &'a KeyedHash,
    by: &'a [u8; 16],
    content: &Content,
    idle_deadline: Timestamp,
    reason: EndReason,
    forget_at: Timestamp,
) -> [Value<'a>; 7] {
    [
        Value::Text(reason.code()),
        millis(forget_at),
        Value::Bytes(Some(by)),
        bytes(name),
        number(content.version),
        millis(idle_deadline),
        millis(content.expires_at),
    ]
}

const fn bytes(name: &KeyedHash) -> Value<'_> {
    Value::Bytes(Some(&name.0))
}

fn label(name: Option<&KeyedHash>) -> Value<'_> {
    Value::Bytes(name.map(|name| name.0.as_slice()))
}

const fn number(version: Version) -> Value<'static> {
    Value::Number(version.number().cast_signed())
}

const fn millis(time: Timestamp) -> Value<'static> {
    Value::Number(time.unix_millis())
}

/// `None` of what no release of ours wrote: it must not keep the others from being served.
fn named(bytes: &[u8]) -> Option<KeyedHash> {
    bytes.try_into().ok().map(KeyedHash)
}

fn kept(row: Row) -> Result<Kept, Error> {
    if let Some(code) = &row.5 {
        // A later release may know reasons that this one does not.
        return Ok(Kept::Ended(EndReason::of_a_tombstone(code)));
    }
    if row.2.is_none() {
        return Err(Error::Decode("a session that did not end has its record".into()));
    }
    let (content, idle_deadline) = content(row);
    Ok(Kept::Session { content, idle_deadline })
}

fn content((_, version, sealed, idle_deadline, expires_at, _): Row) -> (Content, Timestamp) {
    let content = Content {
        version: Version::from_number(version.cast_unsigned()),
        sealed: sealed.unwrap_or_default(),
        expires_at: Timestamp::from_unix_millis(expires_at),
    };
    (content, Timestamp::from_unix_millis(idle_deadline))
}
