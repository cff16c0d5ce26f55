//! What became of records that were too many for one call.

use std::ops::Range;

use crate::composite::collection::SObjectCollectionResult;
use crate::error::{CirrusError, CirrusResult};

/// What became of records that were sent in several calls. What was done before a call failed is done, and is told here.
///
/// ```no_run
/// # use authsession_salesforce::{Cirrus, CirrusResult};
/// # async fn example(salesforce: Cirrus, accounts: Vec<serde_json::Value>) -> CirrusResult<()> {
/// let outcome = salesforce.composite().sobjects().create_many("Account", &accounts, false).await;
/// for (account, result) in accounts.iter().zip(&outcome.results) {
///     println!("{}: {:?}", account["Name"], result.id);
/// }
/// if let Some(error) = &outcome.error {
///     println!("{error}; to be looked at: {:?}, not sent: {:?}", outcome.failed, outcome.unsent);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "records may have failed, and some may not have been sent"]
#[non_exhaustive]
pub struct CollectionOutcome {
    /// What became of the first records, in the order given: of all that were answered for.
    pub results: Vec<SObjectCollectionResult>,
    /// Why a call failed.
    pub error: Option<CirrusError>,
    /// The records of the call that failed. Whether they may have been done, the error's
    /// [`may_have_been_done`](CirrusError::may_have_been_done) says.
    pub failed: Range<usize>,
    /// The records nobody sent.
    pub unsent: Range<usize>,
}

impl CollectionOutcome {
    pub(super) const fn of(count: usize) -> Self {
        Self { results: Vec::new(), error: None, failed: 0..0, unsent: 0..count }
    }

    /// Whether every record was done.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.error.is_none() && self.unsent.is_empty() && self.results.iter().all(|result| result.success)
    }

    /// The results, one for each record, if every call was answered and none left out.
    ///
    /// # Errors
    /// Why a call failed, or that one was undone and the rest not made; what was done before is lost sight of.
    pub fn into_results(self) -> CirrusResult<Vec<SObjectCollectionResult>> {
        match self.error {
            Some(error) => Err(error),
            None if self.unsent.is_empty() => Ok(self.results),
            None => Err(CirrusError::InvalidResponse(format!(
                "a call was undone, and {} records after it were not sent: see `results` for the cause",
                self.unsent.len()
            ))),
        }
    }

    /// Notes the answer to the next so many; whether there is to be another call.
    pub(super) fn note(
        &mut self,
        count: usize,
        answer: CirrusResult<Vec<SObjectCollectionResult>>,
        all_or_none: bool,
    ) -> bool {
        let first = self.unsent.start;
        self.unsent.start += count;
        let fault = match answer {
            Ok(results) => {
                let goes_on = !all_or_none || results.iter().all(|result| result.success);
                self.results.extend(results);
                return goes_on;
            }
            Err(error) => error,
        };
        self.error = Some(fault);
        self.failed = first..first + count;
        false
    }
}
