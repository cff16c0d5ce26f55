//! A look at a file before it is loaded: whether it is what Salesforce takes, and how its lines end.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use authsession_salesforce::BulkLineEnding;

use crate::errors::Error;

const PIECE: usize = 1024 * 1024;

/// How the lines of the file end: as its first one does.
pub(crate) fn line_ending(path: &Path) -> Result<BulkLineEnding, Error> {
    let cannot = |cause| Error::Unreadable { path: path.to_owned(), cause };
    let mut file = BufReader::with_capacity(PIECE, File::open(path).map_err(cannot)?);
    let mut first = None;
    // The beginning of a sign that goes on in the next piece.
    let mut held = Vec::new();
    loop {
        let piece = file.fill_buf().map_err(cannot)?;
        if piece.is_empty() {
            break;
        }
        first.get_or_insert_with(|| line_ending_of(piece));
        let taken = piece.len();
        held.extend_from_slice(piece);
        let rest = unfinished(&held).ok_or_else(|| Error::NotUtf8(path.to_owned()))?;
        held.drain(..held.len() - rest);
        file.consume(taken);
    }
    if !held.is_empty() {
        return Err(Error::NotUtf8(path.to_owned()));
    }
    Ok(first.unwrap_or_default())
}

fn line_ending_of(beginning: &[u8]) -> BulkLineEnding {
    let end = beginning.iter().position(|byte| *byte == b'\n');
    let is_crlf = end.and_then(|end| beginning.get(..end)).is_some_and(|first| first.ends_with(b"\r"));
    if is_crlf { BulkLineEnding::CRLF } else { BulkLineEnding::LF }
}

/// How many bytes at the end begin a sign; none where it is not UTF-8.
fn unfinished(text: &[u8]) -> Option<usize> {
    match std::str::from_utf8(text) {
        Ok(_) => Some(0),
        Err(error) if error.error_len().is_none() => Some(text.len() - error.valid_up_to()),
        Err(_) => None,
    }
}
