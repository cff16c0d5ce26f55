//! CSV on its way into jobs: one after the other, cut between two rows, each with the header.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};

use crate::bulk::source::{BulkSource, Pieces};
use crate::csv::BYTE_ORDER_MARK;
use crate::csv::format::BulkLineEnding;
use crate::csv::row_buffer::{RowBuffer, Taken};
use crate::error::bulk_fault::BulkFault;
use crate::error::csv_fault::{CsvFault, CsvFaultKind};
use crate::error::{CirrusError, CirrusResult};

/// The data of one job after the other. A job's data can be [made again](Self::body) until it is the
/// [next](Self::next_job) one's turn, if its source can be read again.
pub(crate) struct Upload {
    source: BulkSource,
    delimiter: u8,
    most_bytes: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    has_begun: bool,
    /// The source as far as it was read, unless it is being read.
    reading: Option<Reading>,
    header: Bytes,
    /// What was declared, or what ends the header.
    line_ending: Option<BulkLineEnding>,
    /// Where this job's rows begin.
    start: Mark,
    fault: Option<CirrusError>,
}

/// A place in the source, between two rows.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Mark {
    bytes: u64,
    rows: u64,
}

struct Reading {
    pieces: Pieces,
    rows: RowBuffer,
    /// What was handed on.
    behind: Mark,
    has_ended: bool,
}

impl Upload {
    /// Data for jobs that declare this line ending, or the data's own.
    pub(crate) fn new(
        source: BulkSource,
        delimiter: u8,
        line_ending: Option<BulkLineEnding>,
        most_bytes: usize,
    ) -> Self {
        let state = Mutex::new(State { line_ending, ..State::default() });
        Self { source, delimiter, most_bytes, state }
    }

    /// What ends the rows, once the first job's turn has come.
    pub(crate) fn line_ending(&self) -> Option<BulkLineEnding> {
        self.state().line_ending
    }

    /// Whether there are rows for another job. Before the first one, data that is at hand is looked through.
    pub(crate) async fn next_job(&self) -> CirrusResult<bool> {
        let (has_begun, reading, start) = {
            let mut state = self.state();
            (std::mem::replace(&mut state.has_begun, true), state.reading.take(), state.start)
        };
        let mut reading = match reading {
            None if !has_begun => self.open_at(Mark::default())?,
            Some(reading) if reading.behind != start => reading,
            _ => {
                return Err(not_all_sent());
            }
        };
        if !has_begun {
            if self.source.is_at_hand() {
                self.open_at(Mark::default())?.look_through().await?;
            }
            let header = reading.header().await?;
            let mut state = self.state();
            state.header = header;
            state.line_ending = state.line_ending.or(reading.rows.line_ending());
        }
        self.state().start = reading.behind;
        let has_rows = reading.has_more().await?;
        self.state().reading = Some(reading);
        Ok(has_rows)
    }

    /// Where in the source this job's rows begin, in bytes.
    pub(crate) fn begins_at(&self) -> u64 {
        self.state().start.bytes
    }

    /// Where they end, once they are sent.
    pub(crate) fn ends_at(&self) -> u64 {
        let state = self.state();
        state.reading.as_ref().map_or(state.start, |reading| reading.behind).bytes
    }

    /// Fails if not all of this job's data was asked for by whoever says that it came.
    pub(crate) fn is_sent(&self) -> CirrusResult<()> {
        let mut state = self.state();
        if let Some(fault) = state.fault.take() {
            return Err(fault);
        }
        let is_sent = state.reading.as_ref().is_some_and(|reading| reading.behind != state.start);
        if is_sent { Ok(()) } else { Err(not_all_sent()) }
    }

    pub(crate) const fn is_repeatable(&self) -> bool {
        self.source.is_repeatable()
    }

    /// This job's data, from its beginning.
    pub(crate) fn body(self: &Arc<Self>) -> CirrusResult<reqwest::Body> {
        let (reading, start, header) = {
            let mut state = self.state();
            (state.reading.take(), state.start, state.header.clone())
        };
        let reading = match reading.filter(|reading| reading.behind == start) {
            Some(reading) => reading,
            None => self.open_at(start)?,
        };
        let room = self.most_bytes.saturating_sub(header.len());
        let data = JobData {
            upload: Arc::clone(self),
            reading: Some(reading),
            header: Some(header),
            room,
            has_rows: false,
        };
        Ok(reqwest::Body::wrap_stream(data))
    }

    /// Why the data could not be read, if that is why a call failed.
    pub(crate) fn fault(&self) -> Option<CirrusError> {
        self.state().fault.take()
    }

