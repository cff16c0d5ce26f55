//! What is known, after an error, of what was asked.

use authsession_core::error::{Endpoint, Error, Fault};

use crate::error::CirrusError;
use crate::error::api_error::ApiVerdict;
use crate::error::bulk_fault::BulkFault;

impl CirrusError {
    /// Whether a call that changes something may have been done all the same: the connection broke or was silent for too long after
    /// the call had left, Salesforce failed (5xx), or its answer could not be read. Look for the record before the call is made
    /// again, or make calls that may be made twice: an upsert by an external id of one's own.
    ///
    /// `false` says that nothing was done: the call was never sent, was put off, or refused.
    ///
    /// ```no_run
    /// use serde_json::json;
    ///
    /// # async fn example(salesforce: authsession_salesforce::Cirrus) -> authsession_salesforce::CirrusResult<()> {
    /// match salesforce.sobject("Account").create(&json!({ "Name": "Acme" })).await {
    ///     Err(error) if error.may_have_been_done() => println!("there may be an account now: {error}"),
    ///     Err(error) => println!("there is none: {error}"),
    ///     Ok(created) => println!("{}", created.id),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn may_have_been_done(&self) -> bool {
        match self {
            Self::Api { status, repeated, .. } => *status >= 500 || *repeated,
            Self::Http(Error::Unavailable { endpoint: Endpoint::Api, fault, .. }) => {
                !matches!(fault, Fault::Unreachable)
            }
            Self::TimedOut { .. }
            | Self::ResponseTooLarge { .. }
            | Self::Serialization(_)
            | Self::InvalidResponse(_)
            | Self::StillRunning { .. } => true,
            Self::Bulk(fault) => matches!(
                fault,
                BulkFault::Failed { .. }
                    | BulkFault::Aborted { .. }
                    | BulkFault::Interrupted { .. }
                    | BulkFault::Unfinished { .. }
            ),
            _ => false,
        }
    }

    /// Whether the rest of a query is not there any more: its locator is too old, or ended with the session that asked for it, or
    /// other queries pushed it out. Run the query again, from the last record that came.
    #[must_use]
    pub const fn is_lost_cursor(&self) -> bool {
        matches!(self, Self::Api { verdict: Some(ApiVerdict::LostCursor), .. })
    }
}
