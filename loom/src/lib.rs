//! The token cache's slot, run through every interleaving of its steps: the very file the library is built from, over a cell
//! and a lock that loom watches.
#![cfg(test)]

mod slot;
mod token_cache;
