//! A CSV of any bytes, in pieces of any size: its rows do not depend on how it is cut, and what was read can be written and read again.
#![no_main]

use std::cell::Cell;
use std::collections::BTreeMap;

use authsession_fuzz::MARKER;
use authsession_fuzz::stage::run;
use authsession_salesforce::csv::format::{BulkColumnDelimiter, CsvFormat};
use authsession_salesforce::csv::rows::CsvRows;
use authsession_salesforce::csv::writer::CsvWriter;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use libfuzzer_sys::fuzz_target;

type Row = BTreeMap<String, Option<String>>;

const HONEST: &[u8] = include_bytes!("../seeds/csv/quotes");

thread_local! {
    static HONEST_IS_READ: Cell<bool> = const { Cell::new(false) };
}

fuzz_target!(|input: &[u8]| {
    if !HONEST_IS_READ.replace(true) {
        let (rows, error) = read(&HONEST[1..], HONEST.len(), CsvFormat::new());
        assert_eq!((rows.len(), error), (3, None));
    }
    let Some((first, csv)) = input.split_first() else { return };
    let format = match first & 1 {
        0 => CsvFormat::new(),
        _ => CsvFormat::new().delimiter(BulkColumnDelimiter::Semicolon),
    };
    let (whole, cut) = (read(csv, csv.len(), format), read(csv, usize::from(first >> 1), format));
    assert_eq!(whole, cut, "however it is cut");
    let (rows, error) = whole;
    assert!(!error.is_some_and(|error| error.contains(MARKER)), "no error repeats what was sent");

    let Some(columns) = rows.first().map(|row| row.keys().cloned().collect::<Vec<_>>()) else { return };
    let mut writer = CsvWriter::with_columns(format, columns);
    for row in &rows {
        writer.write(row).unwrap();
    }
    assert_eq!(read(&writer.into_bytes(), 7, format), (rows, None), "written and read again");
});

/// The rows up to the first that cannot be read, and what is said of that one.
fn read(csv: &[u8], pieces_of: usize, format: CsvFormat) -> (Vec<Row>, Option<String>) {
    let pieces: Vec<_> = csv.chunks(pieces_of.max(1)).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    run(async {
        let mut rows = CsvRows::<Row>::new(stream::iter(pieces), format);
        let mut read = Vec::new();
        while let Some(row) = rows.next().await {
            match row {
                Ok(row) => read.push(row),
                Err(error) => return (read, Some(error.to_string())),
            }
        }
        (read, None)
    })
}
