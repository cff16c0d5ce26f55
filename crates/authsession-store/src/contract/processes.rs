//! Several processes at one backend: each step is whole among all of them, and what the server knows is what counts.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use authsession_core::clock::{self, Clock, Timestamp};
use authsession_core::random;

use crate::backend::{Backend, Content, EndOutcome, Kept, Label, Labels, UpdateOutcome};
use crate::contract::bench::sound;
use crate::end_reason::EndReason;
use crate::keyed_hash::KeyedHash;
use crate::record::Version;
use crate::store::{LeaseOwner, StoreError};

/// 2030-01-01T00:00:00Z: whatever the time is, none of these sessions is gone by the server's own clock.
const NOW: Timestamp = Timestamp::from_unix_seconds(1_893_456_000);
/// A year before, when no other promise's sessions are due.
const EARLIER: Timestamp = Timestamp::from_unix_seconds(1_861_920_000);
const HOUR: Duration = Duration::from_secs(3600);
const OURS: LeaseOwner = LeaseOwner([1; 16]);
const THEIRS: LeaseOwner = LeaseOwner([2; 16]);

/// A backend under test, as two processes have it.
#[derive(Clone)]
pub struct Processes {
    one: Arc<dyn Backend>,
    another: Arc<dyn Backend>,
}

impl Processes {
    /// Opens the backend twice.
    pub async fn new<B: Backend>(open: &impl AsyncFn() -> B) -> Self {
        Self { one: Arc::new(open().await), another: Arc::new(open().await) }
    }

    fn of_number(&self, number: usize) -> Arc<dyn Backend> {
        Arc::clone(if number.is_multiple_of(2) { &self.one } else { &self.another })
    }

    /// What so many got who did that at once, half of them in the one process, half in the other.
    async fn at_once<T, F>(&self, many: usize, act: impl Fn(Arc<dyn Backend>, usize) -> F) -> Vec<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        let tasks: Vec<_> =
            (0..many).map(|number| tokio::spawn(act(self.of_number(number), number))).collect();
        let mut outcomes = Vec::new();
        for task in tasks {
            outcomes.push(sound(sound(task.await)));
        }
        outcomes
    }

    async fn load(&self, name: &KeyedHash) -> Kept {
        let kept = sound(self.one.load(name).await);
        assert_eq!(sound(self.another.load(name).await), kept, "both see the same");
        kept
    }

    /// Keeps a session that is due in an hour.
    async fn keep(&self, now: Timestamp) -> KeyedHash {
        let name = new_name();
        let is_new = self.one.create(&name, &content(1, now), &Labels::default(), now + HOUR, now).await;
        assert!(sound(is_new), "a new name");
        name
    }
}

impl fmt::Debug for Processes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Processes").field("one", &self.one).finish_non_exhaustive()
    }
}

fn new_name() -> KeyedHash {
    KeyedHash(sound(random::bytes()))
}

/// That version, unlike any other of it.
fn content(version: u64, now: Timestamp) -> Content {
    Content {
        version: Version::from_number(version),
        sealed: sound(random::bytes::<64>()).to_vec(),
        expires_at: now + HOUR * 10,
    }
}

/// Where nothing is prepared yet too: whatever it needs is made once, and all have the same.
pub async fn any_number_may_open_it_at_once<B: Backend>(open: &impl AsyncFn() -> B) {
    let opened = tokio::join!(open(), open(), open(), open(), open(), open(), open(), open());
    let processes = Processes { one: Arc::new(opened.0), another: Arc::new(opened.7) };
    let name = processes.keep(NOW).await;
    assert!(matches!(processes.load(&name).await, Kept::Session { .. }));
    for backend in [opened.1, opened.2, opened.3, opened.4, opened.5, opened.6] {
        assert!(matches!(sound(backend.load(&name).await), Kept::Session { .. }));
    }
}

