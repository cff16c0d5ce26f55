//! What the store promises, through its public API.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

#[cfg(feature = "sqlite")]
mod claims;
#[cfg(feature = "sealed")]
mod clocks;
#[cfg(feature = "sealed")]
mod compact;
#[cfg(feature = "cookie-store")]
mod cookie_store;
mod key;
mod memory;
mod record;
#[cfg(feature = "redis")]
mod redis;
mod seal;
#[cfg(feature = "sealed")]
mod sealed_store;
#[cfg(feature = "sealed")]
mod sealed_token_store;
#[cfg(feature = "sealed")]
mod shelf;
#[cfg(feature = "sqlite")]
mod sqlite;
mod sweeping;
