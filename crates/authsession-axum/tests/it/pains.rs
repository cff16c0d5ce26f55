//! What goes wrong with sign-in in the field, each by the row of the list it comes from, and that it does not go wrong here.

mod asking;
mod away;
mod caching;
mod claims;
mod clocks;
mod lifetimes;
mod refreshing;
pub(crate) mod scene;
mod signing_in;
mod signing_out;
mod testing;
