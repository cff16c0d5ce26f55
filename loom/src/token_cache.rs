//! The modules of the library that are modelled, and what stands in for those they build on.

pub(crate) mod cell;
#[path = "../../crates/authsession-core/src/token_cache/slot.rs"]
pub(crate) mod slot;
