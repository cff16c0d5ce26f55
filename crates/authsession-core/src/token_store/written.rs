//! A token set as it is written: JSON with a format number, so that later versions can read what this one wrote.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::clock::Timestamp;
use crate::extras::Extras;
use crate::secret::{Secret, for_sealing};
use crate::token_set::TokenSet;
use crate::token_store::StoredTokens;

const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Written {
    format: u32,
    revision: u64,
    #[serde(with = "for_sealing")]
    access_token: Secret,
    token_type: Box<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token: Option<Sealed>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id_token: Option<Sealed>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<Box<str>>,
    received_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Extras::is_empty")]
    extras: Extras,
}

#[derive(Serialize, Deserialize)]
struct Sealed(#[serde(with = "for_sealing")] Secret);

/// Why a text could not be read.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("it is not what a token store writes: move it away and sign in again")]
    Malformed,
    #[error("a later version wrote it: use that one, or move it away and sign in again")]
    Later,
    #[error("it is larger than any login: move it away and sign in again")]
    TooLarge,
}

pub(crate) fn write(tokens: &TokenSet, revision: u64) -> Result<Zeroizing<Vec<u8>>, serde_json::Error> {
    let tokens = tokens.clone();
    let written = Written {
        format: FORMAT,
        revision,
        access_token: tokens.access_token,
        token_type: tokens.token_type,
        refresh_token: tokens.refresh_token.map(Sealed),
        id_token: tokens.id_token.map(Sealed),
        scope: tokens.scope,
        received_at: tokens.received_at,
        expires_at: tokens.expires_at,
        extras: tokens.extras,
    };
    serde_json::to_vec(&written).map(Zeroizing::new)
}

pub(crate) fn read(bytes: &[u8]) -> Result<StoredTokens, Unreadable> {
    #[derive(Deserialize)]
    struct Head {
        format: u64,
    }
    let head: Head = serde_json::from_slice(bytes).map_err(|_| Unreadable::Malformed)?;
    if head.format > u64::from(FORMAT) {
        return Err(Unreadable::Later);
    }
    let written: Written = serde_json::from_slice(bytes).map_err(|_| Unreadable::Malformed)?;
    let tokens = TokenSet {
        access_token: written.access_token,
        token_type: written.token_type,
        refresh_token: written.refresh_token.map(|sealed| sealed.0),
        id_token: written.id_token.map(|sealed| sealed.0),
        scope: written.scope,
        received_at: written.received_at,
        expires_at: written.expires_at,
        extras: written.extras,
    };
    Ok(StoredTokens { tokens, revision: written.revision })
}
