//! Where a token cache gets its tokens from.

use std::fmt;

use async_trait::async_trait;

use crate::error::Error;
use crate::token_set::TokenSet;

/// Gets a new token when the cache needs one.
#[async_trait]
pub trait Mint: Send + Sync + fmt::Debug {
    /// Gets a token set. Called once at a time, and detached from whoever asked.
    ///
    /// # Errors
    /// A transient one is tried again after a pause; any other one too, but less and less often.
    async fn mint(&self) -> Result<TokenSet, Error>;

    /// Whether an attempt whose outcome is not known may be made again at no risk. Not with a refresh token that rotates: the
    /// second attempt may pass for theft, and cost the token that still serves.
    fn is_repeatable(&self) -> bool {
        true
    }

    /// The API refused this access token, which was the current one: whatever might be lost with it is lost.
    fn note_refusal(&self, _access_token: &str) {}
}
