//! Sessions at rest: the promises a session store keeps, and the backends that keep them.
//!
//! [`store::SessionStore`] is the contract, [`contract`] its test suite for anyone's backend, [`memory`] the backend for
//! one process. [`seal`] encrypts what leaves the process.
//! With the features `sqlite`, `postgres` and `mysql`, sessions are kept in a database (modules of the same names).

#[cfg(feature = "sealed")]
pub mod backend;
#[cfg(feature = "sealed")]
pub mod changes;
pub mod claim;
pub mod contract;
#[cfg(feature = "cookie-store")]
pub mod cookie_store;
pub mod end_reason;
pub mod key;
#[cfg(feature = "sealed")]
pub mod keyed_hash;
pub mod memory;
#[cfg(feature = "mysql")]
pub mod mysql;
#[cfg(feature = "sealed")]
mod near_copies;
#[cfg(feature = "sealed")]
pub mod open;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod record;
#[cfg(feature = "redis")]
pub mod redis;
pub mod seal;
#[cfg(feature = "sealed")]
pub mod sealed_store;
#[cfg(feature = "sealed")]
pub mod sealed_token_store;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod sql;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub mod sql_settings;
#[cfg(feature = "sqlite")]
pub mod sqlite;
pub mod store;
pub mod waiting;
#[cfg(feature = "sealed")]
mod written;
