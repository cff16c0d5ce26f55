//! What a bulk job did not do.

use crate::error::CirrusError;

/// Why there is no result of a bulk job, and what to do.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BulkFault {
    /// Salesforce gave the job up. Its `error_message` says why; rows it had processed by then stay processed.
    #[error("the job{} failed: its errorMessage says why", shown(.job_id))]
    Failed {
        /// The job.
        job_id: String,
    },

    /// Somebody aborted the job. Rows it had processed by then stay processed.
    #[error("the job{} was aborted: see which rows it had processed, then load the others", shown(.job_id))]
    Aborted {
        /// The job.
        job_id: String,
    },

    /// The job was not over at the deadline. It goes on.
    #[error("the job{} still runs: wait for it again, its id is enough", shown(.job_id))]
    StillRunning {
        /// The job.
        job_id: String,
    },

    /// The job waits for data, and would do so for days.
    #[error("the job{} is open: upload its data and close it, or abort it", shown(.job_id))]
    Open {
        /// The job.
        job_id: String,
    },

    /// The data would have to be sent again, and comes from where it can be read once.
    #[error(
        "the upload has to be sent again, and its data can be read only once: give a file, bytes or a repeatable source"
    )]
    SourceSpent,

    /// The data to upload cannot be read.
    #[error("the data to upload cannot be read ({kind}): see to the file or stream it comes from")]
    SourceFailed {
        /// What the operating system says.
        kind: std::io::ErrorKind,
    },

    /// A load stopped half way: what these jobs have is on its way, the rest was not sent.
    #[error(
        "the load stopped after {} of its jobs had been handed over: wait for those, and load the rest; {cause}",
        .job_ids.len()
    )]
    Interrupted {
        /// The jobs that were handed over.
        job_ids: Vec<String>,
        /// Where the source stood when they were: so many bytes of it are in these jobs.
        bytes: u64,
        /// Why it stopped.
        #[source]
        cause: Box<CirrusError>,
    },
}

/// A job's id behind a blank, if it is one.
fn shown(id: &str) -> String {
    let is_id = id.len() <= 18 && !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_id { format!(" {id}") } else { String::new() }
}
