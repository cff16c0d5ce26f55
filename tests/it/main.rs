//! What crosses crates.

#[cfg(test)]
mod house_rules;
#[cfg(test)]
mod promises;
#[cfg(test)]
mod public_api;
#[cfg(all(test, feature = "real"))]
mod real_algorithms;
#[cfg(all(test, feature = "real"))]
mod real_provider;
#[cfg(all(test, feature = "real"))]
mod real_salesforce;
#[cfg(all(test, feature = "real"))]
mod real_stage;
