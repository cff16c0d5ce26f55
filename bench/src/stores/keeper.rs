//! Who keeps sessions, and what is asked of it: one step on one session, timed or counted.

use std::error::Error;
use std::future::Future;
use std::time::Instant;

use async_trait::async_trait;

/// How many sessions each keeper has.
pub(crate) const SESSIONS: usize = 512;
/// How many tasks ask at once where steps are counted. Each has sessions of its own.
pub(crate) const TASKS: usize = 32;
/// Steps between two looks at the clock, or at other tasks.
const BETWEEN: usize = 16;
/// What is over before a clock can be read twice is timed so many at a time.
pub(crate) const IN_PROCESS: usize = 50;

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// What a store is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Load,
    Update,
    Touch,
}

impl Step {
    pub(crate) const ALL: [Self; 3] = [Self::Load, Self::Update, Self::Touch];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Update => "update",
            Self::Touch => "touch",
        }
    }
}

/// One that keeps [`SESSIONS`].
pub(crate) trait Keeper: Send + Sync + 'static {
    /// Takes the step on that session; anything but success would measure the wrong thing.
    fn take(&self, step: Step, session: usize) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// The same, whoever it is: the loops are compiled for each.
#[async_trait]
pub(crate) trait Asked: Send + Sync {
    /// Nanoseconds a step, taken `times` times one after the other, in groups of `group`.
    async fn time(&self, step: Step, times: usize, group: usize) -> Result<Vec<f64>, Failure>;

    /// How often one of [`TASKS`] takes the step until then.
    async fn count(&self, step: Step, task: usize, until: Instant) -> Result<u64, Failure>;
}

#[async_trait]
impl<K: Keeper> Asked for K {
    async fn time(&self, step: Step, times: usize, group: usize) -> Result<Vec<f64>, Failure> {
        let mut taken = Vec::with_capacity(times);
        for time in 0..times {
            let started = Instant::now();
            for session in 0..group {
                self.take(step, (time * group + session) % SESSIONS).await?;
            }
            #[expect(clippy::cast_precision_loss, reason = "a group is small")]
            taken.push(started.elapsed().as_secs_f64() * 1e9 / group as f64);
        }
        Ok(taken)
    }

    async fn count(&self, step: Step, task: usize, until: Instant) -> Result<u64, Failure> {
        let mut counted = 0;
        for session in (task..SESSIONS).step_by(TASKS).cycle() {
            self.take(step, session).await?;
            counted += 1;
            if counted % BETWEEN as u64 == 0 {
                if Instant::now() >= until {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        Ok(counted)
    }
}
