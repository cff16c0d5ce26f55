//! How a composite request is put together.

use std::collections::HashSet;
use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::client::Cirrus;
use crate::composite::bounds::{COMPOSITE_MAX_SUBREQUESTS, at_most};
use crate::composite::graph::CompositeGraph;
use crate::composite::reference::{CompositeValue, Reference};
use crate::composite::step::{Step, Steps};
use crate::composite::subrequests::{CompositeRequest, CompositeSubrequest};
use crate::composite::subresponse::CompositeResponse;
use crate::error::{CirrusError, CirrusResult};

/// Subrequests in their order. Ids, fields and queries may have [references](crate::composite::reference) to what earlier ones
/// answer; texts are encoded, and those that would be references are refused.
///
/// ```no_run
/// # async fn example(salesforce: authsession_salesforce::Cirrus) -> authsession_salesforce::CirrusResult<()> {
/// use authsession_salesforce::reference;
/// use serde_json::json;
///
/// let account = reference("account", "id");
/// let answer = salesforce
///     .composite()
///     .compose()
///     .create("Account", "account", &json!({ "Name": "Acme" }))
///     .create("Contact", "contact", &json!({ "LastName": "Doe" }))
///     .field_from("AccountId", &account)
///     .query_with("others", &["SELECT Id FROM Contact WHERE AccountId = '".into(), (&account).into(), "'".into()])
///     .send()
///     .await?;
/// # Ok(())
/// # }
/// ```
///
/// What is wrong with one is told by [`build`](Self::build), [`send`](Self::send) or [`into_graph`](Self::into_graph).
#[must_use]
pub struct CompositeBuilder<'a> {
    client: &'a Cirrus,
    request: CompositeRequest,
    fault: Option<CirrusError>,
}

impl<'a> CompositeBuilder<'a> {
    pub(super) fn new(client: &'a Cirrus) -> Self {
        Self { client, request: CompositeRequest::default(), fault: None }
    }

    /// Creates a record; its answer has an `id`.
    pub fn create<B>(self, sobject: &str, reference_id: &str, body: &B) -> Self
    where
        B: Serialize + ?Sized,
    {
        self.noted(reference_id, Steps::REFERRING.create(sobject, body))
    }

