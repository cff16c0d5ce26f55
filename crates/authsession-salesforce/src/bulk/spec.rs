//! What a new job is to do.

use std::fmt;

use serde::Serialize;

use crate::bulk::operation::BulkOperation;
use crate::csv::format::{BulkColumnDelimiter, BulkLineEnding, CsvFormat};

/// A job that loads rows.
///
/// ```
/// use authsession_salesforce::{BulkIngestSpec, BulkOperation};
///
/// let spec = BulkIngestSpec::new("Account", BulkOperation::Upsert).external_id_field_name("Number__c");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
#[must_use]
pub struct BulkIngestSpec {
    /// The object its rows are of; none where the operation says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// What it does.
    pub operation: BulkOperation,
    /// The external id an upsert goes by.
    #[serde(rename = "externalIdFieldName", skip_serializing_if = "Option::is_none")]
    pub external_id_field_name: Option<String>,
    /// What ends its lines. Unless set, what ends the header where the data comes along, else LF.
    #[serde(rename = "lineEnding", skip_serializing_if = "Option::is_none")]
    pub line_ending: Option<BulkLineEnding>,
    /// What parts its columns; commas unless set.
    #[serde(rename = "columnDelimiter", skip_serializing_if = "Option::is_none")]
    pub column_delimiter: Option<BulkColumnDelimiter>,
    /// The assignment rule its cases or leads go through.
    #[serde(rename = "assignmentRuleId", skip_serializing_if = "Option::is_none")]
    pub assignment_rule_id: Option<String>,
}

impl BulkIngestSpec {
    /// This, with rows of that object.
    pub fn new(object: impl Into<String>, operation: BulkOperation) -> Self {
        Self {
            object: Some(object.into()),
            operation,
            external_id_field_name: None,
            line_ending: None,
            column_delimiter: None,
            assignment_rule_id: None,
        }
    }

    /// What individuals agreed to.
    pub fn consent_import() -> Self {
        Self { object: None, ..Self::new("", BulkOperation::ConsentImport) }
    }

    /// The external id an upsert goes by.
    pub fn external_id_field_name(mut self, field: impl Into<String>) -> Self {
        self.external_id_field_name = Some(field.into());
        self
    }

    /// What ends its lines.
    pub fn line_ending(mut self, line_ending: BulkLineEnding) -> Self {
        self.line_ending = Some(line_ending);
        self
    }

    /// What parts its columns.
    pub fn column_delimiter(mut self, delimiter: BulkColumnDelimiter) -> Self {
        self.column_delimiter = Some(delimiter);
        self
    }

    /// The assignment rule its cases or leads go through.
    pub fn assignment_rule_id(mut self, rule_id: impl Into<String>) -> Self {
        self.assignment_rule_id = Some(rule_id.into());
        self
    }

    /// How its CSV is written.
    pub(crate) fn format(&self) -> CsvFormat {
        CsvFormat::new()
            .delimiter(self.column_delimiter.unwrap_or_default())
            .line_ending(self.line_ending.unwrap_or_default())
    }
}

/// A job that queries. The query is not in its `Debug`.
///
/// ```
/// use authsession_salesforce::{BulkOperation, BulkQuerySpec};
///
/// let spec = BulkQuerySpec::new("SELECT Id, Name FROM Account", BulkOperation::Query);
/// ```
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
#[must_use]
pub struct BulkQuerySpec {
    /// SOQL.
    pub query: String,
    /// [`BulkOperation::Query`] or [`BulkOperation::QueryAll`].
    pub operation: BulkOperation,
    /// What ends the result's lines; LF unless set.
    #[serde(rename = "lineEnding", skip_serializing_if = "Option::is_none")]
    pub line_ending: Option<BulkLineEnding>,
    /// What parts the result's columns; commas unless set.
    #[serde(rename = "columnDelimiter", skip_serializing_if = "Option::is_none")]
    pub column_delimiter: Option<BulkColumnDelimiter>,
}

impl BulkQuerySpec {
    /// This query.
    pub fn new(query: impl Into<String>, operation: BulkOperation) -> Self {
        Self { query: query.into(), operation, line_ending: None, column_delimiter: None }
    }

    /// What ends the result's lines.
    pub fn line_ending(mut self, line_ending: BulkLineEnding) -> Self {
        self.line_ending = Some(line_ending);
        self
    }

    /// What parts the result's columns.
    pub fn column_delimiter(mut self, delimiter: BulkColumnDelimiter) -> Self {
        self.column_delimiter = Some(delimiter);
        self
    }
}

impl fmt::Debug for BulkQuerySpec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BulkQuerySpec")
            .field("operation", &self.operation)
            .field("line_ending", &self.line_ending)
            .field("column_delimiter", &self.column_delimiter)
            .finish_non_exhaustive()
    }
}
