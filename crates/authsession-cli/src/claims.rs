//! The verified claims, readable: each with what it means, times as times.

use authsession_axum::core::clock::Timestamp;
use chrono::DateTime;
use serde::Serialize;
use serde_json::{Map, Value};

/// A claim as the page shows it.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) value: String,
    /// What it means, where that is standardised.
    #[serde(skip)]
    pub(crate) meaning: &'static str,
}

/// The claims worth reading first, in that order, and what they mean (OpenID Connect Core §2 and §5.1).
const KNOWN: [(&str, &str); 19] = [
    ("name", "full name"),
    ("email", "email address"),
    ("email_verified", "the provider checked it"),
    ("preferred_username", "what they like to be called"),
    ("locale", "language"),
    ("sub", "who, at this provider"),
    ("iss", "who says so"),
    ("aud", "whom it is for: this application"),
    ("azp", "who may use it"),
    ("auth_time", "when they proved who they are"),
    ("acr", "how strongly"),
    ("amr", "by what means"),
    ("iat", "when this was said"),
    ("nbf", "not before"),
    ("exp", "until when it may be believed"),
    ("sid", "the session at the provider"),
    ("nonce", "binds it to this sign-in"),
    ("at_hash", "binds it to the access token"),
    ("c_hash", "binds it to the code"),
];

/// One row a claim.
pub(crate) fn rows(claims: &Map<String, Value>) -> Vec<Row> {
    let rank = |name: &str| KNOWN.iter().position(|(known, _)| *known == name).unwrap_or(KNOWN.len());
    let mut rows: Vec<Row> = claims
        .iter()
        .map(|(name, value)| Row {
            name: name.clone(),
            value: text(name, value),
            meaning: KNOWN.get(rank(name)).map_or("", |(_, meaning)| meaning),
        })
        .collect();
    rows.sort_by(|one, other| {
        rank(&one.name).cmp(&rank(&other.name)).then_with(|| one.name.cmp(&other.name))
    });
    rows
}

/// What to call the user.
pub(crate) fn display_name(claims: &Map<String, Value>, subject: &str) -> String {
    let names = ["name", "preferred_username", "email"];
    let found =
        names.iter().find_map(|name| claims.get(*name)?.as_str().filter(|text| !text.trim().is_empty()));
    found.unwrap_or(subject).to_owned()
}

/// The instant as people write it, in UTC.
pub(crate) fn in_utc(instant: Timestamp) -> String {
    DateTime::from_timestamp_millis(instant.unix_millis())
        .map_or_else(String::new, |instant| instant.format("%Y-%m-%d %H:%M:%S UTC").to_string())
}

fn text(name: &str, value: &Value) -> String {
    match (name, value) {
        ("iat" | "exp" | "nbf" | "auth_time" | "updated_at", Value::Number(number)) => {
            let seconds = number.as_f64().unwrap_or_default();
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a claim counts whole seconds, some with a fraction"
            )]
            in_utc(Timestamp::from_unix_seconds(seconds as i64))
        }
        (_, Value::String(text)) => text.clone(),
        (_, Value::Bool(true)) => "yes".to_owned(),
        (_, Value::Bool(false)) => "no".to_owned(),
        (_, Value::Array(values)) if values.iter().all(Value::is_string) => {
            values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
        }
        (_, other) => other.to_string(),
    }
}
