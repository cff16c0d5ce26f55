//! Until a deployment is over: asked again and again, less often the longer it takes.

use std::fmt;
use std::time::Duration;

use authsession_core::clock;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::error::CirrusResult;
use crate::exchange::within;
use crate::metadata::deploy_result::DeployResult;
use crate::metadata::{DeployRequest, MetadataHandler};

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// A deployment goes on while Salesforce cannot be asked.
const MISSES: u32 = 5;

type OnProgress<'a> = Box<dyn FnMut(&DeployResult) + Send + 'a>;

/// Waits for a deployment when it is awaited. Dropping it stops asking; the deployment goes on.
///
/// A session that ends in between is renewed as in any call. An answer that does not come is missed: five in a row, each after the
/// client's own retries, and the last error is told.
#[must_use = "it waits when it is awaited"]
pub struct DeployWait<'a> {
    handler: MetadataHandler<'a>,
    id: String,
    pause: Duration,
    longest_pause: Duration,
    limit: Option<Duration>,
    on_progress: Option<OnProgress<'a>>,
}

impl<'a> DeployWait<'a> {
    pub(super) fn new(handler: MetadataHandler<'a>, id: String) -> Self {
        Self { handler, id, pause: FIRST_PAUSE, longest_pause: LONGEST_PAUSE, limit: None, on_progress: None }
    }

    /// The first pause between two questions, and the longest: each is half as long again as the one before. 1 s and 15 s unless
    /// set.
    pub fn pauses(mut self, first: Duration, longest: Duration) -> Self {
        (self.pause, self.longest_pause) = (first, longest);
        self
    }

    /// Gives up after that long, with [`CirrusError::TimedOut`](crate::error::CirrusError::TimedOut); the deployment goes on. For
    /// ever unless set: Salesforce ends deployments itself.
    pub fn at_most(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Is told how far it is whenever that has changed.
    pub fn on_progress(mut self, tell: impl FnMut(&DeployResult) + Send + 'a) -> Self {
        self.on_progress = Some(Box::new(tell));
        self
    }

    async fn wait(mut self) -> CirrusResult<DeployRequest> {
        within(self.limit, async {
            let (mut is_over, mut last, mut missed) = (false, None, 0);
            loop {
                match self.handler.check_deploy_status(&self.id, is_over).await {
                    Ok(told) if is_over => return Ok(told),
                    Ok(told) => {
                        missed = 0;
                        is_over = told.deploy_result.as_ref().is_some_and(DeployResult::is_done);
                        self.tell(&mut last, told.deploy_result);
                        if is_over {
                            continue;
                        }
                    }
                    Err(error) => {
                        missed += 1;
                        if missed == MISSES || !error.is_transient() {
                            return Err(error);
                        }
                    }
                }
                clock::wait(self.pause).await;
                self.pause = self.pause.mul_f64(1.5).min(self.longest_pause);
            }
        })
        .await
    }

    fn tell(&mut self, last: &mut Option<DeployResult>, result: Option<DeployResult>) {
        if result == *last {
            return;
        }
        if let (Some(tell), Some(result)) = (&mut self.on_progress, &result) {
            tell(result);
        }
        *last = result;
    }
}

impl<'a> IntoFuture for DeployWait<'a> {
    type Output = CirrusResult<DeployRequest>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        self.wait().boxed()
    }
}

impl fmt::Debug for DeployWait<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DeployWait")
            .field("id", &self.id)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
