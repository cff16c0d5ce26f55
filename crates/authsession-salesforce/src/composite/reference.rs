//! What one subrequest uses of another's answer: `@{account.id}` (REST API Developer Guide, "Composite").

use std::fmt;

use crate::error::{CirrusError, CirrusResult};

/// How Salesforce knows one, wherever it stands.
pub(super) const BEGINNING: &str = "@{";

/// A value of the answer to an earlier subrequest, for ids, fields and queries of later ones. See [`reference()`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    written: String,
}

/// A value of the answer to an earlier subrequest, for ids, fields and queries of later ones.
///
/// Builders take it as what it is, and refuse texts that would become one: whoever writes `@{found.records[0].Id}` into a form
/// must not choose which record is deleted. As a text (`to_string()`) it is for requests that are put together by hand.
///
/// ```
/// use authsession_salesforce::reference;
///
/// assert_eq!(reference("account", "id").to_string(), "@{account.id}");
/// assert_eq!(reference("found", "records[0].Name").to_string(), "@{found.records[0].Name}");
/// ```
#[must_use]
pub fn reference(reference_id: &str, field: &str) -> Reference {
    Reference { written: format!("{BEGINNING}{reference_id}.{field}}}") }
}

impl Reference {
    /// As Salesforce reads it.
    pub(super) fn written(&self) -> CirrusResult<&str> {
        let inside = self.written.strip_prefix(BEGINNING).and_then(|text| text.strip_suffix('}'));
        let is_path = |sign: u8| sign.is_ascii_alphanumeric() || b"_.[]".contains(&sign);
        match inside {
            Some(inside) if inside.bytes().all(is_path) => Ok(&self.written),
            _ => Err(CirrusError::invalid_input(
                "reference",
                "must be letters, digits and `_`, as in account.id and found.records[0].Name",
            )),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.written)
    }
}

/// What an id or a piece of a query is: a text, or a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompositeValue<'a> {
    /// A text, whatever is in it; it is encoded. With `@{` in it, it is refused.
    Text(&'a str),
    /// What an earlier subrequest answers.
    Reference(&'a Reference),
}

impl<'a> From<&'a str> for CompositeValue<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for CompositeValue<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a Reference> for CompositeValue<'a> {
    fn from(reference: &'a Reference) -> Self {
        Self::Reference(reference)
    }
}
