//! Sessions at rest: the promises a session store keeps, and the backends that keep them.
//!
//! [`store::SessionStore`] is the contract, [`contract`] its test suite for anyone's backend, [`memory`] the backend for
//! one process. [`seal`] encrypts what leaves the process.

pub mod contract;
pub mod end_reason;
pub mod key;
pub mod memory;
pub mod record;
pub mod seal;
pub mod store;
