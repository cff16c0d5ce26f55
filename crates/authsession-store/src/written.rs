//! A session's record as bytes and back, for backends outside the process: small, and read by releases before and after.
//!
//! ```text
//! version │ packing │ length of A │ A: tokens and numbers, as they are │ B: texts, packed with the dictionary `packing` names
//! ```
//!
//! A and B are fields: a number, a length, and the value. What is not known is carried along, up to a length, and written again
//! behind the rest; what is missing was not there. So a release reads what the one before it and the one after it wrote, and what it
//! saves loses nothing. Whoever adds something takes the next number, and makes it one that may be missing, and that still is true
//! when a release that does not know it has saved other tokens beside it. A number is never used for anything else. A new dictionary is read by one release before the next
//! one writes it. Only what cannot be told so takes another version.
//!
//! No signature and no opaque token goes through compression: they do not shrink, their length would tell of them, and the
//! compressor's own memory is not wiped. B holds what is readable in a token and worthless without its signature.

mod dictionary;
mod fields;
mod packing;
mod token;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use authsession_core::clock::Timestamp;
use authsession_core::extras::Extras;
use authsession_core::secret::Secret;
use authsession_core::token_set::TokenSet;
use zeroize::Zeroizing;

use crate::record::{Later, Refused, SessionRecord};
use crate::written::fields::Fields;

const VERSION: u8 = 1;

// In A and B; in B is what can be read in it.
const ACCESS_TOKEN: usize = 1;
const REFRESH_TOKEN: usize = 2;
const ID_TOKEN: usize = 3;
// In B a name, and its text when that is an address; else the texts are in A, in the same order.
const EXTRA: usize = 4;
// In A.
const TOKENS_RECEIVED_AT: usize = 5;
const TOKENS_EXPIRE_AT: usize = 6;
const CREATED_AT: usize = 7;
const EXPIRES_AT: usize = 8;
const REFRESH_SENT_AT: usize = 9;
const REFUSED_AT: usize = 10;
const REFUSED_YOUNG: usize = 11;
const REFUSED_PENDING: usize = 12;
const USERINFO_IS_NEWER: usize = 13;
const ID_TOKEN_REFUSED: usize = 14;
const REMEMBERED: usize = 22;
// In B.
const TOKEN_TYPE: usize = 15;
const SCOPE: usize = 16;
const ISSUER: usize = 17;
const CLIENT_ID: usize = 18;
const SUBJECT: usize = 19;
const PROVIDER_SESSION: usize = 20;
const USERINFO: usize = 21;

/// Bytes that are no record this release can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    /// No release wrote this.
    #[error("not a session record: it was cut off or changed, so its user has to sign in again")]
    Malformed,
    /// A later release wrote this.
    #[error(
        "written by a later release: leave it as it is, and run that release or the one before it here too"
    )]
    Later,
}

/// The record as bytes, which hold its tokens in the clear: seal them before they leave the process.
pub(crate) fn write(record: &SessionRecord) -> Zeroizing<Vec<u8>> {
    let later = &record.later;
    let mut kept = Zeroizing::new(Vec::with_capacity(room_for(&record.tokens) + later.kept().len()));
    let mut texts = Vec::with_capacity(2048);
    write_tokens(&record.tokens, &mut kept, &mut texts);
    write_rest(record, &mut kept, &mut texts);
    kept.extend_from_slice(later.kept());
    texts.extend_from_slice(later.texts());

    let packed = packing::pack(&texts);
    let (packing, texts) = packed.as_ref().map_or((packing::PLAIN, &*texts), |(id, packed)| (*id, packed));
    let mut written = Zeroizing::new(Vec::with_capacity(2 + fields::LONGEST + kept.len() + texts.len()));
    written.extend_from_slice(&[VERSION, packing]);
    fields::put_length(&mut written, kept.len());
    written.extend_from_slice(&kept);
    written.extend_from_slice(texts);
    written
}

