//! What crosses crates.

#[cfg(test)]
mod house_rules;
#[cfg(test)]
mod public_api;
#[cfg(all(test, feature = "real"))]
mod real_provider;
#[cfg(all(test, feature = "real"))]
mod real_salesforce;
