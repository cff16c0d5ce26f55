//! The table that sessions are kept in.

use std::fmt;

use crate::store::StoreError;

/// With `_provider_session` behind it, it still is an identifier everywhere.
const LONGEST: usize = 40;
const HINT: &str = "a table's name is 1 to 40 of a-z, 0-9 and _, and begins with no digit";

/// A table's name: safe to stand in a statement.
#[derive(Clone)]
pub(crate) struct Table(String);

impl Table {
    pub(crate) fn named(name: &str) -> Result<Self, StoreError> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let shaped = name.bytes().all(fits) && !name.starts_with(|first: char| first.is_ascii_digit());
        if shaped && (1..=LONGEST).contains(&name.len()) {
            Ok(Self(name.to_owned()))
        } else {
            Err(StoreError::Misconfigured(HINT.into()))
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
