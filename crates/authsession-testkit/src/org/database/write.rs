//! Records are made, changed and deleted by the rules Salesforce has for clients.

use crate::org::api_error::ApiError;
use crate::org::database::Fields;
use crate::org::database::coerce::coerce;
use crate::org::database::references::ambiguous;
use crate::org::database::references::external;
use crate::org::database::store::Store;
use crate::org::field::Kind;
use crate::org::field::OrgField;
use crate::org::identifier::identifier;
use crate::org::identifier::whole;
use crate::org::object::OrgObject;
use crate::org::soql::joins::quoted;
use rusqlite::params_from_iter;
use rusqlite::types::Value as Sql;
use serde_json::Value;

type Kept = Vec<(String, Sql)>;

impl Store {
    /// A new record; its id.
    pub(crate) fn insert(&mut self, object: &str, fields: Fields) -> Result<String, ApiError> {
        let object = self.object(object)?;
        if fields.contains_key("Id") {
            let message = "cannot specify Id in an insert call";
            return Err(ApiError::new(400, "INVALID_FIELD_FOR_INSERT_UPDATE", message).about(["Id"]));
        }
        let mut kept = self.kept(object, fields, |field| field.createable)?;
        let has = |name: &str| kept.iter().any(|(own, value)| own == name && *value != Sql::Null);
        let missing: Vec<String> = object
            .fields
            .iter()
            .filter(|field| field.required && !has(&field.name))
            .map(|field| field.name.clone())
            .collect();
        if !missing.is_empty() {
            let message = format!("Required fields are missing: [{}]", missing.join(", "));
            let mut error = ApiError::new(400, "REQUIRED_FIELD_MISSING", message);
            error.fields = Some(missing);
            return Err(error);
        }
        self.unique(object, &kept, None)?;
        let number: i64 = self.connection.query_row(
            &format!("SELECT ifnull(max(rowid), 0) + 1 FROM {}", quoted(&object.name)),
            [],
            |row| row.get(0),
        )?;
        let id = identifier(&object.prefix, u64::try_from(number).unwrap_or_default());
        self.born(object, &id, number, &mut kept);
        let fields: Vec<(&str, Sql)> =
            kept.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        self.put(&object.name, number, &fields)?;
        self.name(object, &id)?;
        Ok(id)
    }

    pub(crate) fn update(&mut self, object: &str, id: &str, fields: Fields) -> Result<(), ApiError> {
        let object = self.object(object)?;
        if fields.contains_key("Id") {
            let message = "The Id field should not be specified in the sobject data.";
            return Err(ApiError::new(400, "INVALID_FIELD", message).about(["Id"]));
        }
        let row = self.row(object, id)?;
        let mut kept = self.kept(object, fields, |field| field.updateable)?;
        let emptied = |(name, value): &&(String, Sql)| {
            *value == Sql::Null && object.find(name).is_some_and(|field| field.required)
        };
        if let Some((name, _)) = kept.iter().find(emptied) {
            let message = format!("Required fields are missing: [{name}]");
            return Err(ApiError::new(400, "REQUIRED_FIELD_MISSING", message).about([name]));
        }
        self.unique(object, &kept, Some(row))?;
        self.stamp(object, &["LastModifiedDate", "SystemModstamp"], &mut kept);
        self.write(object, row, &kept)?;
        self.name(object, id)
    }

    /// The record whose external id has this value is changed, or made: its id, and whether it was made.
    pub(crate) fn upsert(
        &mut self,
        object: &str,
        external_field: &str,
        value: &str,
        mut fields: Fields,
    ) -> Result<(String, bool), ApiError> {
        let known = self.object(object)?;
        let field = external(known, external_field)?;
        let (kind, name) = (field.kind.clone(), field.name.clone());
        fields.retain(|given, _| !given.eq_ignore_ascii_case(&name));
        if kind == Kind::Id {
            self.update(object, value, fields)?;
            return Ok((whole(value).unwrap_or_default(), false));
        }
        let found = self.ids(known, field, coerce(field, &Value::String(value.to_owned()))?)?;
        match found.as_slice() {
            [] => {
                fields.insert(name, Value::String(value.to_owned()));
                Ok((self.insert(object, fields)?, true))
            }
            [id] => {
                self.update(object, id, fields)?;
                Ok((id.clone(), false))
            }
            several => Err(ambiguous(&name, several.len())),
        }
    }

    /// Into the recycle bin, where `queryAll` still sees it.
    pub(crate) fn delete(&mut self, object: &str, id: &str) -> Result<(), ApiError> {
        let object = self.object(object)?;
        let row = self.row(object, id)?;
        let mut kept = vec![("IsDeleted".to_owned(), Sql::Integer(1))];
        self.stamp(object, &["LastModifiedDate", "SystemModstamp"], &mut kept);
        self.write(object, row, &kept)
    }

