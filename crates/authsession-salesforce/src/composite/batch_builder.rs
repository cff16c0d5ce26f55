//! How a batch is put together.

use std::fmt;

use serde::Serialize;

use crate::client::Cirrus;
use crate::composite::batch::{BatchRequest, BatchResponse, BatchSubrequest};
use crate::composite::bounds::{BATCH_MAX_SUBREQUESTS, at_most};
use crate::composite::step::{Step, Steps};
use crate::error::{CirrusError, CirrusResult};

/// Subrequests in their order. What is wrong with one is told by [`build`](Self::build) or [`send`](Self::send).
///
/// ```no_run
/// # async fn example(salesforce: authsession_salesforce::Cirrus) -> authsession_salesforce::CirrusResult<()> {
/// let answer = salesforce
///     .composite()
///     .compose_batch()
///     .retrieve("Account", "001xx000003DGbYAAW", &["Name"])
///     .query("SELECT COUNT() FROM Contact")
///     .send()
///     .await?;
/// assert_eq!(answer.results.len(), 2);
/// # Ok(())
/// # }
/// ```
#[must_use]
pub struct BatchBuilder<'a> {
    client: &'a Cirrus,
    request: BatchRequest,
    fault: Option<CirrusError>,
}

impl<'a> BatchBuilder<'a> {
    pub(super) fn new(client: &'a Cirrus) -> Self {
        Self { client, request: BatchRequest::default(), fault: None }
    }

    /// Creates a record.
    pub fn create<B>(self, sobject: &str, body: &B) -> Self
    where
        B: Serialize + ?Sized,
    {
        self.noted(Steps::ALONE.create(sobject, body))
    }

    /// Reads a record: these fields, or all if there are none.
    pub fn retrieve(self, sobject: &str, id: &str, fields: &[impl AsRef<str>]) -> Self {
        self.noted(Steps::ALONE.retrieve(sobject, id.into(), fields))
    }

    /// Changes a record.
    pub fn update<B>(self, sobject: &str, id: &str, body: &B) -> Self
    where
        B: Serialize + ?Sized,
    {
        self.noted(Steps::ALONE.update(sobject, id.into(), body))
    }

    /// Changes the record with this external id, or creates it.
    pub fn upsert<B>(self, sobject: &str, external_field: &str, external_value: &str, body: &B) -> Self
    where
        B: Serialize + ?Sized,
    {
        self.noted(Steps::ALONE.upsert(sobject, external_field, external_value.into(), body))
    }

    /// Deletes a record.
    pub fn delete(self, sobject: &str, id: &str) -> Self {
        self.noted(Steps::ALONE.delete(sobject, id.into()))
    }

    /// Asks for the first page of a query.
    pub fn query(self, soql: &str) -> Self {
        self.noted(Steps::ALONE.query(&[soql.into()]))
    }

    /// Any other subrequest, as it is.
    pub fn subrequest(mut self, subrequest: BatchSubrequest) -> Self {
        self.request.batch_requests.push(subrequest);
        self
    }

    /// Whether those after the first failure are left out. Salesforce's default is no.
    pub fn halt_on_error(mut self, halt: bool) -> Self {
        self.request.halt_on_error = Some(halt);
        self
    }

    /// The request, for [`batch`](crate::composite::CompositeHandler::batch).
    ///
    /// # Errors
    /// A name or id that is empty, a body that is not JSON, and more than 25 subrequests.
    pub fn build(self) -> CirrusResult<BatchRequest> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        at_most(BATCH_MAX_SUBREQUESTS, "subrequests", self.request.batch_requests.len())?;
        Ok(self.request)
    }

    /// Sends it.
    ///
    /// # Errors
    /// As [`build`](Self::build), and as [`batch`](crate::composite::CompositeHandler::batch).
    pub async fn send(self) -> CirrusResult<BatchResponse> {
        let client = self.client;
        client.composite().batch(&self.build()?).await
    }

    fn noted(mut self, step: CirrusResult<Step>) -> Self {
        match step {
            Ok(Step { method, path, body }) => self.request.batch_requests.push(BatchSubrequest {
                method: method.to_owned(),
                url: format!("{}/{path}", self.client.api_version()),
                rich_input: body,
            }),
            Err(fault) => {
                self.fault.get_or_insert(fault);
            }
        }
        self
    }
}

impl fmt::Debug for BatchBuilder<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BatchBuilder")
            .field("subrequests", &self.request.batch_requests.len())
            .finish_non_exhaustive()
    }
}
