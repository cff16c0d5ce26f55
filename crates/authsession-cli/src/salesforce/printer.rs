//! Rows as CSV, as a JSON list, or as a JSON object a line.

use std::path::Path;

use authsession_salesforce::{CsvFormat, CsvWriter};
use serde::Serialize;

use crate::errors::Error;
use crate::salesforce::output::Output;
use crate::salesforce::record::{Cell, Record};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Csv,
    Json,
    Ndjson,
}

pub(crate) struct Printer {
    format: Format,
    out: Output,
    /// The columns' order, as far as it is known.
    order: Vec<String>,
    /// Once the columns are known.
    table: Option<CsvWriter>,
    rows: u64,
}

impl Printer {
    pub(crate) fn begin(format: Format, path: Option<&Path>, order: Vec<String>) -> Result<Self, Error> {
        Ok(Self { format, out: Output::open(path)?, order, table: None, rows: 0 })
    }

    pub(crate) fn is_csv(&self) -> bool {
        self.format == Format::Csv
    }

    pub(crate) const fn rows(&self) -> u64 {
        self.rows
    }

    /// So many rows were printed otherwise.
    pub(crate) const fn count(&mut self, rows: u64) {
        self.rows = rows;
    }

    /// What is CSV already.
    pub(crate) fn csv(&mut self, csv: &[u8]) -> Result<(), Error> {
        self.out.write(csv)
    }

    /// Rows of a table whose columns are those of its first page.
    pub(crate) fn table(&mut self, page: &[Record<Cell>]) -> Result<(), Error> {
        let page: Vec<_> = page.iter().map(Record::flat).collect();
        if self.table.is_none() && !page.is_empty() {
            let mut columns = columns(&page);
            let place = |name: &String| self.order.iter().position(|other| *other == name.to_lowercase());
            columns.sort_by_key(|name| place(name).unwrap_or(usize::MAX));
            self.table = Some(CsvWriter::with_columns(CsvFormat::new(), columns));
        }
        let Some(table) = &mut self.table else { return Ok(()) };
        let known = columns(&page);
        for mut record in page {
            // A parent there is none of.
            record.0.retain(|(name, value)| value.is_some() || known.contains(name));
            table.write(&record).map_err(Error::Salesforce)?;
            self.rows += 1;
        }
        let rows = table.take();
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

/// All names, without those of parents that stand for their fields.
fn columns(page: &[Record<Option<String>>]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (name, _) in page.iter().flat_map(|record| &record.0) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    let is_parent = |name: &String| names.iter().any(|other| other.starts_with(&format!("{name}.")));
    names.iter().filter(|name| !is_parent(name)).cloned().collect()
}
