//! CSV as it comes, as a stream of one's own type.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use csv::StringRecord;
use futures_util::Stream;
use serde::de::DeserializeOwned;

use crate::csv::NO_VALUE;
use crate::csv::format::CsvFormat;
use crate::csv::record_parser::{Parsed, RecordParser};
use crate::error::csv_fault::{CsvFault, CsvFaultKind};
use crate::error::{CirrusError, CirrusResult};

/// What makes a row's value of its columns.
pub(crate) type Make<T> = fn(&StringRecord, &StringRecord) -> Result<T, Misfit>;

/// Which column does not fit the type, if it is one.
pub(crate) struct Misfit(pub(crate) Option<usize>);

/// The rows of a CSV whose first line is its header, read while it comes; nothing but the row at hand is held. Columns go to the
/// fields of the same name (`#[serde(rename = "Name")]`), empty ones are `None`. Quotes, line ends inside of them, CRLF and a byte
/// order mark are understood.
///
/// An error ends it; a row that cannot be read is one.
///
/// ```
/// use authsession_salesforce::csv::format::CsvFormat;
/// use authsession_salesforce::csv::rows::CsvRows;
/// use authsession_salesforce::Bytes;
/// use futures_util::{TryStreamExt, stream};
///
/// #[derive(serde::Deserialize)]
/// #[serde(rename_all = "PascalCase")]
/// struct Account {
///     name: String,
///     number_of_employees: Option<u32>,
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> authsession_salesforce::CirrusResult<()> {
/// let csv = stream::iter([Ok(Bytes::from("Name,NumberOfEmployees\n\"Acme, ")), Ok(Bytes::from("Inc\",7\n"))]);
/// let accounts: Vec<Account> = CsvRows::new(csv, CsvFormat::new()).try_collect().await?;
/// assert_eq!(accounts[0].name, "Acme, Inc");
/// assert_eq!(accounts[0].number_of_employees, Some(7));
/// # Ok(())
/// # }
/// ```
pub struct CsvRows<T> {
    source: Pin<Box<dyn Stream<Item = CirrusResult<Bytes>> + Send>>,
    parser: RecordParser,
    format: CsvFormat,
    header: Option<StringRecord>,
    make: Make<T>,
    is_over: bool,
}

impl<T: DeserializeOwned> CsvRows<T> {
    /// The rows of what comes there.
    pub fn new(source: impl Stream<Item = CirrusResult<Bytes>> + Send + 'static, format: CsvFormat) -> Self {
        Self::made_by(source, format, whole)
    }
}

impl<T> CsvRows<T> {
    pub(crate) fn made_by(
        source: impl Stream<Item = CirrusResult<Bytes>> + Send + 'static,
        format: CsvFormat,
        make: Make<T>,
    ) -> Self {
        let parser = RecordParser::new(format.delimiter.byte());
        Self { source: Box::pin(source), parser, format, header: None, make, is_over: false }
    }

    /// The names of the columns, once the first row was asked for.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.header.iter().flatten()
    }

    fn poll_record(&mut self, context: &mut Context<'_>) -> Poll<CirrusResult<Option<StringRecord>>> {
        loop {
            match self.parser.next().map_err(CirrusError::Csv)? {
                Parsed::Record(record) => return Poll::Ready(Ok(Some(record))),
                Parsed::End => return Poll::Ready(Ok(None)),
                Parsed::NeedsMore => match ready!(self.source.as_mut().poll_next(context)) {
                    Some(piece) => self.parser.push(&piece?),
                    None => self.parser.end(),
                },
            }
        }
    }

    fn value(&self, header: &StringRecord, record: StringRecord) -> CirrusResult<T> {
        let at = self.parser.record_number();
        if record.len() != header.len() {
            return Err(CirrusError::Csv(CsvFault::new(CsvFaultKind::Columns, at)));
        }
        let record = if self.format.clear_nulls { without_marks(record) } else { record };
        (self.make)(header, &record).map_err(|Misfit(column)| {
            CirrusError::Csv(CsvFault::new(CsvFaultKind::Shape, at).at_column(column))
        })
    }
}

impl<T> Stream for CsvRows<T> {
    type Item = CirrusResult<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        while !self.is_over {
            let record = ready!(self.poll_record(context));
            let outcome = match (record, &self.header) {
                (Ok(Some(header)), None) => {
                    self.header = Some(header);
                    continue;
                }
                (Ok(Some(record)), Some(header)) => self.value(header, record),
                (Ok(None), _) => break,
                (Err(error), _) => Err(error),
            };
            self.is_over = outcome.is_err();
            return Poll::Ready(Some(outcome));
        }
        self.is_over = true;
        Poll::Ready(None)
    }
}

/// A value of all columns.
pub(crate) fn whole<T: DeserializeOwned>(header: &StringRecord, record: &StringRecord) -> Result<T, Misfit> {
    record.deserialize(Some(header)).map_err(|error| match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => {
            Misfit(err.field().and_then(|field| usize::try_from(field).ok()))
        }
        _ => Misfit(None),
    })
}

fn without_marks(record: StringRecord) -> StringRecord {
    if record.iter().any(|field| field == NO_VALUE) {
        return record.iter().map(|field| if field == NO_VALUE { "" } else { field }).collect();
    }
    record
}

impl<T> fmt::Debug for CsvRows<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CsvRows").field("format", &self.format).finish_non_exhaustive()
    }
}
