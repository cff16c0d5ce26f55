//! CSV in pieces of any size becomes records: the state machine of `csv-core`, fed as the pieces come.

use csv::StringRecord;
use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use crate::csv::BYTE_ORDER_MARK;
use crate::csv::row_buffer::LONGEST_ROW;
use crate::error::csv_fault::{CsvFault, CsvFaultKind};

/// An object has a few hundred fields; a file with more columns is not parted by what was said.
const MOST_COLUMNS: usize = 16 * 1024;

pub(crate) struct RecordParser {
    reader: Reader,
    input: Vec<u8>,
    read: usize,
    has_begun: bool,
    has_ended: bool,
    fields: Vec<u8>,
    filled: usize,
    ends: Vec<usize>,
    ended: usize,
    /// How many records were handed on.
    records: u64,
}

/// What comes next.
pub(crate) enum Parsed {
    Record(StringRecord),
    NeedsMore,
    End,
}

impl RecordParser {
    pub(crate) fn new(delimiter: u8) -> Self {
        Self {
            reader: ReaderBuilder::new().delimiter(delimiter).build(),
            input: Vec::new(),
            read: 0,
            has_begun: false,
            has_ended: false,
            fields: vec![0; 1024],
            filled: 0,
            ends: vec![0; 32],
            ended: 0,
            records: 0,
        }
    }

    pub(crate) fn push(&mut self, piece: &[u8]) {
        self.input.drain(..self.read);
        self.read = 0;
        self.input.extend_from_slice(piece);
    }

    /// Nothing more comes. A line end after all of it ends the last row, unless it is data since a quote is open.
    pub(crate) fn end(&mut self) {
        self.push(b"\n");
        self.has_ended = true;
    }

    /// Which record the last one handed on was; the header is 0.
    pub(crate) fn record_number(&self) -> u64 {
        self.records.saturating_sub(1)
    }

    pub(crate) fn next(&mut self) -> Result<Parsed, CsvFault> {
        loop {
            let input = self.input.get(self.read..).unwrap_or_default();
            // The reader takes no input for the end.
            let too_little = input.is_empty() || (!self.has_begun && input.len() < BYTE_ORDER_MARK.len());
            if too_little && !self.has_ended {
                return Ok(Parsed::NeedsMore);
            }
            // All of them: the reader leaves out one by itself, if it is given it in one piece.
            if !self.has_begun && input.starts_with(BYTE_ORDER_MARK) {
                self.read += BYTE_ORDER_MARK.len();
                continue;
            }
            self.has_begun = true;
            if input.is_empty() && self.filled > 0 {
                return Err(CsvFault::new(CsvFaultKind::EndlessRow, self.records));
            }
            let fields = self.fields.get_mut(self.filled..).unwrap_or_default();
            let ends = self.ends.get_mut(self.ended..).unwrap_or_default();
            let (result, read, filled, ended) = self.reader.read_record(input, fields, ends);
            self.read += read;
            self.filled += filled;
            self.ended += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if self.fields.len() > LONGEST_ROW => {
                    return Err(CsvFault::new(CsvFaultKind::EndlessRow, self.records));
                }
                ReadRecordResult::OutputFull => self.fields.resize(self.fields.len() * 2, 0),
                ReadRecordResult::OutputEndsFull if self.ends.len() >= MOST_COLUMNS => {
                    return Err(CsvFault::new(CsvFaultKind::ManyColumns, self.records));
                }
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record => return self.record().map(Parsed::Record),
                ReadRecordResult::End => return Ok(Parsed::End),
            }
        }
    }

    fn record(&mut self) -> Result<StringRecord, CsvFault> {
        let text = std::str::from_utf8(self.fields.get(..self.filled).unwrap_or_default());
        let mut record = StringRecord::with_capacity(self.filled, self.ended);
        let mut start = 0;
        for end in self.ends.get(..self.ended).unwrap_or_default() {
            let field = text.ok().and_then(|text| text.get(start..*end));
            record.push_field(field.ok_or(CsvFault::new(CsvFaultKind::NotUtf8, self.records))?);
            start = *end;
        }
        (self.filled, self.ended) = (0, 0);
        self.records += 1;
        Ok(record)
    }
}
