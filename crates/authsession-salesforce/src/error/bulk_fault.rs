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
        "the load stopped after {} of its jobs had been handed over: resume those, and load no more than the rest, from \
         byte {bytes} of the data on{}",
        .job_ids.len(),
        doubt(.in_doubt.as_deref())
    )]
    Interrupted {
        /// The jobs that were handed over.
        job_ids: Vec<String>,
        /// The last one of them, if it has its data and the answer to its being closed did not come. If it is found open, close it.
        in_doubt: Option<String>,
        /// Where the source stood when they were: so many bytes of it are in these jobs.
        bytes: u64,
        /// Why it stopped.
        #[source]
        cause: Box<CirrusError>,
    },

    /// All rows are handed over, in these jobs, and what becomes of them could not be seen to its end. The jobs go on.
    #[error(
        "all rows are handed over, in {} jobs, and what becomes of them is not known: resume these jobs, and do not load the rows \
         again",
        .job_ids.len()
    )]
    Unfinished {
        /// All jobs of the load.
        job_ids: Vec<String>,
        /// Those that were over by then.
        ended: Vec<BulkEnded>,
        /// Why the others, or the results, could not be had.
        #[source]
        cause: Box<CirrusError>,
    },
}

/// How a job ended whose load did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BulkEnded {
    /// The job.
    pub job_id: String,
    /// Whether it was worked off; otherwise it failed or was aborted.
    pub is_complete: bool,
    /// How many rows were worked off, those that failed among them.
    pub records_processed: u64,
    /// How many rows failed.
    pub records_failed: u64,
}

fn doubt(job_id: Option<&str>) -> String {
    job_id.map_or_else(String::new, |id| {
        format!("; whether the job{} was closed is not known: if it is open, close it", shown(id))
    })
}

/// A job's id behind a blank, if it is one.
pub(super) fn shown(id: &str) -> String {
    let is_id = id.len() <= 18 && !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_id { format!(" {id}") } else { String::new() }
}
