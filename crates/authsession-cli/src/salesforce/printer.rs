//! Rows as CSV, as a JSON list, or as a JSON object a line.

use std::path::Path;

use authsession_salesforce::{CsvFormat, CsvWriter};
use serde::Serialize;

use crate::errors::Error;
use crate::salesforce::output::Output;
use crate::salesforce::record::{Cell, Record};
use crate::salesforce::row_count::RowCount;
use crate::salesforce::table::Table;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Csv,
    Json,
    Ndjson,
}

pub(crate) struct Printer {
    format: Format,
    out: Output,
    /// What the query names.
    asked_for: Vec<String>,
    /// Once the columns are known.
    table: Option<(Table, CsvWriter)>,
    csv_rows: RowCount,
    rows: u64,
}

impl Printer {
    pub(crate) fn begin(format: Format, path: Option<&Path>, asked_for: Vec<String>) -> Result<Self, Error> {
        Ok(Self {
            format,
            out: Output::open(path)?,
            asked_for,
            table: None,
            csv_rows: RowCount::default(),
            rows: 0,
        })
    }

    pub(crate) fn is_csv(&self) -> bool {
        self.format == Format::Csv
    }

    pub(crate) const fn rows(&self) -> u64 {
        self.rows
    }

    /// What is CSV already; how many rows it has printed by now.
    pub(crate) fn csv(&mut self, csv: &[u8]) -> Result<u64, Error> {
        self.csv_rows.push(csv);
        self.rows = self.csv_rows.rows();
        self.out.write(csv)?;
        Ok(self.rows)
    }

    /// Rows of a table.
    pub(crate) fn table(&mut self, page: &[Record<Cell>]) -> Result<(), Error> {
        let Some(first) = page.first() else { return Ok(()) };
        let (table, csv) = self.table.get_or_insert_with(|| {
            let table = Table::of(std::mem::take(&mut self.asked_for), first);
            let csv = CsvWriter::with_columns(CsvFormat::new(), table.columns());
            (table, csv)
        });
        for record in page {
            let row = table.row(record).ok_or(Error::AnotherColumn)?;
            csv.write(&row).map_err(Error::Salesforce)?;
            self.rows += 1;
        }
        let rows = csv.take();
        self.out.write(&rows)
    }

    /// How many rows it has printed by now.
    pub(crate) fn json(&mut self, record: &impl Serialize) -> Result<u64, Error> {
        if self.format == Format::Json {
            self.out.write(if self.rows == 0 { b"[\n" } else { b",\n" })?;
        }
        self.out.json(record)?;
        if self.format == Format::Ndjson {
            self.out.write(b"\n")?;
        }
        self.rows += 1;
        Ok(self.rows)
    }

    /// How many rows it has printed.
    pub(crate) fn end(mut self) -> Result<u64, Error> {
        if self.format == Format::Json {
            self.out.write(if self.rows == 0 { b"[]\n" } else { b"\n]\n" })?;
        }
        self.out.end()?;
        Ok(self.rows)
    }
}
