//! Where no token comes from: a cache that is given its token never asks.

use async_trait::async_trait;
use authsession_core::error::Error;
use authsession_core::token_cache::Mint;
use authsession_core::token_set::TokenSet;

#[derive(Debug)]
pub(crate) struct Unasked;

#[async_trait]
impl Mint for Unasked {
    async fn mint(&self) -> Result<TokenSet, Error> {
        Err(Error::untrusted("nobody asks"))
    }
}
