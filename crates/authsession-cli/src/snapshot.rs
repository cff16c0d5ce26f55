//! The session as the page's script asks for it. No token is in it.

use std::time::Duration;

use authsession_axum::core::clock::{Clock, Timestamp};
use authsession_axum::extractors::Session;
use aws_lc_rs::digest;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::claims::{self, Row};

/// The session at this moment.
#[derive(Debug, Serialize)]
pub(crate) struct Snapshot {
    pub(crate) name: String,
    pub(crate) subject: String,
    /// The first eight hex digits of its SHA-256: they tell one access token from the next, and give none away.
    pub(crate) token_number: String,
    /// Milliseconds left of the access token; none when the provider does not say.
    pub(crate) expires_in_ms: Option<u128>,
    pub(crate) claims: Vec<Row>,
}

impl Snapshot {
    pub(crate) fn of(session: &Session, access_token: &str, claims: &Map<String, Value>) -> Self {
        let now = Clock::system().now();
        let left = |end: Timestamp| Duration::as_millis(&end.since(now));
        Self {
            name: claims::display_name(claims, session.subject()),
            subject: session.subject().to_owned(),
            token_number: number(access_token),
            expires_in_ms: session.token_expires_at().map(left),
            claims: claims::rows(claims),
        }
    }
}

fn number(access_token: &str) -> String {
    let hash = digest::digest(&digest::SHA256, access_token.as_bytes());
    hash.as_ref().iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}