/// So much that nothing is moved while it is written: what moves leaves a copy that nobody wipes.
fn room_for(tokens: &TokenSet) -> usize {
    let optional = [&tokens.refresh_token, &tokens.id_token];
    let texts = optional.into_iter().flatten().map(Secret::expose).chain([tokens.access_token.expose()]);
    let extras = tokens.extras.iter().map(|(_, text)| text);
    let all: usize = texts.chain(extras).map(token::most_kept).sum();
    all + 10 * (1 + fields::LONGEST)
}

fn write_tokens(tokens: &TokenSet, kept: &mut Vec<u8>, texts: &mut Vec<u8>) {
    let secrets = [
        (ACCESS_TOKEN, Some(&tokens.access_token)),
        (REFRESH_TOKEN, tokens.refresh_token.as_ref()),
        (ID_TOKEN, tokens.id_token.as_ref()),
    ];
    for (field, secret) in secrets {
        let Some(secret) = secret else { continue };
        fields::put_with(texts, field, |texts| {
            fields::put_with(kept, field, |kept| token::put(secret.expose(), kept, texts));
        });
    }
    fields::put(texts, TOKEN_TYPE, tokens.token_type.as_bytes());
    put_text(texts, SCOPE, tokens.scope.as_deref());
    for (name, text) in tokens.extras.iter() {
        fields::put_with(texts, EXTRA, |texts| {
            fields::put_length(texts, name.len());
            texts.extend_from_slice(name.as_bytes());
            if is_address(text) {
                texts.extend_from_slice(text.as_bytes());
            } else {
                fields::put(kept, EXTRA, text.as_bytes());
            }
        });
    }
    fields::put_number(kept, TOKENS_RECEIVED_AT, tokens.received_at.unix_millis());
    put_instant(kept, TOKENS_EXPIRE_AT, tokens.expires_at);
}

fn write_rest(record: &SessionRecord, kept: &mut Vec<u8>, texts: &mut Vec<u8>) {
    fields::put(texts, ISSUER, record.issuer.as_bytes());
    fields::put(texts, CLIENT_ID, record.client_id.as_bytes());
    fields::put(texts, SUBJECT, record.subject.as_bytes());
    put_text(texts, PROVIDER_SESSION, record.provider_session.as_deref());
    put_text(texts, USERINFO, record.userinfo.as_deref());
    fields::put_number(kept, CREATED_AT, record.created_at.unix_millis());
    fields::put_number(kept, EXPIRES_AT, record.expires_at.unix_millis());
    put_instant(kept, REFRESH_SENT_AT, record.refresh_sent_at);
    if let Some(refused) = record.refused {
        fields::put_number(kept, REFUSED_AT, refused.at.unix_millis());
        fields::put_number(kept, REFUSED_YOUNG, refused.young.into());
        put_mark(kept, REFUSED_PENDING, refused.pending);
    }
    put_mark(kept, USERINFO_IS_NEWER, record.userinfo_is_newer);
    put_mark(kept, ID_TOKEN_REFUSED, record.id_token_refused);
    put_mark(kept, REMEMBERED, record.remembered);
}

/// Whether an extra is a mere address, and no secret with one around it.
fn is_address(text: &str) -> bool {
    text.starts_with("https://") && !text.contains(['?', '#', '@'])
}

fn put_text(fields: &mut Vec<u8>, field: usize, text: Option<&str>) {
    if let Some(text) = text {
        fields::put(fields, field, text.as_bytes());
    }
}

fn put_instant(fields: &mut Vec<u8>, field: usize, instant: Option<Timestamp>) {
    if let Some(instant) = instant {
        fields::put_number(fields, field, instant.unix_millis());
    }
}

/// There, or not there.
fn put_mark(fields: &mut Vec<u8>, field: usize, holds: bool) {
    if holds {
        fields::put(fields, field, &[]);
    }
}

