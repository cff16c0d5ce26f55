//! Where CSV went wrong; never what was there.

use std::fmt;

/// What is wrong with CSV, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CsvFault {
    kind: CsvFaultKind,
    record: u64,
    column: Option<usize>,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CsvFaultKind {
    /// A row does not end: most likely a quote is missing.
    EndlessRow,
    /// A row ends otherwise than was declared, or than those before it where nothing was.
    LineEnding,
    /// A row is larger than a whole job may be.
    LargeRow,
    /// A row has more or fewer columns than the header.
    Columns,
    /// A row has more columns than any object has fields: most likely something else parts them.
    ManyColumns,
    /// It is not UTF-8, the only encoding Salesforce takes.
    NotUtf8,
    /// A column's text is not of the type that was asked for, or a column is missing.
    Shape,
    /// A record is no struct or map of single values, or has a column the first one had not.
    Unwritable,
    /// A text of a record to be loaded is `#N/A`, by which Salesforce would empty the field.
    NoValue,
}

impl CsvFault {
    pub(crate) const fn new(kind: CsvFaultKind, record: u64) -> Self {
        Self { kind, record, column: None }
    }

    pub(crate) const fn at_column(mut self, column: Option<usize>) -> Self {
        self.column = column;
        self
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> CsvFaultKind {
        self.kind
    }

    /// The record it is in, from 1; 0 is the header.
    #[must_use]
    pub const fn record(&self) -> u64 {
        self.record
    }

    /// The column it is in, from 0, where it is in one.
    #[must_use]
    pub const fn column(&self) -> Option<usize> {
        self.column
    }
}

impl fmt::Display for CsvFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.kind {
            CsvFaultKind::EndlessRow => "a row does not end: see whether a quote is missing",
            CsvFaultKind::LineEnding => {
                "a row ends in another way than the job's lines are to (LF or CRLF): declare the other line ending, or end all rows alike"
            }
            CsvFaultKind::LargeRow => "a row is larger than a job may be: leave it out, or allow larger jobs",
            CsvFaultKind::Columns => {
                "a row has not as many columns as the header: see to its quotes and delimiters"
            }
            CsvFaultKind::ManyColumns => {
                "a row has more columns than any object has fields: see to its quotes and delimiters"
            }
            CsvFaultKind::NotUtf8 => "it is not UTF-8: convert it",
            CsvFaultKind::Shape => "it has not the columns, or not the types, that were asked for",
            CsvFaultKind::Unwritable => {
                "a record must be a struct or map of single values, with no column the first one had not"
            }
            CsvFaultKind::NoValue => {
                "a text is `#N/A`, which would empty the field: write another, or None with clear_nulls"
            }
        })?;
        write!(formatter, " (record {}", self.record)?;
        if let Some(column) = self.column {
            write!(formatter, ", column {}", column + 1)?;
        }
        formatter.write_str(")")
    }
}
