//! Bytes of CSV on their way, handed on in whole rows: a row may end only outside quotes.

use bytes::{Bytes, BytesMut};
use memchr::{memchr, memchr2, memchr3};

use crate::csv::format::BulkLineEnding;
use crate::error::csv_fault::CsvFaultKind;

/// Nothing Salesforce takes or gives has longer rows (a record has 400,000 characters at most): a quote is missing.
pub(crate) const LONGEST_ROW: usize = 16 * 1024 * 1024;

/// What has come and was not handed on yet: at most one piece and the beginning of one row.
#[derive(Debug)]
pub(crate) struct RowBuffer {
    /// None: whatever wrote this quotes as RFC 4180 says, so that quotes come in pairs and what parts the columns is no matter.
    delimiter: Option<u8>,
    /// What ends its rows. Where nobody said so, it is what ends the first one.
    line_ending: Option<BulkLineEnding>,
    held: BytesMut,
    /// So many bytes of `held` are looked at, and no row ends in them.
    scanned: usize,
    place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    FieldStart,
    Plain,
    Quoted,
    /// After a quote in a quoted field: its end, or half of a pair.
    QuoteSeen,
    /// After a carriage return outside quotes: half of a line end, or one of a kind that no job takes.
    ReturnSeen,
}

/// What can be handed on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// Whole rows, and how many.
    Rows(Bytes, u64),
    /// No whole row is there yet.
    NeedsMore,
    /// The next row is longer than there is room.
    NoRoom,
    /// The next row does not end, or ends in another way than the others.
    Wrong(CsvFaultKind),
}

impl RowBuffer {
    /// For what a person or another program wrote.
    pub(crate) fn parted_by(delimiter: u8, line_ending: Option<BulkLineEnding>) -> Self {
        Self {
            delimiter: Some(delimiter),
            line_ending,
            held: BytesMut::new(),
            scanned: 0,
            place: Place::FieldStart,
        }
    }

    /// For what Salesforce wrote, which ends its rows in one way.
    pub(crate) fn of_results() -> Self {
        Self { delimiter: None, ..Self::parted_by(0, None) }
    }

    /// What ends its rows, as far as is known.
    pub(crate) const fn line_ending(&self) -> Option<BulkLineEnding> {
        self.line_ending
    }

    pub(crate) fn push(&mut self, piece: &[u8]) {
        self.held.extend_from_slice(piece);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// As many whole rows as are there, up to so many rows and bytes.
    pub(crate) fn take(&mut self, most_rows: u64, most_bytes: usize) -> Taken {
        let (mut rows, mut until) = (0, 0);
        while rows < most_rows {
            let Some((end, ending)) = self.row_end() else { break };
            let is_other = self.is_other(ending);
            if is_other || end > most_bytes {
                // It is looked at again when its turn comes.
                (self.scanned, self.place) = (until, Place::FieldStart);
                if rows == 0 {
                    return if is_other { Taken::Wrong(CsvFaultKind::LineEnding) } else { Taken::NoRoom };
                }
                break;
            }
            (rows, until) = (rows + 1, end);
        }
        if rows == 0 {
            let is_endless = self.held.len() > LONGEST_ROW;
            return if is_endless { Taken::Wrong(CsvFaultKind::EndlessRow) } else { Taken::NeedsMore };
        }
        self.scanned -= until;
        Taken::Rows(self.held.split_to(until).freeze(), rows)
    }

    /// The last row, where no line end follows it and nothing more comes.
    pub(crate) fn last(&mut self) -> Result<Bytes, CsvFaultKind> {
        match self.place {
            Place::Quoted => Err(CsvFaultKind::EndlessRow),
            Place::ReturnSeen => Err(CsvFaultKind::LineEnding),
            _ => Ok(self.rest()),
        }
    }

    /// What is left, whatever it is.
    pub(crate) fn rest(&mut self) -> Bytes {
        (self.scanned, self.place) = (0, Place::FieldStart);
        self.held.split().freeze()
    }

    pub(crate) fn len(&self) -> usize {
        self.held.len()
    }

    fn is_other(&mut self, ending: Option<BulkLineEnding>) -> bool {
        self.delimiter.is_some()
            && ending.is_none_or(|ending| *self.line_ending.get_or_insert(ending) != ending)
    }

    /// Where the row ends that is being looked at, and in what; a carriage return alone is nothing a job takes.
    fn row_end(&mut self) -> Option<(usize, Option<BulkLineEnding>)> {
        while let Some(unseen) = self.held.get(self.scanned..).filter(|unseen| !unseen.is_empty()) {
            let next = match (self.place, self.delimiter) {
                (Place::FieldStart | Place::QuoteSeen | Place::ReturnSeen, _) => Some(0),
                (Place::Quoted, _) => memchr(b'"', unseen),
                (Place::Plain, Some(delimiter)) => memchr3(delimiter, b'\r', b'\n', unseen),
                (Place::Plain, None) => memchr2(b'"', b'\n', unseen),
            };
            let Some((at, byte)) = next.and_then(|at| Some((at, *unseen.get(at)?))) else {
                self.scanned = self.held.len();
                return None;
            };
            self.scanned += at + 1;
            self.place = match (self.place, byte) {
                (Place::Quoted, _) => Place::QuoteSeen,
                (before, b'\n') => {
                    let is_crlf = before == Place::ReturnSeen;
                    self.place = Place::FieldStart;
                    let ending = if is_crlf { BulkLineEnding::CRLF } else { BulkLineEnding::LF };
                    return Some((self.scanned, Some(ending)));
                }
                (Place::ReturnSeen, _) => {
                    (self.scanned, self.place) = (self.scanned - 1, Place::FieldStart);
                    return Some((self.scanned, None));
                }
                (_, b'\r') if self.delimiter.is_some() => Place::ReturnSeen,
                (Place::FieldStart | Place::QuoteSeen, b'"') => Place::Quoted,
                // Without a delimiter every quote counts.
                (Place::Plain, b'"') if self.delimiter.is_none() => Place::Quoted,
                (_, byte) if Some(byte) == self.delimiter => Place::FieldStart,
                _ => Place::Plain,
            };
        }
        None
    }
}