    fn open_at(&self, behind: Mark) -> CirrusResult<Reading> {
        let pieces = self.source.open_at(behind.bytes).ok_or(CirrusError::Bulk(BulkFault::SourceSpent))?;
        let rows = RowBuffer::parted_by(self.delimiter, self.line_ending());
        Ok(Reading { pieces, rows, behind, has_ended: false })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reading {
    /// The first row, without a byte order mark.
    async fn header(&mut self) -> CirrusResult<Bytes> {
        let header = loop {
            match self.rows.take(1, usize::MAX) {
                Taken::Rows(header, _) => break header,
                Taken::Wrong(kind) => return Err(wrong(kind, 0)),
                Taken::NeedsMore | Taken::NoRoom if self.has_ended => {
                    break self.rows.last().map_err(|kind| wrong(kind, 0))?;
                }
                Taken::NeedsMore | Taken::NoRoom => self.read().await?,
            }
        };
        self.behind.bytes += header.len() as u64;
        let mark = if header.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        Ok(header.slice(mark..))
    }

    /// Finds what is wrong with all of it.
    async fn look_through(mut self) -> CirrusResult<()> {
        let mut record = 0;
        loop {
            match self.rows.take(u64::MAX, usize::MAX) {
                Taken::Rows(_, count) => {
                    record += count;
                    // What is in memory is always ready, and others on this thread have work, too.
                    tokio::task::yield_now().await;
                }
                Taken::Wrong(kind) => return Err(wrong(kind, record)),
                Taken::NeedsMore | Taken::NoRoom if self.has_ended => {
                    return self.rows.last().map(drop).map_err(|kind| wrong(kind, record));
                }
                Taken::NeedsMore | Taken::NoRoom => self.read().await?,
            }
        }
    }

    async fn has_more(&mut self) -> CirrusResult<bool> {
        while self.rows.is_empty() && !self.has_ended {
            self.read().await?;
        }
        Ok(!self.rows.is_empty())
    }

    async fn read(&mut self) -> CirrusResult<()> {
        match self.pieces.next().await {
            Some(piece) => self.rows.push(&piece.map_err(|error| unreadable(&error))?),
            None => self.has_ended = true,
        }
        Ok(())
    }

    /// Rows that have room; none when the rest is the next job's, or there is no more.
    fn poll_rows(
        &mut self,
        context: &mut Context<'_>,
        room: usize,
    ) -> Poll<CirrusResult<Option<(Bytes, u64)>>> {
        loop {
            match self.rows.take(u64::MAX, room) {
                Taken::Rows(rows, count) => return Poll::Ready(Ok(Some((rows, count)))),
                Taken::NoRoom => return Poll::Ready(Ok(None)),
                Taken::Wrong(kind) => return Poll::Ready(Err(wrong(kind, self.behind.rows + 1))),
                Taken::NeedsMore if !self.has_ended => {
                    match ready!(self.pieces.as_mut().poll_next(context)) {
                        Some(piece) => self.rows.push(&piece.map_err(|error| unreadable(&error))?),
                        None => self.has_ended = true,
                    }
                }
                Taken::NeedsMore if self.rows.is_empty() || self.rows.len() > room => {
                    return Poll::Ready(Ok(None));
                }
                Taken::NeedsMore => {
                    let last = self.rows.last().map_err(|kind| wrong(kind, self.behind.rows + 1));
                    return Poll::Ready(last.map(|row| Some((row, 1))));
                }
            }
        }
    }
}

/// The data of one job as it is sent.
struct JobData {
    upload: Arc<Upload>,
    reading: Option<Reading>,
    header: Option<Bytes>,
    room: usize,
    has_rows: bool,
}

impl Stream for JobData {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(header) = self.header.take() {
            return Poll::Ready(Some(Ok(header)));
        }
        let (room, has_rows) = (self.room, self.has_rows);
        let Some(reading) = &mut self.reading else { return Poll::Ready(None) };
        let at = reading.behind.rows + 1;
        let fault = match ready!(reading.poll_rows(context, room)) {
            Ok(Some((rows, count))) => {
                reading.behind.bytes += rows.len() as u64;
                reading.behind.rows += count;
                self.room -= rows.len();
                self.has_rows = true;
                return Poll::Ready(Some(Ok(rows)));
            }
            Ok(None) if !has_rows && !reading.rows.is_empty() => wrong(CsvFaultKind::LargeRow, at),
            Ok(None) => {
                // What is left is for the next job.
                let reading = self.reading.take();
                self.upload.state().reading = reading;
                return Poll::Ready(None);
            }
            Err(error) => error,
        };
        self.reading = None;
        self.upload.state().fault = Some(fault);
        Poll::Ready(Some(Err(io::ErrorKind::InvalidData.into())))
    }
}

impl Drop for JobData {
    fn drop(&mut self) {
        // Of what was not begun, nothing is lost.
        if let Some(reading) = self.reading.take() {
            let mut state = self.upload.state();
            if reading.behind == state.start && state.reading.is_none() {
                state.reading = Some(reading);
            }
        }
    }
}

fn not_all_sent() -> CirrusError {
    CirrusError::InvalidResponse(
        "an upload was answered before all of it was sent: see whether the job has its data".into(),
    )
}

const fn wrong(kind: CsvFaultKind, record: u64) -> CirrusError {
    CirrusError::Csv(CsvFault::new(kind, record))
}

fn unreadable(error: &io::Error) -> CirrusError {
    CirrusError::Bulk(BulkFault::SourceFailed { kind: error.kind() })
}
