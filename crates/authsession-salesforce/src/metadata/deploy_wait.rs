//! Until a deployment is over: asked again and again, less often the longer it takes.

use std::fmt;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::error::CirrusResult;
use crate::metadata::deploy_result::DeployResult;
use crate::metadata::{DeployRequest, MetadataHandler};
use crate::poll::Polling;

type Report<'a> = Box<dyn FnMut(&DeployResult) + Send + 'a>;

/// Waits for a deployment when it is awaited. Dropping it stops asking; the deployment goes on.
///
/// A session that ends meanwhile, and a Salesforce that is away for some minutes, do not end it.
///
/// # Errors
/// What [`Cirrus::get`](crate::client::Cirrus::get) fails with, once it does not pass, or Salesforce asks us to wait for more
/// than an hour;
/// [`CirrusError::StillRunning`](crate::error::CirrusError::StillRunning) at the deadline.
#[must_use = "it waits when it is awaited"]
pub struct DeployWait<'a> {
    handler: MetadataHandler<'a>,
    id: String,
    polling: Polling,
    report: Option<Report<'a>>,
}

impl<'a> DeployWait<'a> {
    pub(super) fn new(handler: MetadataHandler<'a>, id: String) -> Self {
        Self { handler, id, polling: Polling::default(), report: None }
    }

    /// The first and the longest pause between two polls; 1 s and 30 s unless set.
    pub fn poll_every(mut self, first: Duration, longest: Duration) -> Self {
        self.polling = self.polling.every(first, longest);
        self
    }

    /// How long to wait at most; as long as it takes unless set: Salesforce ends deployments itself.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.polling.deadline = Some(deadline);
        self
    }

    /// Is told how far it is whenever that has changed.
    pub fn on_progress(mut self, report: impl FnMut(&DeployResult) + Send + 'a) -> Self {
        self.report = Some(Box::new(report));
        self
    }

    async fn over(self) -> CirrusResult<DeployRequest> {
        let Self { handler, id, polling, mut report } = self;
        polling
            .until_deadline(&id, async {
                let mut last = None;
                let see = |told: DeployRequest| {
                    let is_over = told.deploy_result.as_ref().is_some_and(DeployResult::is_done);
                    if told.deploy_result != last {
                        if let (Some(report), Some(at)) = (&mut report, &told.deploy_result) {
                            report(at);
                        }
                        last = told.deploy_result;
                    }
                    Ok(is_over.then_some(()))
                };
                polling.until(|| handler.check_deploy_status(&id, false), see).await?;
                polling.until(|| handler.check_deploy_status(&id, true), |told| Ok(Some(told))).await
            })
            .await
    }
}

impl<'a> IntoFuture for DeployWait<'a> {
    type Output = CirrusResult<DeployRequest>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        self.over().boxed()
    }
}

impl fmt::Debug for DeployWait<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DeployWait")
            .field("id", &self.id)
            .field("polling", &self.polling)
            .finish_non_exhaustive()
    }
}
