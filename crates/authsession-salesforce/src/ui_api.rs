//! Records as people see them: with labels, in the user's language and layouts (User Interface API Developer Guide, "Record").

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::client::Cirrus;
use crate::error::CirrusResult;
use crate::exchange::address::segment;
use crate::exchange::call::{Call, list};

const RECORDS: &str = "ui-api/records";

impl Cirrus {
    /// The User Interface API.
    #[must_use]
    pub const fn ui_api(&self) -> UiApiHandler<'_> {
        UiApiHandler { client: self }
    }
}

/// A record as the User Interface API shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UiRecord {
    /// The object's API name.
    pub api_name: String,
    /// The record's id.
    pub id: String,
    /// The fields that were asked for, by their API names.
    #[serde(default)]
    pub fields: BTreeMap<String, UiField>,
    /// When it was last changed, ISO 8601.
    #[serde(default)]
    pub last_modified_date: Option<String>,
    /// What else the answer says of it.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A field of a record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UiField {
    /// The value in the user's language and format, where that differs.
    #[serde(default)]
    pub display_value: Option<String>,
    /// The value; of a parent, its record.
    #[serde(default)]
    pub value: Value,
}

/// Which fields of a record are asked for.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum UiFields<'a> {
    /// These, with their objects' names: `Account.Name`, `Account.Owner.Name`.
    Named(&'a [&'a str]),
    /// Those of the user's full page layout.
    FullLayout,
    /// Those of the user's compact layout.
    CompactLayout,
}

/// Records as people see them.
///
/// ```no_run
/// use authsession_salesforce::ui_api::UiFields;
///
/// # async fn example(salesforce: authsession_salesforce::Cirrus, id: &str) -> authsession_salesforce::CirrusResult<()> {
/// let account = salesforce.ui_api().record(id, UiFields::Named(&["Account.Name", "Account.AnnualRevenue"])).await?;
/// let revenue = account.fields["AnnualRevenue"].display_value.as_deref();
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Of its calls: those of every call (see [`get`](Cirrus::get)), an argument that cannot be used, and an answer that is not such a
/// record.
#[derive(Clone, Copy, Debug)]
pub struct UiApiHandler<'a> {
    client: &'a Cirrus,
}

impl UiApiHandler<'_> {
    /// A record.
    pub async fn record(&self, id: &str, fields: UiFields<'_>) -> CirrusResult<UiRecord> {
        let call = Call::get(path(id)?).unescaped();
        let call = match fields {
            UiFields::Named(names) => call.parameter("fields", &list("fields", names)?),
            UiFields::FullLayout => call.parameter("layoutTypes", "Full"),
            UiFields::CompactLayout => call.parameter("layoutTypes", "Compact"),
        };
        self.client.call_json(call).await
    }

    /// Creates a record, and shows it. It is sent once.
    pub async fn create<F>(&self, object: &str, fields: &F) -> CirrusResult<UiRecord>
    where
        F: Serialize + ?Sized,
    {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Body<'a, F: ?Sized> {
            api_name: &'a str,
            fields: &'a F,
        }
        self.client.call_json(Call::post(RECORDS).unescaped().json(&Body { api_name: object, fields })?).await
    }

    /// Changes the fields of a record that are named, and shows it. It is sent once.
    pub async fn update<F>(&self, id: &str, fields: &F) -> CirrusResult<UiRecord>
    where
        F: Serialize + ?Sized,
    {
        #[derive(Serialize)]
        struct Body<'a, F: ?Sized> {
            fields: &'a F,
        }
        self.client.call_json(Call::patch(path(id)?).unescaped().json(&Body { fields })?).await
    }

    /// Deletes a record.
    pub async fn delete(&self, id: &str) -> CirrusResult<()> {
        self.client.call(Call::delete(path(id)?)).await.map(drop)
    }
}

fn path(id: &str) -> CirrusResult<String> {
    Ok(format!("{RECORDS}/{}", segment("id", id)?))
}
