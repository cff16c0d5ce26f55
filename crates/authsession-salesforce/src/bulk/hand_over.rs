//! Data becomes jobs: created, uploaded and closed, one after the other, and no row in two of them.

use std::sync::Arc;

use authsession_core::clock;

use crate::bulk::ingest::BulkIngestHandler;
use crate::bulk::spec::BulkIngestSpec;
use crate::bulk::state::BulkJobState;
use crate::bulk::upload::Upload;
use crate::error::bulk_fault::BulkFault;
use crate::error::{CirrusError, CirrusResult};

pub(crate) type TellJob<'a> = Box<dyn FnMut(&str) + Send + 'a>;

/// What is needed to hand data over.
pub(crate) struct HandOver<'a, 'b> {
    pub(crate) ingest: BulkIngestHandler<'a>,
    pub(crate) spec: &'b BulkIngestSpec,
    pub(crate) leaves_open: bool,
    pub(crate) tell_job: &'b mut Option<TellJob<'a>>,
}

/// Why a job was not handed over.
enum Missed {
    /// Nothing of it is worked off.
    NotClosed(CirrusError),
    /// It has its data, and a close of it was sent that may have been done, or be done yet: its rows belong to it.
    InDoubt(String, CirrusError),
}

impl HandOver<'_, '_> {
    /// Puts all of it into jobs, and closes them.
    pub(crate) async fn all(mut self, upload: &Arc<Upload>) -> CirrusResult<Vec<String>> {
        let mut job_ids = Vec::new();
        loop {
            let handed_over = match upload.next_job().await {
                Ok(false) => return Ok(job_ids),
                Ok(true) => self.one(upload).await,
                Err(error) => Err(Missed::NotClosed(error)),
            };
            let (bytes, in_doubt, cause) = match handed_over {
                Ok(id) => {
                    job_ids.push(id);
                    continue;
                }
                Err(Missed::NotClosed(error)) if job_ids.is_empty() => return Err(error),
                Err(Missed::NotClosed(error)) => (upload.begins_at(), None, error),
                Err(Missed::InDoubt(id, error)) => {
                    job_ids.push(id.clone());
                    (upload.ends_at(), Some(id), error)
                }
            };
            let cause = Box::new(cause);
            return Err(CirrusError::Bulk(BulkFault::Interrupted { job_ids, in_doubt, bytes, cause }));
        }
    }

    /// One job's part: a job, and another one in its place where an upload failed and that passes.
    async fn one(&mut self, upload: &Arc<Upload>) -> Result<String, Missed> {
        let mut retries = 0;
        let line_ending = upload.line_ending();
        let spec = BulkIngestSpec { line_ending, ..self.spec.clone() };
        loop {
            let job_id = self.ingest.create(&spec).await.map_err(Missed::NotClosed)?.id;
            if let Some(tell) = self.tell_job.as_mut() {
                tell(&job_id);
            }
            let sent = self.ingest.put(&job_id, upload).await.and_then(|()| upload.is_sent());
            let Err(error) = sent else { return self.close(job_id).await };
            if self.leaves_open {
                return Err(Missed::NotClosed(error));
            }
            let is_aborted = self.abort(&job_id).await;
            let policy = self.ingest.client.retry_policy();
            let pause = policy
                .wait_after(retries, &error)
                .filter(|_| is_aborted && upload.is_repeatable())
                .ok_or_else(|| Missed::NotClosed(error.clone()))?;
            tracing::debug!(target: "authsession::salesforce", %error, ?pause, "an upload failed: another job");
            clock::wait(pause).await;
            retries += 1;
        }
    }

    /// Closes a job that has its data. A close whose answer is lost is looked for; from then on the job is never given up, since it
    /// may be worked off.
    async fn close(&self, job_id: String) -> Result<String, Missed> {
        let (mut retries, mut may_be_closed) = (0, false);
        loop {
            let Err(error) = self.ingest.close(&job_id).await else { return Ok(job_id) };
            may_be_closed |= error.may_have_been_done();
            let state = self.state(&job_id).await;
            if state.is_some_and(|state| state != BulkJobState::Open) {
                return Ok(job_id);
            }
            if let Some(pause) = self.ingest.client.retry_policy().wait_after(retries, &error) {
                clock::wait(pause).await;
                retries += 1;
            } else if may_be_closed {
                return Err(Missed::InDoubt(job_id, error));
            } else {
                if !self.leaves_open {
                    self.abort(&job_id).await;
                }
                return Err(Missed::NotClosed(error));
            }
        }
    }

    /// Aborts a job no close of which was sent. Whether it is known to be aborted.
    async fn abort(&self, job_id: &str) -> bool {
        let mut retries = 0;
        loop {
            let Err(error) = self.ingest.abort(job_id).await else { return true };
            // It may have been done all the same.
            match self.state(job_id).await {
                Some(BulkJobState::Open) | None => {}
                Some(state) => return state == BulkJobState::Aborted,
            }
            let policy = self.ingest.client.retry_policy();
            let Some(pause) = policy.wait_after(retries, &error) else { return false };
            clock::wait(pause).await;
            retries += 1;
        }
    }

    async fn state(&self, job_id: &str) -> Option<BulkJobState> {
        Some(self.ingest.get(job_id).await.ok()?.state)
    }
}
