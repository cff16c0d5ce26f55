//! Values of one's own type, as CSV.

use std::fmt;

use bytes::{Bytes, BytesMut};
use serde::Serialize;

use crate::csv::NO_VALUE;
use crate::csv::format::CsvFormat;
use crate::csv::row_serializer::{Field, RowSerializer};
use crate::error::csv_fault::{CsvFault, CsvFaultKind};
use crate::error::{CirrusError, CirrusResult};

/// Writes records as CSV. The first record says which columns there are; what it has not, no further one may have, and what
/// a further one leaves out stays empty.
///
/// ```
/// use authsession_salesforce::csv::format::CsvFormat;
/// use authsession_salesforce::csv::writer::CsvWriter;
///
/// #[derive(serde::Serialize)]
/// #[serde(rename_all = "PascalCase")]
/// struct Contact<'a> {
///     last_name: &'a str,
///     email: Option<&'a str>,
/// }
///
/// # fn main() -> authsession_salesforce::CirrusResult<()> {
/// let mut csv = CsvWriter::new(CsvFormat::new());
/// csv.write(&Contact { last_name: "O\"Neil, the 3rd", email: None })?;
/// assert_eq!(csv.into_bytes(), "LastName,Email\n\"O\"\"Neil, the 3rd\",\n");
/// # Ok(())
/// # }
/// ```
pub struct CsvWriter {
    format: CsvFormat,
    columns: Vec<String>,
    out: BytesMut,
    records: u64,
}

impl CsvWriter {
    /// Nothing is written yet.
    #[must_use]
    pub fn new(format: CsvFormat) -> Self {
        Self { format, columns: Vec::new(), out: BytesMut::new(), records: 0 }
    }

    /// The same for these columns, whatever the first record has.
    #[must_use]
    pub fn with_columns<C: Into<String>>(format: CsvFormat, columns: impl IntoIterator<Item = C>) -> Self {
        let mut writer = Self::new(format);
        writer.columns = columns.into_iter().map(Into::into).collect();
        writer.write_header();
        writer
    }

    /// Writes a struct or map of single values.
    ///
    /// # Errors
    /// [`CirrusError::Csv`] for a record that is something else; nothing of it is written.
    pub fn write<T: Serialize + ?Sized>(&mut self, record: &T) -> CirrusResult<()> {
        let at = self.records + 1;
        let unwritable =
            |column| CirrusError::Csv(CsvFault::new(CsvFaultKind::Unwritable, at).at_column(column));
        let fields = record.serialize(RowSerializer).map_err(|fault| unwritable(fault.column))?;
        if self.columns.is_empty() {
            if fields.is_empty() {
                return Err(unwritable(None));
            }
            self.columns = fields.iter().map(|field| field.name.clone()).collect();
            self.write_header();
        }
        let is_mark = |field: &Field| field.value.as_deref() == Some(NO_VALUE);
        if let Some(column) = fields.iter().position(is_mark).filter(|_| self.format.refuses_marks) {
            return Err(CirrusError::Csv(CsvFault::new(CsvFaultKind::NoValue, at).at_column(Some(column))));
        }
        let row = self.placed(fields).map_err(|column| unwritable(Some(column)))?;
        self.write_row(row.iter().map(Option::as_deref));
        self.records = at;
        Ok(())
    }

    /// What was written since the last time, to be sent on.
    pub fn take(&mut self) -> Bytes {
        self.out.split().freeze()
    }

    /// What was written.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.out.freeze()
    }

    /// How many bytes are there to [take](Self::take).
    #[must_use]
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Whether there is nothing to [take](Self::take).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// The fields in the order of the columns. Fails with the place of one that has none.
    fn placed(&self, fields: Vec<Field>) -> Result<Vec<Option<String>>, usize> {
        let mut row = vec![None; self.columns.len()];
        for (at, field) in fields.into_iter().enumerate() {
            let as_before = self.columns.get(at).is_some_and(|name| *name == field.name);
            let place =
                if as_before { Some(at) } else { self.columns.iter().position(|name| *name == field.name) };
            let place = place.and_then(|place| row.get_mut(place)).ok_or(at)?;
            // None is nothing to write, or something to clear; a column left out is always the former.
            *place = field.value.or_else(|| self.format.clear_nulls.then(|| NO_VALUE.to_owned()));
        }
        Ok(row)
    }

    fn write_header(&mut self) {
        let columns = std::mem::take(&mut self.columns);
        self.write_row(columns.iter().map(|name| Some(name.as_str())));
        self.columns = columns;
    }

    fn write_row<'a>(&mut self, fields: impl ExactSizeIterator<Item = Option<&'a str>>) {
        let delimiter = self.format.delimiter.byte();
        let is_alone = fields.len() == 1;
        for (at, field) in fields.enumerate() {
            if at > 0 {
                self.out.extend_from_slice(&[delimiter]);
            }
            self.write_field(field.unwrap_or_default(), delimiter, is_alone);
        }
        self.out.extend_from_slice(self.format.line_ending.text().as_bytes());
    }

    fn write_field(&mut self, text: &str, delimiter: u8, is_alone: bool) {
        let apostrophe = self.format.neutralize_formulas && is_formula(text);
        let special = |byte: u8| byte == delimiter || matches!(byte, b'"' | b'\r' | b'\n');
        let outer = |sign: Option<char>| sign.is_some_and(|sign| sign.is_whitespace() || sign == '\u{feff}');
        let quoted = text.bytes().any(special)
            || outer(text.chars().next())
            || outer(text.chars().next_back())
            // A line with nothing in it would be no row.
            || (is_alone && text.is_empty());
        if quoted {
            self.out.extend_from_slice(b"\"");
        }
        if apostrophe {
            self.out.extend_from_slice(b"'");
        }
        for (at, part) in text.split('"').enumerate() {
            if at > 0 {
                self.out.extend_from_slice(b"\"\"");
            }
            self.out.extend_from_slice(part.as_bytes());
        }
        if quoted {
            self.out.extend_from_slice(b"\"");
        }
    }
}

fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err()
}

impl fmt::Debug for CsvWriter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CsvWriter").field("format", &self.format).finish_non_exhaustive()
    }
}