/// To the byte, however long it is, and by each of its labels.
pub async fn what_one_keeps_another_finds(processes: &Processes) {
    let (name, subject, provider_session) = (new_name(), new_name(), new_name());
    let labels = Labels { subject: Some(subject), provider_session: Some(provider_session) };
    let content = Content {
        version: Version::from_number(u64::MAX),
        sealed: (0..=255).cycle().take(300_000).collect(),
        expires_at: Timestamp::NEVER,
    };
    assert!(sound(processes.one.create(&name, &content, &labels, NOW + HOUR, NOW).await));
    let kept = Kept::Session { content: content.clone(), idle_deadline: NOW + HOUR };
    assert_eq!(processes.load(&name).await, kept);
    for label in [Label::Subject(subject), Label::ProviderSession(provider_session)] {
        assert_eq!(sound(processes.another.find(&label, NOW).await), [name]);
        assert_eq!(sound(processes.another.find(&label, NOW + HOUR).await), [], "overdue");
    }
    let ended = sound(processes.another.end(&name, EndReason::Logout, NOW, NOW + HOUR).await);
    assert_eq!(ended, EndOutcome::Now(EndReason::Logout, content));
    assert_eq!(processes.load(&name).await, Kept::Ended(EndReason::Logout));
}

/// Of those who create the same name.
pub async fn one_of_many_creates_is_kept(processes: &Processes) {
    let name = new_name();
    let created = processes.at_once(16, |backend, _| async move {
        backend.create(&name, &content(1, NOW), &Labels::default(), NOW + HOUR, NOW).await
    });
    assert_eq!(created.await.into_iter().filter(|created| *created).count(), 1);
}

/// Of those who read the same version.
pub async fn one_of_many_updates_is_saved(processes: &Processes) {
    let name = processes.keep(NOW).await;
    let outcomes = processes.at_once(32, |backend, _| async move {
        backend.update(&name, Version::FIRST, &content(2, NOW), &Labels::default(), NOW).await
    });
    let outcomes = outcomes.await;
    let saved = outcomes.iter().filter(|outcome| **outcome == UpdateOutcome::Saved).count();
    let changed = outcomes.iter().filter(|outcome| **outcome == UpdateOutcome::Changed).count();
    assert_eq!((saved, changed), (1, 31));
}

/// Of those who sign the user out.
pub async fn one_of_many_ends_has_what_was_kept(processes: &Processes) {
    let name = processes.keep(NOW).await;
    let outcomes = processes.at_once(16, |backend, _| async move {
        backend.end(&name, EndReason::Logout, NOW, NOW + HOUR).await
    });
    let outcomes = outcomes.await;
    let ended = outcomes.iter().filter(|outcome| matches!(outcome, EndOutcome::Now(..))).count();
    let before = outcomes.iter().filter(|outcome| **outcome == EndOutcome::Before).count();
    assert_eq!((ended, before), (1, 15));
}

/// However many sweep; and none that was used meanwhile.
pub async fn each_session_is_swept_by_one(processes: &Processes) {
    let mut due = Vec::new();
    for _ in 0..100 {
        due.push(processes.keep(EARLIER).await);
    }
    let used = processes.keep(EARLIER).await;
    let later = EARLIER + HOUR;
    assert!(sound(processes.another.touch(&used, later + HOUR, EARLIER).await));
    let swept = processes.at_once(4, |backend, _| async move {
        let mut swept = Vec::new();
        loop {
            let some = backend.sweep(7, later, later + HOUR).await?;
            if some.is_empty() {
                return Ok(swept);
            }
            swept.extend(some);
        }
    });
    let mut swept: Vec<_> = swept.await.into_iter().flatten().collect();
    swept.retain(|(name, ..)| *name == used || due.contains(name));
    assert!(swept.iter().all(|(_, reason, kept)| *reason == EndReason::Idle && kept.sealed.len() == 64));
    let mut names: Vec<_> = swept.into_iter().map(|(name, ..)| name).collect();
    names.sort_unstable();
    due.sort_unstable();
    assert_eq!(names, due, "each once, and no other");
    assert!(matches!(processes.load(&used).await, Kept::Session { .. }));
}

