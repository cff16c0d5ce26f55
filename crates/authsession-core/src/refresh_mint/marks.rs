//! What a login's tokens are marked with in the store, beside what the provider said.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The refresh token the login was started with.
pub(super) const SEED: &str = "authsession.seed";
/// A refresh token that was presented and may be spent: the answer was lost.
pub(super) const DOUBT: &str = "authsession.doubt";
/// Whose login it is.
pub(super) const OWNER: &str = "authsession.owner";
/// The provider and the client the login is one of.
pub(super) const ORIGIN: &str = "authsession.origin";

/// Tells texts apart without being one.
pub(super) fn fingerprint(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(&digest(&SHA256, text.as_bytes()).as_ref()[..12])
}
