//! A job's id, before it is shown or names a file: what an answer calls one may be anything.

use crate::errors::Error;

const LENGTHS: [usize; 2] = [15, 18];

/// The same, if it is an id.
pub(crate) fn checked(id: &str) -> Result<&str, Error> {
    let is_id = LENGTHS.contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_id { Ok(id) } else { Err(Error::NoJobId) }
}
