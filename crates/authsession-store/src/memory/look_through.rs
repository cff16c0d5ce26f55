//! When a map is looked through for what is over: whenever it has doubled, so that it costs each entry next to nothing.

use std::collections::HashMap;

/// A smaller map is left alone.
const SMALL: usize = 64;

/// How large a map is when it is looked through next.
#[derive(Default)]
pub(super) struct LookThrough(usize);

impl LookThrough {
    /// Keeps of the map what stays, if it is time to look.
    pub(super) fn keep<K, V>(&mut self, map: &mut HashMap<K, V>, mut stays: impl FnMut(&V) -> bool) {
        if map.len() >= self.0 {
            map.retain(|_, value| stays(value));
            self.0 = (map.len() * 2).max(SMALL);
        }
    }
}
