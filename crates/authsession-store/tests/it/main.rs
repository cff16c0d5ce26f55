//! What the store promises, through its public API.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod key;
mod memory;
mod record;
mod seal;
