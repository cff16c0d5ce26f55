//! What became of the rows of a load.

use std::fmt;

use csv::StringRecord;
use serde::de::DeserializeOwned;

use crate::csv::rows::{Misfit, whole};
use crate::error::salesforce_error::passes;

const ID: &str = "sf__Id";
const CREATED: &str = "sf__Created";
const ERROR: &str = "sf__Error";
/// What Salesforce puts before the columns of the upload.
const THEIRS: &str = "sf__";

/// A row that was worked off. The row is not in its `Debug`.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BulkSuccess<T> {
    /// The record.
    pub id: String,
    /// Whether it is new.
    pub created: bool,
    /// The row as it was uploaded.
    pub record: T,
}

/// A row that was refused. The row, and what Salesforce says of it, are not in its `Debug`.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BulkFailure<T> {
    /// The record, if there is one.
    pub id: Option<String>,
    /// Why, as Salesforce writes it: `CODE:message:fields --`. It may quote what was sent.
    pub error: String,
    /// The row as it was uploaded.
    pub record: T,
}

impl<T> BulkFailure<T> {
    /// The name of the error, such as `REQUIRED_FIELD_MISSING`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        let code = self.error.split(':').next().unwrap_or_default().trim();
        let is_name = !code.is_empty()
            && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
        is_name.then_some(code)
    }

    /// Whether the row may be loaded later, unchanged: somebody else held a record, or Salesforce was too busy.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.code().is_some_and(passes)
    }
}

pub(crate) fn success<T: DeserializeOwned>(
    header: &StringRecord,
    record: &StringRecord,
) -> Result<BulkSuccess<T>, Misfit> {
    let id = column(header, record, ID).ok_or(Misfit(None))?.to_owned();
    let created = column(header, record, CREATED) == Some("true");
    Ok(BulkSuccess { id, created, record: uploaded(header, record)? })
}

pub(crate) fn failure<T: DeserializeOwned>(
    header: &StringRecord,
    record: &StringRecord,
) -> Result<BulkFailure<T>, Misfit> {
    let id = column(header, record, ID).filter(|id| !id.is_empty()).map(str::to_owned);
    let error = column(header, record, ERROR).ok_or(Misfit(None))?.to_owned();
    Ok(BulkFailure { id, error, record: uploaded(header, record)? })
}

fn column<'a>(header: &StringRecord, record: &'a StringRecord, name: &str) -> Option<&'a str> {
    record.get(header.iter().position(|column| column == name)?)
}

fn uploaded<T: DeserializeOwned>(header: &StringRecord, record: &StringRecord) -> Result<T, Misfit> {
    let is_ours = |(name, _): &(&str, &str)| !name.starts_with(THEIRS);
    let (header, record): (StringRecord, StringRecord) = header.iter().zip(record).filter(is_ours).fold(
        Default::default(),
        |(mut names, mut values), (name, value)| {
            names.push_field(name);
            values.push_field(value);
            (names, values)
        },
    );
    whole(&header, &record)
}

impl<T> fmt::Debug for BulkSuccess<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BulkSuccess")
            .field("id", &self.id)
            .field("created", &self.created)
            .finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for BulkFailure<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BulkFailure")
            .field("id", &self.id)
            .field("code", &self.code())
            .finish_non_exhaustive()
    }
}