/// The record that was written.
///
/// # Errors
/// [`Unreadable::Later`] when a later release wrote it, [`Unreadable::Malformed`] when none did.
pub(crate) fn read(bytes: &[u8]) -> Result<SessionRecord, Unreadable> {
    let (&version, bytes) = bytes.split_first().ok_or(Unreadable::Malformed)?;
    match version {
        VERSION => {}
        0 => return Err(Unreadable::Malformed),
        _ => return Err(Unreadable::Later),
    }
    let (&packing, mut rest) = bytes.split_first().ok_or(Unreadable::Malformed)?;
    let length = fields::take_length(&mut rest).ok_or(Unreadable::Malformed)?;
    let (kept, texts) = rest.split_at_checked(length).ok_or(Unreadable::Malformed)?;
    let texts = match packing {
        packing::PLAIN => Some(Cow::Borrowed(texts)),
        packing::DICTIONARY_1 => packing::unpack(texts).map(Cow::Owned),
        _ => return Err(Unreadable::Later),
    };
    texts.and_then(|texts| record(kept, &texts)).ok_or(Unreadable::Malformed)
}

fn record(kept: &[u8], texts: &[u8]) -> Option<SessionRecord> {
    let (kept, texts) = (Fields::all::<EXTRA>(kept)?, Fields::all::<EXTRA>(texts)?);
    let refused = match instant(&kept, REFUSED_AT)? {
        None => None,
        Some(at) => Some(Refused {
            at,
            young: u32::try_from(kept.number(REFUSED_YOUNG)?.unwrap_or_default()).ok()?,
            pending: kept.has(REFUSED_PENDING),
        }),
    };
    Some(SessionRecord {
        tokens: TokenSet {
            access_token: secret(&kept, &texts, ACCESS_TOKEN)??,
            token_type: texts.text(TOKEN_TYPE)??.into(),
            refresh_token: secret(&kept, &texts, REFRESH_TOKEN)?,
            id_token: secret(&kept, &texts, ID_TOKEN)?,
            scope: texts.text(SCOPE)?.map(Into::into),
            received_at: instant(&kept, TOKENS_RECEIVED_AT)??,
            expires_at: instant(&kept, TOKENS_EXPIRE_AT)?,
            extras: extras(&kept, &texts)?,
        },
        issuer: texts.text(ISSUER)??.into(),
        client_id: texts.text(CLIENT_ID)??.into(),
        subject: texts.text(SUBJECT)??.into(),
        provider_session: texts.text(PROVIDER_SESSION)?.map(Into::into),
        userinfo: texts.text(USERINFO)?.map(Into::into),
        userinfo_is_newer: kept.has(USERINFO_IS_NEWER),
        id_token_refused: kept.has(ID_TOKEN_REFUSED),
        remembered: kept.has(REMEMBERED),
        created_at: instant(&kept, CREATED_AT)??,
        expires_at: instant(&kept, EXPIRES_AT)??,
        refresh_sent_at: instant(&kept, REFRESH_SENT_AT)?,
        refused,
        later: Later::read(kept.later(), texts.later().to_vec()),
    })
}

// Below, the outer `Option` says whether it could be read, the inner one whether it is there.

fn instant(kept: &Fields<'_>, field: usize) -> Option<Option<Timestamp>> {
    Some(kept.number(field)?.map(Timestamp::from_unix_millis))
}

fn secret(kept: &Fields<'_>, texts: &Fields<'_>, field: usize) -> Option<Option<Secret>> {
    let Some(kept) = kept.value(field) else { return Some(None) };
    token::take(kept, texts.value(field).unwrap_or_default()).map(Some)
}

fn extras(kept: &Fields<'_>, texts: &Fields<'_>) -> Option<Extras> {
    let mut not_addresses = kept.repeated().iter();
    let mut extras = Extras::default();
    for mut value in texts.repeated().iter().copied() {
        let length = fields::take_length(&mut value)?;
        let (name, address) = value.split_at_checked(length)?;
        let text = if address.is_empty() { *not_addresses.next()? } else { address };
        extras.insert(str::from_utf8(name).ok()?, str::from_utf8(text).ok()?);
    }
    Some(extras)
}
