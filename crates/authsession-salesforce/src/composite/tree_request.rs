//! Records with their children, to be created together (REST API Developer Guide, "sObject Tree").

use std::collections::BTreeMap;

use serde::Serialize;

/// What [`tree`](crate::composite::CompositeHandler::tree) creates: up to 200 records of one kind, with children five levels deep.
///
/// ```
/// use authsession_salesforce::{CompositeTreeRecord, CompositeTreeRequest};
/// use serde_json::json;
///
/// let doe = CompositeTreeRecord::new("Contact", "doe", json!({ "LastName": "Doe" }));
/// let acme = CompositeTreeRecord::new("Account", "acme", json!({ "Name": "Acme" })).child("Contacts", doe);
/// let body = serde_json::to_value(CompositeTreeRequest { records: vec![acme] }).unwrap();
/// assert_eq!(body["records"][0]["Contacts"]["records"][0]["attributes"]["referenceId"], "doe");
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CompositeTreeRequest<T> {
    /// The roots.
    pub records: Vec<CompositeTreeRecord<T>>,
}

/// A record of a tree, with its children.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CompositeTreeRecord<T> {
    attributes: Attributes,
    #[serde(flatten)]
    fields: T,
    #[serde(flatten)]
    children: BTreeMap<String, Children<T>>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Attributes {
    #[serde(rename = "type")]
    sobject_type: String,
    #[serde(rename = "referenceId")]
    reference_id: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Children<T> {
    records: Vec<CompositeTreeRecord<T>>,
}

impl<T> CompositeTreeRecord<T> {
    /// A record of that kind, called so in the answer. Its fields are something that is written as a JSON object.
    pub fn new(sobject: impl Into<String>, reference_id: impl Into<String>, fields: T) -> Self {
        let attributes = Attributes { sobject_type: sobject.into(), reference_id: reference_id.into() };
        Self { attributes, fields, children: BTreeMap::new() }
    }

    /// Adds a child of that relationship, such as `Contacts`.
    #[must_use]
    pub fn child(mut self, relationship: impl Into<String>, child: Self) -> Self {
        let none = || Children { records: Vec::new() };
        self.children.entry(relationship.into()).or_insert_with(none).records.push(child);
        self
    }
}
