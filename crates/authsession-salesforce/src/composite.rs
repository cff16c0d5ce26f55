//! Many requests in one call (REST API Developer Guide, "Composite Resources").
//!
//! | resource | takes | what one failure does to the rest |
//! |---|---|---|
//! | [`execute`](CompositeHandler::execute) | 25 subrequests that may refer to each other | by `allOrNone`: undone, or nothing |
//! | [`batch`](CompositeHandler::batch) | 25 subrequests on their own | by `haltOnError`: what follows is not tried; nothing is undone |
//! | [`tree`](CompositeHandler::tree) | 200 records with their children, all new | all undone |
//! | [`graph`](CompositeHandler::graph) | 500 subrequests in graphs | undone within its graph |
//! | [`sobjects`](CompositeHandler::sobjects) | 200 records of one kind | by `allOrNone`: undone, or nothing |

mod answered;
mod batch;
mod batch_builder;
pub(crate) mod bounds;
mod builder;
mod collection;
mod collections;
mod composite_error;
mod graph;
mod headers;
mod many;
mod outcome;
mod reference;
mod step;
mod subrequests;
mod subresponse;
mod tree;
mod tree_request;

use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::client::Cirrus;
use crate::composite::answered::{Answers, to_all};
use crate::composite::bounds::Asked;
use crate::error::CirrusResult;
use crate::exchange::address::segment;
use crate::exchange::call::{Call, Payload};

pub use crate::composite::batch::{BatchRequest, BatchResponse, BatchSubrequest, BatchSubresult};
pub use crate::composite::batch_builder::BatchBuilder;
pub use crate::composite::bounds::{
    BATCH_MAX_SUBREQUESTS, COLLECTION_MAX_RECORDS, COLLECTION_MAX_RETRIEVED, COMPOSITE_MAX_SUBREQUESTS,
    GRAPH_MAX_NODES, TREE_MAX_RECORDS,
};
pub use crate::composite::builder::CompositeBuilder;
pub use crate::composite::collection::{
    CollectionRecord, RecordAttributes, SObjectCollection, SObjectCollectionResult,
};
pub use crate::composite::collections::CompositeSObjectsHandler;
pub use crate::composite::composite_error::CompositeError;
pub use crate::composite::graph::{
    CompositeGraph, CompositeGraphRequest, CompositeGraphResponse, CompositeGraphResult,
};
pub use crate::composite::outcome::CollectionOutcome;
pub use crate::composite::reference::{CompositeValue, Reference, reference};
pub use crate::composite::subrequests::{CompositeRequest, CompositeSubrequest};
pub use crate::composite::subresponse::{CompositeResponse, CompositeSubresponse};
pub use crate::composite::tree::{CompositeTreeResponse, CompositeTreeResult};
pub use crate::composite::tree_request::{CompositeTreeRecord, CompositeTreeRequest};

/// Counts what is in a body: an error if it is too much.
pub(crate) type Check = fn(&[u8]) -> CirrusResult<Asked>;

impl Cirrus {
    /// Many requests in one call.
    #[must_use]
    pub const fn composite(&self) -> CompositeHandler<'_> {
        CompositeHandler { client: self }
    }

    /// Sends a body that was counted before, and counts the answers. Not again once it may have been received, unless the method
    /// allows it.
    pub(crate) async fn send_counted<R, B>(
        &self,
        method: Method,
        path: &str,
        body: &B,
        check: Check,
    ) -> CirrusResult<R>
    where
        R: DeserializeOwned + Answers,
        B: Serialize + ?Sized,
    {
        let call = Call::new(method, path).json(body)?;
        let asked = match &call.payload {
            Payload::Bytes(body) => check(body)?,
            _ => None,
        };
        let answer = self.call_json(call).await?;
        match asked {
            Some(asked) => to_all(answer, &asked),
            None => Ok(answer),
        }
    }
}

