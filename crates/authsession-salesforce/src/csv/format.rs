//! How CSV is written: what parts the columns, what ends a line, what stands for no value.

use serde::{Deserialize, Serialize};

/// What ends a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BulkLineEnding {
    /// A line feed.
    #[default]
    LF,
    /// A carriage return and a line feed.
    CRLF,
}

impl BulkLineEnding {
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::LF => "\n",
            Self::CRLF => "\r\n",
        }
    }
}

/// What parts the columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum BulkColumnDelimiter {
    /// `` ` ``
    Backquote,
    /// `^`
    Caret,
    /// `,`
    #[default]
    Comma,
    /// `|`
    Pipe,
    /// `;`
    Semicolon,
    /// A tab.
    Tab,
}

impl BulkColumnDelimiter {
    pub(crate) const fn byte(self) -> u8 {
        match self {
            Self::Backquote => b'`',
            Self::Caret => b'^',
            Self::Comma => b',',
            Self::Pipe => b'|',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
        }
    }
}

/// How CSV is written and read. Unless said otherwise: commas, LF, and `None` as an empty column.
///
/// Salesforce leaves a field as it is whose column is empty; a field is emptied by `#N/A`
/// ([`clear_nulls`](Self::clear_nulls)).
///
/// ```
/// use authsession_salesforce::BulkColumnDelimiter;
/// use authsession_salesforce::csv::format::CsvFormat;
///
/// let format = CsvFormat::new().delimiter(BulkColumnDelimiter::Semicolon).clear_nulls(true);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct CsvFormat {
    pub(crate) delimiter: BulkColumnDelimiter,
    pub(crate) line_ending: BulkLineEnding,
    pub(crate) clear_nulls: bool,
    pub(crate) neutralize_formulas: bool,
    /// Whether a text that reads as no value is refused.
    pub(crate) refuses_marks: bool,
}

impl CsvFormat {
    /// Commas, LF, `None` as an empty column.
    pub fn new() -> Self {
        Self::default()
    }

    /// What parts the columns.
    pub fn delimiter(mut self, delimiter: BulkColumnDelimiter) -> Self {
        self.delimiter = delimiter;
        self
    }

    /// What ends a line that is written. Lines that are read may end in either.
    pub fn line_ending(mut self, line_ending: BulkLineEnding) -> Self {
        self.line_ending = line_ending;
        self
    }

    /// Whether `None` is written as `#N/A`, which empties the field, and `#N/A` is read as `None`.
    pub fn clear_nulls(mut self, clear: bool) -> Self {
        self.clear_nulls = clear;
        self
    }

    /// For loads: a text `#N/A` would empty the field it is written to.
    pub(crate) const fn refuse_marks(mut self) -> Self {
        self.refuses_marks = true;
        self
    }

    /// Whether a text that begins with `=`, `+`, `-`, `@`, a tab or a carriage return, and is no number, is written behind an
    /// apostrophe, so that a spreadsheet shows it and does not compute it (OWASP, "CSV Injection"). The apostrophe stays: for
    /// files that people open, not for uploads.
    pub fn neutralize_formulas(mut self, neutralize: bool) -> Self {
        self.neutralize_formulas = neutralize;
        self
    }
}