    /// Reads a record: these fields, or all if there are none.
    pub fn retrieve<'v>(
        self,
        sobject: &str,
        reference_id: &str,
        id: impl Into<CompositeValue<'v>>,
        fields: &[impl AsRef<str>],
    ) -> Self {
        self.noted(reference_id, Steps::REFERRING.retrieve(sobject, id.into(), fields))
    }

    /// Changes a record.
    pub fn update<'v, B>(
        self,
        sobject: &str,
        reference_id: &str,
        id: impl Into<CompositeValue<'v>>,
        body: &B,
    ) -> Self
    where
        B: Serialize + ?Sized,
    {
        self.noted(reference_id, Steps::REFERRING.update(sobject, id.into(), body))
    }

    /// Changes the record with this external id, or creates it.
    pub fn upsert<'v, B>(
        self,
        sobject: &str,
        reference_id: &str,
        external_field: &str,
        external_value: impl Into<CompositeValue<'v>>,
        body: &B,
    ) -> Self
    where
        B: Serialize + ?Sized,
    {
        self.noted(
            reference_id,
            Steps::REFERRING.upsert(sobject, external_field, external_value.into(), body),
        )
    }

    /// Deletes a record.
    pub fn delete<'v>(self, sobject: &str, reference_id: &str, id: impl Into<CompositeValue<'v>>) -> Self {
        self.noted(reference_id, Steps::REFERRING.delete(sobject, id.into()))
    }

    /// Asks for the first page of a query. Salesforce takes five queries and collections a request.
    pub fn query(self, reference_id: &str, soql: &str) -> Self {
        self.query_with(reference_id, &[soql.into()])
    }

    /// The same, of texts and references that follow each other. Values go into the texts through
    /// [`soql::quote`](crate::soql::quote); a reference stands between quotes of yours.
    pub fn query_with(self, reference_id: &str, soql: &[CompositeValue<'_>]) -> Self {
        self.noted(reference_id, Steps::REFERRING.query(soql))
    }

    /// Sets a field of the record that was added last to what a reference stands for.
    pub fn field_from(mut self, field: &str, reference: &Reference) -> Self {
        let last = self.request.composite_request.last_mut().and_then(|subrequest| subrequest.body.as_mut());
        let set = |fields: &mut Map<String, Value>| -> CirrusResult<()> {
            let field = Steps::REFERRING.plain("field", field)?.to_owned();
            fields.insert(field, reference.written()?.into());
            Ok(())
        };
        let outcome = last.and_then(Value::as_object_mut).map_or_else(
            || {
                let message = "follows no record with fields: create, update or upsert one first";
                Err(CirrusError::invalid_input("field", message))
            },
            set,
        );
        if let Err(fault) = outcome {
            self.fault.get_or_insert(fault);
        }
        self
    }

    /// Any other subrequest, as it is: what looks like a reference in it is one.
    pub fn subrequest(mut self, subrequest: CompositeSubrequest) -> Self {
        self.request.composite_request.push(subrequest);
        self
    }

    /// Whether one that fails undoes all. Salesforce's default is no.
    pub fn all_or_none(mut self, all_or_none: bool) -> Self {
        self.request.all_or_none = Some(all_or_none);
        self
    }

    /// Whether Salesforce may do those together that are alike and do not refer to each other. Its default is no.
    pub fn collate(mut self, collate: bool) -> Self {
        self.request.collate_subrequests = Some(collate);
        self
    }

    /// The request, for [`execute`](crate::composite::CompositeHandler::execute).
    ///
    /// # Errors
    /// A name or id that is empty, a text with `@{` in it, a body that is not JSON, a reference id that stands twice or has other signs than letters,
    /// digits and `_`, and more than 25 subrequests.
    pub fn build(self) -> CirrusResult<CompositeRequest> {
        let request = self.checked()?;
        at_most(COMPOSITE_MAX_SUBREQUESTS, "subrequests", request.composite_request.len())?;
        Ok(request)
    }

    /// Sends it.
    ///
    /// # Errors
    /// As [`build`](Self::build), and as [`execute`](crate::composite::CompositeHandler::execute).
    pub async fn send(self) -> CirrusResult<CompositeResponse> {
        let client = self.client;
        client.composite().execute(&self.build()?).await
    }

    /// The same as a graph of up to 500, for [`graph`](crate::composite::CompositeHandler::graph). A graph is all or none
    /// whatever was said here, and takes no queries.
    ///
    /// # Errors
    /// As [`build`](Self::build), but for the 25.
    pub fn into_graph(self, graph_id: impl Into<String>) -> CirrusResult<CompositeGraph> {
        let composite_request = self.checked()?.composite_request;
        Ok(CompositeGraph { graph_id: graph_id.into(), composite_request })
    }

    fn noted(mut self, reference_id: &str, step: CirrusResult<Step>) -> Self {
        match step {
            Ok(Step { method, path, body }) => self.request.composite_request.push(CompositeSubrequest {
                method: method.to_owned(),
                url: format!("/services/data/{}/{path}", self.client.api_version()),
                reference_id: reference_id.to_owned(),
                body,
                http_headers: None,
            }),
            Err(fault) => {
                self.fault.get_or_insert(fault);
            }
        }
        self
    }

    fn checked(self) -> CirrusResult<CompositeRequest> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let mut seen = HashSet::new();
        for CompositeSubrequest { reference_id, .. } in &self.request.composite_request {
            let is_name = !reference_id.is_empty()
                && reference_id.bytes().all(|sign| sign.is_ascii_alphanumeric() || sign == b'_');
            let fault = match () {
                () if !is_name => "must be letters, digits and `_`",
                () if !seen.insert(reference_id) => "stands twice: each subrequest has its own",
                () => continue,
            };
            return Err(CirrusError::invalid_input("reference_id", fault));
        }
        Ok(self.request)
    }
}

impl fmt::Debug for CompositeBuilder<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CompositeBuilder")
            .field("subrequests", &self.request.composite_request.len())
            .finish_non_exhaustive()
    }
}
