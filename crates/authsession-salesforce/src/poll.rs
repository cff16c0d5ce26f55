//! Asking for something until it is over, less often the longer it takes.

use std::time::Duration;

use authsession_core::clock;

use crate::error::{CirrusError, CirrusResult};
use crate::exchange::retry::wait_asked_for;

/// So many questions in a row may fail of what passes: with the longest pause, a quarter of an hour.
const PATIENCE: u32 = 30;

/// What asks us to wait longer is an error: whoever polls would hear nothing for as long.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// How often to ask, and for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Polling {
    /// Each pause is half as long again as the one before.
    pub(crate) first: Duration,
    pub(crate) longest: Duration,
    pub(crate) deadline: Option<Duration>,
}

impl Default for Polling {
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_secs(30), deadline: None }
    }
}

impl Polling {
    pub(crate) const fn every(self, first: Duration, longest: Duration) -> Self {
        Self { first, longest, ..self }
    }

    /// Asks until what `see` makes of an answer is there. What passes is waited for, as long as Salesforce asks us to, up to
    /// an hour.
    pub(crate) async fn until<A, T, F>(
        self,
        mut ask: impl FnMut() -> F,
        mut see: impl FnMut(A) -> CirrusResult<Option<T>>,
    ) -> CirrusResult<T>
    where
        F: Future<Output = CirrusResult<A>>,
    {
        let (mut pause, mut missed) = (self.first, 0);
        loop {
            let asked_for = match ask().await {
                Ok(answer) => {
                    missed = 0;
                    if let Some(over) = see(answer)? {
                        return Ok(over);
                    }
                    Duration::ZERO
                }
                Err(error)
                    if error.is_transient()
                        && missed < PATIENCE
                        && wait_asked_for(&error) <= LONGEST_WAIT =>
                {
                    missed += 1;
                    tracing::debug!(target: "authsession::salesforce", %error, "what runs cannot be asked for");
                    wait_asked_for(&error)
                }
                Err(error) => return Err(error),
            };
            clock::wait(pause.max(asked_for)).await;
            pause = pause.mul_f64(1.5).min(self.longest);
        }
    }

    /// Gives up at the deadline; what has this id goes on.
    pub(crate) async fn until_deadline<T>(
        self,
        id: &str,
        work: impl Future<Output = CirrusResult<T>>,
    ) -> CirrusResult<T> {
        match self.deadline {
            None => work.await,
            Some(deadline) => clock::within(deadline, work)
                .await
                .unwrap_or_else(|| Err(CirrusError::StillRunning { id: id.to_owned() })),
        }
    }
}
