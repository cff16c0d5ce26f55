//! What became of an ingest job's rows, as CSV.

use crate::bodies::Chunks;
use crate::org::jobs::dialect::Dialect;
use crate::org::jobs::load::Load;
use crate::org::jobs::load::Outcome;
use bytes::Bytes;
use csv::ByteRecord;
use std::io::Cursor;
use std::sync::Arc;

const CHUNK: usize = 64 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    Successful,
    Failed,
    Unprocessed,
}

/// The rows asked for, with what there is to say about each before their own columns.
pub(crate) fn results(load: &Load, dialect: Dialect, which: Which) -> Chunks {
    let Some(data) = load.data.clone() else { return Box::new(std::iter::empty()) };
    let outcomes = Arc::clone(&load.outcomes);
    let mut reader = dialect.reader().from_reader(Cursor::new(data));
    let columns = reader.byte_headers().cloned().unwrap_or_default();
    let more: &[&str] = match which {
        Which::Successful => &["sf__Id", "sf__Created"],
        Which::Failed => &["sf__Id", "sf__Error"],
        Which::Unprocessed => &[],
    };
    let head = dialect.line(more.iter().map(|name| name.as_bytes()).chain(columns.iter()));
    let records = reader.into_byte_records().map_while(Result::ok).enumerate();
    let lines = records.filter_map(move |(at, record)| line(dialect, which, outcomes.get(at), &record));
    gathered(std::iter::once(head).chain(lines))
}

fn line(dialect: Dialect, which: Which, outcome: Option<&Outcome>, record: &ByteRecord) -> Option<Vec<u8>> {
    let (first, second) = match (which, outcome) {
        (Which::Unprocessed, None) => return Some(dialect.line(record)),
        (Which::Successful, Some(Outcome::Written { id, created })) => {
            (id.as_str(), if *created { "true" } else { "false" })
        }
        (Which::Failed, Some(Outcome::Refused { id, error })) => (id.as_str(), error.as_str()),
        _ => return None,
    };
    Some(dialect.line([first.as_bytes(), second.as_bytes()].into_iter().chain(record)))
}

/// Lines in chunks worth sending.
pub(crate) fn gathered(lines: impl Iterator<Item = Vec<u8>> + Send + 'static) -> Chunks {
    let mut lines = lines.fuse();
    Box::new(std::iter::from_fn(move || {
        let mut chunk = Vec::with_capacity(CHUNK + 1024);
        for line in lines.by_ref() {
            chunk.extend_from_slice(&line);
            if chunk.len() >= CHUNK {
                break;
            }
        }
        (!chunk.is_empty()).then(|| Bytes::from(chunk))
    }))
}
