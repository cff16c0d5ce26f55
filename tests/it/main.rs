//! What crosses crates.

#[cfg(test)]
mod holders;
#[cfg(test)]
mod house_rules;
#[cfg(test)]
mod promises;
#[cfg(test)]
mod public_api;
#[cfg(all(test, feature = "real"))]
mod real_algorithms;
#[cfg(all(test, feature = "real"))]
mod real_faults;
#[cfg(all(test, feature = "real"))]
mod real_faults_nodes;
#[cfg(all(test, feature = "real"))]
mod real_mysql;
#[cfg(all(test, feature = "real"))]
mod real_postgres;
#[cfg(all(test, feature = "real"))]
mod real_provider;
#[cfg(all(test, feature = "real"))]
mod real_redis;
#[cfg(all(test, feature = "real"))]
mod real_redis_faults;
#[cfg(all(test, feature = "real"))]
mod real_redis_stage;
#[cfg(all(test, feature = "real"))]
mod real_salesforce;
#[cfg(all(test, feature = "real"))]
mod real_salesforce_bulk;
#[cfg(all(test, feature = "real"))]
mod real_sql;
#[cfg(all(test, feature = "real"))]
mod real_stage;
#[cfg(all(test, feature = "real"))]
mod real_wire;
#[cfg(test)]
mod replicas;
#[cfg(test)]
mod stores;
