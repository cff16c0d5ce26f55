//! ID tokens as they should not be.

use serde_json::Value;
use std::sync::Arc;

/// Edits header and claims.
pub(crate) type EditToken = Arc<dyn Fn(&mut Value, &mut Value) + Send + Sync>;

/// What is wrong with the next ID token.
#[derive(Clone)]
pub(crate) enum Forgery {
    Edited(EditToken),
    WrongSignature,
    Unsigned,
    KeyedWithPublicKey,
    Impostor,
    UnknownKey,
    Replaced(String),
}
