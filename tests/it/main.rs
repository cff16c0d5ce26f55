//! What crosses crates.

#[cfg(test)]
mod house_rules;
