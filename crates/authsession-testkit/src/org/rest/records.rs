//! The records there are to create, read, change and delete: accounts and contacts.

use crate::org::identifier::identifier;
use crate::org::identifier::same;
use crate::org::rest::ApiError;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

pub(crate) type Fields = Map<String, Value>;

struct Table {
    name: &'static str,
    prefix: &'static str,
    required: &'static str,
    rows: Vec<Fields>,
    created: u64,
}

pub(crate) struct Records {
    tables: [Table; 2],
}

impl Records {
    /// Two accounts and a contact.
    pub(crate) fn sample() -> Self {
        let table = |name, prefix, required| Table { name, prefix, required, rows: Vec::new(), created: 0 };
        let mut accounts = table("Account", "001", "Name");
        accounts.insert([("Name", "Acme"), ("Industry", "Manufacturing")]);
        accounts.insert([("Name", "Globex"), ("Industry", "Energy")]);
        let mut contacts = table("Contact", "003", "LastName");
        contacts.insert([("FirstName", "Ada"), ("LastName", "Lovelace")]);
        Self { tables: [accounts, contacts] }
    }

    /// Every record of this kind, and the kind's exact name.
    pub(crate) fn all(&self, object: &str) -> Option<(&'static str, Vec<Fields>)> {
        let table = self.tables.iter().find(|table| table.name.eq_ignore_ascii_case(object))?;
        Some((table.name, table.rows.clone()))
    }

    pub(crate) fn create(&mut self, object: &str, fields: Fields) -> Result<String, ApiError> {
        let table = self.table(object)?;
        if fields.get(table.required).and_then(Value::as_str).is_none_or(str::is_empty) {
            let message = format!("Required fields are missing: [{}]", table.required);
            return Err(ApiError(400, "REQUIRED_FIELD_MISSING", message));
        }
        Ok(table.add(fields))
    }

    pub(crate) fn update(&mut self, object: &str, id: &str, fields: Fields) -> Result<(), ApiError> {
        let table = self.table(object)?;
        let row = table.position(id).and_then(|at| table.rows.get_mut(at)).ok_or_else(ApiError::not_found)?;
        row.extend(fields.into_iter().filter(|(name, _)| name != "Id"));
        Ok(())
    }

    pub(crate) fn delete(&mut self, object: &str, id: &str) -> Result<(), ApiError> {
        let table = self.table(object)?;
        let at = table.position(id).ok_or_else(ApiError::not_found)?;
        table.rows.remove(at);
        Ok(())
    }

    fn table(&mut self, object: &str) -> Result<&mut Table, ApiError> {
        let found = self.tables.iter_mut().find(|table| table.name.eq_ignore_ascii_case(object));
        found.ok_or_else(ApiError::not_found)
    }
}

impl Table {
    fn insert<const N: usize>(&mut self, fields: [(&str, &str); N]) {
        self.add(fields.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect());
    }

    fn add(&mut self, mut fields: Fields) -> String {
        self.created += 1;
        let id = identifier(self.prefix, self.created);
        fields.insert("Id".to_owned(), id.clone().into());
        self.rows.push(fields);
        id
    }

    fn position(&self, id: &str) -> Option<usize> {
        let is = |row: &Fields| row.get("Id").and_then(Value::as_str).is_some_and(|own| same(own, id));
        self.rows.iter().position(is)
    }
}
