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
            let (mut last, mut missed) = (None, 0);
            while !self.is_over(&mut last, &mut missed).await? {
                clock::wait(self.pause).await;
                self.pause = self.pause.mul_f64(1.5).min(self.longest_pause);
            }
            self.handler.check_deploy_status(&self.id, true).await
        })
        .await
    }

    async fn is_over(&mut self, last: &mut Option<DeployResult>, missed: &mut u32) -> CirrusResult<bool> {
        let result = match self.handler.check_deploy_status(&self.id, false).await {
            Ok(told) => told.deploy_result,
            Err(error) if error.is_transient() && *missed + 1 < MISSES => {
                *missed += 1;
                return Ok(false);
            }
            Err(error) => return Err(error),
        };
        *missed = 0;
        let Some(result) = result else { return Ok(false) };
        if let Some(tell) = &mut self.on_progress
            && last.as_ref() != Some(&result)
        {
            tell(&result);
        }
        let is_over = result.is_done();
        *last = Some(result);
        Ok(is_over)
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
