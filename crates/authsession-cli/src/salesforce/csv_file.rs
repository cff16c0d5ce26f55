//! A look at a file before it is loaded: whether it is of the encoding Salesforce takes.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::Path;

use crate::errors::Error;

const PIECE: usize = 1024 * 1024;

/// Fails for a file that is not UTF-8.
pub(crate) fn require_utf8(path: &Path) -> Result<(), Error> {
    let cannot = |cause| Error::Unreadable { path: path.to_owned(), cause };
    // Of a pipe, nothing would be left for the load; to open one may take for ever.
    if !path.metadata().map_err(cannot)?.is_file() {
        return Err(cannot(io::Error::other(
            "it is read more than once, so it has to be a file: save it to one",
        )));
    }
    let mut file = BufReader::with_capacity(PIECE, File::open(path).map_err(cannot)?);
    // The beginning of a sign that goes on in the next piece.
    let mut held = Vec::new();
    loop {
        let piece = file.fill_buf().map_err(cannot)?;
        if piece.is_empty() {
            break;
        }
        let taken = piece.len();
        held.extend_from_slice(piece);
        let rest = unfinished(&held).ok_or_else(|| Error::NotUtf8(path.to_owned()))?;
        held.drain(..held.len() - rest);
        file.consume(taken);
    }
    if held.is_empty() { Ok(()) } else { Err(Error::NotUtf8(path.to_owned())) }
}

/// How many bytes at the end begin a sign; none where it is not UTF-8.
fn unfinished(text: &[u8]) -> Option<usize> {
    match std::str::from_utf8(text) {
        Ok(_) => Some(0),
        Err(error) if error.error_len().is_none() => Some(text.len() - error.valid_up_to()),
        Err(_) => None,
    }
}
