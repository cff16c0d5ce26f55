//! What crosses crates.

#[cfg(test)]
mod house_rules;
#[cfg(all(test, feature = "real"))]
mod real_provider;
