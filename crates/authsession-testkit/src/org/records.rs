//! The org's records, as a test makes and counts them.

use crate::org::Org;
use crate::org::api_error::ApiError;
use crate::org::object::OrgObject;
use serde_json::Value;
use std::io;

/// Records, without HTTP. Errors are what the API would have said.
///
/// ```
/// use authsession_testkit::org::Org;
/// use serde_json::json;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let org = Org::builder().start().await?;
/// let initech = org.insert("Account", json!({ "Name": "Initech" }))?;
/// org.insert("Contact", json!({ "LastName": "Lumbergh", "AccountId": initech }))?;
/// org.fill("Account", 1000)?;
///
/// let found = org.query("SELECT LastName, Account.Name FROM Contact WHERE AccountId != NULL")?;
/// assert_eq!(found[0]["Account.Name"], "Initech");
/// assert_eq!(org.count("Account")?, 1003);
/// # Ok(()) }
/// ```
impl Org {
    /// A new record; its id. An org begins with the accounts Acme and Globex, and the contact Ada Lovelace.
    ///
    /// # Errors
    ///
    /// When a client would be refused.
    pub fn insert(&self, object: &str, fields: Value) -> io::Result<String> {
        let Value::Object(fields) = fields else { return Err(io::Error::other("a record is a JSON object")) };
        self.tenant.database().insert(object, fields).map_err(|error| said(&error))
    }

    /// Changes a record, as somebody else would meanwhile.
    ///
    /// # Errors
    ///
    /// When a client would be refused.
    pub fn update(&self, object: &str, id: &str, fields: Value) -> io::Result<()> {
        let Value::Object(fields) = fields else { return Err(io::Error::other("a record is a JSON object")) };
        self.tenant.database().update(object, id, fields).map_err(|error| said(&error))
    }

    /// Deletes a record; `queryAll` still sees it.
    ///
    /// # Errors
    ///
    /// When a client would be refused.
    pub fn delete(&self, object: &str, id: &str) -> io::Result<()> {
        self.tenant.database().delete(object, id).map_err(|error| said(&error))
    }

    /// The bytes of a field such as the `Body` of an `Attachment`.
    ///
    /// # Errors
    ///
    /// When there is no such record, or the field holds no bytes.
    pub fn bytes(&self, object: &str, id: &str, field: &str) -> io::Result<Vec<u8>> {
        self.tenant.database().blob(object, id, field).map_err(|error| said(&error))
    }

    /// So many new records, called `<object> <number>`: a hundred thousand take a second.
    ///
    /// # Errors
    ///
    /// When there is no such object.
    pub fn fill(&self, object: &str, count: usize) -> io::Result<()> {
        self.tenant.database().fill(object, count).map_err(|error| said(&error))
    }

    /// How many records of this object there are, without those deleted.
    ///
    /// # Errors
    ///
    /// When there is no such object.
    pub fn count(&self, object: &str) -> io::Result<usize> {
        let found = self.tenant.database().run(&format!("SELECT COUNT() FROM {object}"), false);
        found.map(|rows| rows.total).map_err(|error| said(&error))
    }

    /// What a query finds, all at once and flat: a parent's field is called `Account.Name`.
    ///
    /// # Errors
    ///
    /// When a client would be refused.
    pub fn query(&self, soql: &str) -> io::Result<Vec<Value>> {
        let rows = self.tenant.database().run(soql, false).map_err(|error| said(&error))?;
        Ok(rows.records.into_iter().map(Value::Object).collect())
    }

    /// Adds an object; to one that is there, the fields it does not have yet.
    ///
    /// # Errors
    ///
    /// When a name cannot be one.
    pub fn define(&self, object: OrgObject) -> io::Result<()> {
        self.tenant.database().define(object).map_err(|error| said(&error))
    }
}

fn said(error: &ApiError) -> io::Error {
    io::Error::other(format!("{}: {}", error.code, error.message))
}