/// Sends composite requests. Each is one call of the org's 24 hours, whatever is in it.
///
/// How much is in a request is counted before it is sent; what is too much fails with
/// [`CirrusError::TooMany`](crate::error::CirrusError::TooMany), and nothing was done. A request that may have been received is
/// not sent again.
///
/// # Errors
/// Of all its methods: as those of [`Cirrus::post`], and too much for one call. A subrequest that fails is no error of the call's:
/// it is in the answer. An answer that is not to every subrequest is
/// [`CirrusError::InvalidResponse`](crate::error::CirrusError::InvalidResponse): see what was done.
///
/// ```no_run
/// # async fn example(salesforce: authsession_salesforce::Cirrus) -> authsession_salesforce::CirrusResult<()> {
/// use authsession_salesforce::reference;
/// use serde_json::json;
///
/// let answer = salesforce
///     .composite()
///     .compose()
///     .create("Account", "account", &json!({ "Name": "Acme" }))
///     .create("Contact", "contact", &json!({ "LastName": "Doe" }))
///     .field_from("AccountId", &reference("account", "id"))
///     .all_or_none(true)
///     .send()
///     .await?;
/// match answer.root_cause() {
///     None => println!("both are there"),
///     Some(failed) => println!("{} failed, and nothing was done: {:?}", failed.reference_id, failed.errors()),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct CompositeHandler<'a> {
    client: &'a Cirrus,
}

impl<'a> CompositeHandler<'a> {
    /// Begins a request of up to 25 subrequests that may refer to each other.
    pub fn compose(&self) -> CompositeBuilder<'a> {
        CompositeBuilder::new(self.client)
    }

    /// Begins a request of up to 25 subrequests, each on its own.
    pub fn compose_batch(&self) -> BatchBuilder<'a> {
        BatchBuilder::new(self.client)
    }

    /// Many records of one kind.
    #[must_use]
    pub const fn sobjects(&self) -> CompositeSObjectsHandler<'a> {
        CompositeSObjectsHandler::new(self.client)
    }

    /// Up to 25 subrequests ([`CompositeRequest`]), done in their order; one may use what another before it answered.
    ///
    /// With `allOrNone` the first that fails undoes all, and the others answer `PROCESSING_HALTED`: see
    /// [`CompositeResponse::root_cause`]. Without it, which is Salesforce's default, only those that refer to it are halted.
    pub async fn execute<B>(&self, body: &B) -> CirrusResult<CompositeResponse>
    where
        B: Serialize + ?Sized,
    {
        self.post("composite", body, bounds::subrequests).await
    }

    /// Up to 25 subrequests ([`BatchRequest`]), each on its own: nothing is undone, and `haltOnError` only keeps those after the
    /// first failure from being tried (they answer 412).
    pub async fn batch<B>(&self, body: &B) -> CirrusResult<BatchResponse>
    where
        B: Serialize + ?Sized,
    {
        self.post("composite/batch", body, bounds::batch).await
    }

    /// Creates up to 200 records with their children ([`CompositeTreeRequest`]); all or none.
    /// When one cannot be created, the error's `errors` name it by `referenceId`.
    pub async fn tree<B>(&self, sobject: &str, body: &B) -> CirrusResult<CompositeTreeResponse>
    where
        B: Serialize + ?Sized,
    {
        let path = format!("composite/tree/{}", segment("sobject", sobject)?);
        self.post(&path, body, bounds::tree).await
    }

    /// Up to 500 subrequests in graphs ([`CompositeGraphRequest`]). Each graph is all or none, and no matter of the others.
    pub async fn graph<B>(&self, body: &B) -> CirrusResult<CompositeGraphResponse>
    where
        B: Serialize + ?Sized,
    {
        self.post("composite/graph", body, bounds::graphs).await
    }

    async fn post<R, B>(&self, path: &str, body: &B, check: Check) -> CirrusResult<R>
    where
        R: DeserializeOwned + Answers,
        B: Serialize + ?Sized,
    {
        self.client.send_counted(Method::POST, path, body, check).await
    }
}