/// Nobody is turned away because others write too.
pub async fn many_who_write_at_once_all_get_their_turn(processes: &Processes) {
    let write = processes.at_once(32, |backend, _| async move {
        let name = new_name();
        assert!(backend.create(&name, &content(1, NOW), &Labels::default(), NOW + HOUR, NOW).await?);
        for version in 1..10 {
            let (read, next) = (Version::from_number(version), content(version + 1, NOW));
            let labels = Labels { subject: Some(name), provider_session: None };
            assert_eq!(backend.update(&name, read, &next, &labels, NOW).await?, UpdateOutcome::Saved);
            assert!(backend.touch(&name, NOW + HOUR + Duration::from_secs(version), NOW).await?);
            assert!(backend.lease(&name, OURS, HOUR, NOW).await?);
            backend.sweep(3, EARLIER, EARLIER).await?;
        }
        backend.end(&name, EndReason::Logout, NOW, NOW + HOUR).await
    });
    for ended in write.await {
        assert!(matches!(ended, EndOutcome::Now(EndReason::Logout, _)), "{ended:?}");
    }
}

/// Whatever the processes' own clocks say, where the backend tells the [`time`](Backend::time).
pub async fn leases_last_by_the_server_s_clock(processes: &Processes) {
    let Processes { one, another } = processes;
    let Some(told) = sound(one.time().await) else { return };
    let real = Clock::system().now();
    assert!(real.since(told).max(told.since(real)) < Duration::from_secs(60), "{real:?} {told:?}");
    let (name, later) = (processes.keep(NOW).await, NOW + HOUR * 5);
    assert!(sound(one.touch(&name, NOW + HOUR * 9, NOW).await));
    assert!(sound(one.lease(&name, OURS, HOUR, NOW).await));
    assert!(!sound(another.lease(&name, THEIRS, HOUR, later).await), "a clock that is ahead takes nothing");
    assert!(sound(one.lease(&name, OURS, Duration::from_millis(1), later).await));
    clock::wait(Duration::from_millis(50)).await;
    assert!(sound(another.lease(&name, THEIRS, HOUR, NOW).await), "it fell free by the server's");
}

/// Where the backend tells of [`changes`](Backend::changes).
pub async fn saves_and_ends_are_heard_by_the_others(processes: &Processes) {
    if processes.another.changes().is_none() {
        return;
    }
    is_heard(processes, async |backend, name| {
        let saved = backend.update(&name, Version::FIRST, &content(2, NOW), &Labels::default(), NOW).await;
        assert_eq!(sound(saved), UpdateOutcome::Saved);
    })
    .await;
    is_heard(processes, async |backend, name| {
        let ended = sound(backend.end(&name, EndReason::Logout, NOW, NOW + HOUR).await);
        assert!(matches!(ended, EndOutcome::Now(..)), "{ended:?}");
    })
    .await;
}

/// Tried a few times: until a process hears, and on a machine that is busy, it may be too late for one.
async fn is_heard(processes: &Processes, change: impl AsyncFn(&dyn Backend, KeyedHash)) {
    let Some(changes) = processes.another.changes() else { return };
    // What is told when it begins to hear is not it.
    clock::within(Duration::from_secs(5), changes.wait_for(&[new_name()], HOUR)).await;
    for _ in 0..20 {
        let names = [processes.keep(NOW).await];
        let heard = clock::within(Duration::from_secs(1), changes.wait_for(&names, HOUR));
        let changed = async {
            clock::wait(Duration::from_millis(50)).await;
            change(&*processes.one, names[0]).await;
        };
        if tokio::join!(heard, changed).0.is_some() {
            return;
        }
    }
    unreachable!("nothing was heard");
}
