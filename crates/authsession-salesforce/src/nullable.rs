//! `null` where a list, a text or a number is meant to be reads as an empty one: Salesforce writes both.

use serde::{Deserialize, Deserializer};

pub(crate) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
