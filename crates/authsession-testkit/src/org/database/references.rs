//! Records are named: by their ids in other records, and by external ids.

use crate::org::api_error::ApiError;
use crate::org::database::Fields;
use crate::org::database::coerce::coerce;
use crate::org::database::store::Store;
use crate::org::field::Kind;
use crate::org::field::OrgField;
use crate::org::object::OrgObject;
use rusqlite::types::Value as Sql;

impl Store {
    /// A reference leads to a record that is there. One by which anything may be meant leads anywhere.
    pub(crate) fn refers(&self, field: &OrgField, to: &str, id: &str) -> Result<(), ApiError> {
        let Some(target) = self.object_of(id) else { return Ok(()) };
        let anything = ["ParentId", "WhatId", "WhoId"].contains(&field.name.as_str());
        if target.name != to && !anything {
            let message = format!("{to} ID: id value of incorrect type: {id}");
            return Err(ApiError::new(400, "MALFORMED_ID", message).about([&field.name]));
        }
        if target.name == "User" {
            return Ok(());
        }
        match self.row(target, id) {
            Err(error) if error.code == "INVALID_CROSS_REFERENCE_KEY" => {
                Err(ApiError { status: 400, ..ApiError::no_such_record() })
            }
            Err(error) => Err(ApiError { status: 400, ..error }),
            Ok(_) => Ok(()),
        }
    }

    /// `"Account__r": {"External_Id__c": "A1"}`: the parent, by an external id.
    pub(crate) fn by_external_id(&self, field: &OrgField, parent: &Fields) -> Result<Sql, ApiError> {
        let Kind::Reference { to, .. } = &field.kind else { return Ok(Sql::Null) };
        let target = self.object(to)?;
        let named = parent.iter().find(|(name, _)| *name != "attributes");
        let (name, value) = named.ok_or_else(|| ApiError::no_such_field(to, ""))?;
        let key = external(target, name)?;
        let found = self.ids(target, key, coerce(key, value)?)?;
        match found.as_slice() {
            [id] => Ok(Sql::Text(id.clone())),
            [] => {
                let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let message =
                    format!("Foreign key external ID: {shown} not found for field {name} in entity {to}");
                Err(ApiError::new(400, "INVALID_FIELD", message).about([]))
            }
            several => Err(ambiguous(name, several.len())),
        }
    }
}

/// The field records may be named by: an external id, or the id itself.
pub(crate) fn external<'a>(object: &'a OrgObject, name: &str) -> Result<&'a OrgField, ApiError> {
    let field = object.find(name).filter(|field| field.external_id || field.kind == Kind::Id);
    let message = || format!("Provided external ID field does not exist or is not accessible: {name}");
    field.ok_or_else(|| ApiError::new(404, "NOT_FOUND", message()))
}

pub(crate) fn ambiguous(name: &str, count: usize) -> ApiError {
    let message = format!("{name}: more than one record found for external id field: {count} records");
    ApiError::new(400, "DUPLICATE_VALUE", message).about([name])
}
