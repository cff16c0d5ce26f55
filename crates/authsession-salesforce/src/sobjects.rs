//! Objects and their records (REST API Developer Guide, "sObject Basic Information", "sObject Rows").

pub mod blob;
pub mod changes;
pub mod describe;
pub mod external_id;
pub mod record;

use std::time::SystemTime;

use serde::de::DeserializeOwned;

use crate::client::Cirrus;
use crate::error::CirrusResult;
use crate::exchange::address::segment;
use crate::exchange::call::Call;
use crate::sobjects::describe::DescribeGlobal;

/// Where objects are, below the version; Tooling API has its own.
const SOBJECTS: &str = "sobjects";

impl Cirrus {
    /// All objects of the org.
    #[must_use]
    pub const fn sobjects(&self) -> SObjectsHandler<'_> {
        SObjectsHandler { client: self }
    }

    /// One object, by its API name, and its records.
    #[must_use]
    pub const fn sobject<'a>(&'a self, name: &'a str) -> SObjectHandler<'a> {
        SObjectHandler::below(self, SOBJECTS, name)
    }
}

/// All objects of the org. Its calls fail like all calls (see [`get`](Cirrus::get)).
#[derive(Clone, Copy, Debug)]
pub struct SObjectsHandler<'a> {
    client: &'a Cirrus,
}

impl SObjectsHandler<'_> {
    /// What objects there are, and what the user may do with each.
    pub async fn describe_global(&self) -> CirrusResult<DescribeGlobal> {
        self.client.call_json(Call::get(SOBJECTS)).await
    }

    /// The same, or `None` if nothing about it has changed since.
    pub async fn describe_global_if_modified_since(
        &self,
        since: SystemTime,
    ) -> CirrusResult<Option<DescribeGlobal>> {
        unless_the_same(self.client, Call::get(SOBJECTS), since).await
    }
}

/// One object and its records. A name, an id or an external id's value that comes from elsewhere can be handed in as it is: it is
/// encoded, and one that is empty, `.` or `..` is refused before anything is sent.
///
/// A record is created, changed or deleted by one request: it is not sent again unless it certainly was not received, or was
/// refused for its token.
///
/// ```no_run
/// use serde_json::json;
///
/// # async fn example(salesforce: authsession_salesforce::Cirrus) -> authsession_salesforce::CirrusResult<()> {
/// let accounts = salesforce.sobject("Account");
/// let created = accounts.create(&json!({ "Name": "Acme" })).await?;
/// accounts.update(&created.id, &json!({ "Industry": "Energy" })).await?;
/// let account = accounts.retrieve_with_fields(&created.id, &["Name", "Industry"]).await?;
/// assert_eq!(account["Name"], "Acme");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Of its calls: those of every call (see [`get`](Cirrus::get)), an argument that cannot be used, and an answer that is not of the
/// type that was asked for.
#[derive(Clone, Copy, Debug)]
pub struct SObjectHandler<'a> {
    client: &'a Cirrus,
    root: &'static str,
    name: &'a str,
}

impl<'a> SObjectHandler<'a> {
    /// The object of that name below `sobjects` or `tooling/sobjects`.
    pub(crate) const fn below(client: &'a Cirrus, root: &'static str, name: &'a str) -> Self {
        Self { client, root, name }
    }

    /// The object's API name.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// The path of the object.
    fn root(&self) -> CirrusResult<String> {
        Ok(format!("{}/{}", self.root, segment("name", self.name)?))
    }

    /// The path of this resource of the object's.
    fn path(&self, resource: &str) -> CirrusResult<String> {
        Ok(format!("{}/{resource}", self.root()?))
    }

    /// The path of a record.
    fn record(&self, id: &str) -> CirrusResult<String> {
        self.path(&segment("id", id)?)
    }
}

/// The answer, or `None` if Salesforce says that it has not changed since.
async fn unless_the_same<R: DeserializeOwned>(
    client: &Cirrus,
    call: Call<'_>,
    since: SystemTime,
) -> CirrusResult<Option<R>> {
    let answer = client.call(call.if_modified_since(since)?).await?;
    if answer.status == http::StatusCode::NOT_MODIFIED { Ok(None) } else { answer.json().map(Some) }
}