    fn kept(
        &self,
        object: &OrgObject,
        fields: Fields,
        allowed: impl Fn(&OrgField) -> bool,
    ) -> Result<Kept, ApiError> {
        let mut kept = Kept::new();
        for (name, value) in fields.into_iter().filter(|(name, _)| name != "attributes") {
            if let (Some(field), Value::Object(parent)) = (object.parent(&name), &value) {
                kept.push((field.name.clone(), self.by_external_id(field, parent)?));
                continue;
            }
            let field = object.find(&name).ok_or_else(|| ApiError::no_such_field(&object.name, &name))?;
            if !allowed(field) {
                let message = format!(
                    "Unable to create/update fields: {}. Please check the security settings of this field and verify that it \
                     is read/write for your profile or permission set.",
                    field.name
                );
                let error = ApiError::new(400, "INVALID_FIELD_FOR_INSERT_UPDATE", message);
                return Err(error.about([&field.name]));
            }
            let value = coerce(field, &value)?;
            if let (Kind::Reference { to, .. }, Sql::Text(id)) = (&field.kind, &value) {
                self.refers(field, to, id)?;
            }
            if let (Kind::Blob { length: Some(length) }, Sql::Blob(bytes)) = (&field.kind, &value) {
                let bytes = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
                kept.push(((*length).to_owned(), Sql::Integer(bytes)));
            }
            kept.retain(|(own, _)| *own != field.name);
            kept.push((field.name.clone(), value));
        }
        Ok(kept)
    }

    fn unique(&self, object: &OrgObject, kept: &Kept, except: Option<i64>) -> Result<(), ApiError> {
        for (name, value) in kept.iter().filter(|(_, value)| *value != Sql::Null) {
            let Some(field) = object.find(name).filter(|field| field.unique) else { continue };
            for id in self.ids(object, field, value.clone())? {
                if Some(self.row(object, &id)?) != except {
                    let message =
                        format!("duplicate value found: {name} duplicates value on record with id: {id}");
                    return Err(ApiError::new(400, "DUPLICATE_VALUE", message).about([]));
                }
            }
        }
        Ok(())
    }

    /// What the org itself writes in a new record.
    fn born(&self, object: &OrgObject, id: &str, number: i64, kept: &mut Kept) {
        kept.push(("Id".to_owned(), Sql::Text(id.to_owned())));
        kept.push(("IsDeleted".to_owned(), Sql::Integer(0)));
        let owned = kept.iter().any(|(name, value)| name == "OwnerId" && *value != Sql::Null);
        let first_user = || Sql::Text(identifier("005", 1));
        for name in ["OwnerId", "CreatedById", "LastModifiedById"] {
            if object.find(name).is_some() && !(owned && name == "OwnerId") {
                kept.retain(|(own, _)| own != name);
                kept.push((name.to_owned(), first_user()));
            }
        }
        if object.name == "Case" {
            kept.push(("CaseNumber".to_owned(), Sql::Text(format!("{number:08}"))));
        }
        self.stamp(object, &["CreatedDate", "LastModifiedDate", "SystemModstamp"], kept);
    }

    fn stamp(&self, object: &OrgObject, names: &[&str], kept: &mut Kept) {
        for name in names.iter().filter(|name| object.find(name).is_some()) {
            kept.push(((*name).to_owned(), Sql::Text(self.now())));
        }
    }

    fn write(&self, object: &OrgObject, row: i64, kept: &Kept) -> Result<(), ApiError> {
        let set: Vec<String> =
            (2..).zip(kept).map(|(at, (name, _)): (usize, _)| format!("{} = ?{at}", quoted(name))).collect();
        let statement = format!("UPDATE {} SET {} WHERE rowid = ?1", quoted(&object.name), set.join(", "));
        let values = [Sql::Integer(row)].into_iter().chain(kept.iter().map(|(_, value)| value.clone()));
        self.connection.prepare_cached(&statement)?.execute(params_from_iter(values))?;
        Ok(())
    }

    /// A person's name is made of its parts; a custom record without one is called by its id.
    fn name(&self, object: &OrgObject, id: &str) -> Result<(), ApiError> {
        let name = if object.find("LastName").is_some() {
            "Name = trim(ifnull(FirstName, '') || ' ' || LastName)"
        } else if object.is_custom() {
            "Name = ifnull(Name, Id)"
        } else if object.name == "ContentVersion" {
            "Title = ifnull(Title, PathOnClient)"
        } else {
            return Ok(());
        };
        let statement = format!("UPDATE {} SET {name} WHERE Id = ?1", quoted(&object.name));
        self.connection.prepare_cached(&statement)?.execute([id])?;
        Ok(())
    }
}
