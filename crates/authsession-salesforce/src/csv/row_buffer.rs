//! Bytes of CSV on their way, handed on in whole rows: a row may end only outside quotes.

use bytes::{Bytes, BytesMut};
use memchr::{memchr, memchr2};

/// Nothing Salesforce takes or gives has longer rows (a record has 400,000 characters at most): a quote is missing.
pub(crate) const LONGEST_ROW: usize = 16 * 1024 * 1024;

/// What has come and was not handed on yet: at most one piece and the beginning of one row.
#[derive(Debug)]
pub(crate) struct RowBuffer {
    /// None: whatever wrote this quotes as RFC 4180 says, so that quotes come in pairs and what parts the columns is no matter.
    delimiter: Option<u8>,
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
    /// A row that does not end.
    Endless,
}

impl RowBuffer {
    /// For what a person or another program wrote.
    pub(crate) fn parted_by(delimiter: u8) -> Self {
        Self { delimiter: Some(delimiter), held: BytesMut::new(), scanned: 0, place: Place::FieldStart }
    }

    /// For what Salesforce wrote.
    pub(crate) fn of_results() -> Self {
        Self { delimiter: None, ..Self::parted_by(0) }
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
            let Some(end) = self.row_end() else { break };
            if end > most_bytes {
                // It is looked at again when its turn comes.
                (self.scanned, self.place) = (until, Place::FieldStart);
                if rows == 0 {
                    return Taken::NoRoom;
                }
                break;
            }
            (rows, until) = (rows + 1, end);
        }
        if rows == 0 {
            return if self.held.len() > LONGEST_ROW { Taken::Endless } else { Taken::NeedsMore };
        }
        self.scanned -= until;
        Taken::Rows(self.held.split_to(until).freeze(), rows)
    }

    /// The last row, where no line end follows it.
    pub(crate) fn rest(&mut self) -> Bytes {
        (self.scanned, self.place) = (0, Place::FieldStart);
        self.held.split().freeze()
    }

    pub(crate) fn len(&self) -> usize {
        self.held.len()
    }

    /// Where the row ends that is being looked at.
    fn row_end(&mut self) -> Option<usize> {
        while let Some(unseen) = self.held.get(self.scanned..).filter(|unseen| !unseen.is_empty()) {
            let next = match (self.place, self.delimiter) {
                (Place::FieldStart | Place::QuoteSeen, _) => Some(0),
                (Place::Quoted, _) => memchr(b'"', unseen),
                (Place::Plain, Some(delimiter)) => memchr2(delimiter, b'\n', unseen),
                (Place::Plain, None) => memchr2(b'"', b'\n', unseen),
            };
            let Some((at, byte)) = next.and_then(|at| Some((at, *unseen.get(at)?))) else {
                self.scanned = self.held.len();
                return None;
            };
            self.scanned += at + 1;
            self.place = match (self.place, byte) {
                (Place::Quoted, _) => Place::QuoteSeen,
                (_, b'\n') => {
                    self.place = Place::FieldStart;
                    return Some(self.scanned);
                }
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
