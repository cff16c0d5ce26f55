//! Whose login the store keeps: pinned beside it, so that a process that starts later does not take over what this one refused.

use std::fmt;

use crate::error::Error;
use crate::extras::Extras;
use crate::refresh_mint::RefreshMint;
use crate::refresh_mint::marks::{OWNER, fingerprint};
use crate::token_set::TokenSet;

/// Knows whose tokens a vendor's answer brings.
///
/// ```
/// use authsession_core::clock::Timestamp;
/// use authsession_core::refresh_mint::Owners;
/// use authsession_core::token_set::TokenSet;
///
/// /// Says whose they are in a member of its own.
/// #[derive(Debug)]
/// struct Acme;
///
/// impl Owners for Acme {
///     fn owner(&self, tokens: &TokenSet) -> Option<String> {
///         tokens.extras.get("account").map(str::to_owned)
///     }
/// }
///
/// let mut tokens = TokenSet::new("a token", Timestamp::from_unix_seconds(0));
/// tokens.extras.insert("account", "ann");
/// assert_eq!(Acme.owner(&tokens).as_deref(), Some("ann"));
/// ```
pub trait Owners: Send + Sync + fmt::Debug {
    /// Whose they are, in words that stay the same; `None` when they do not say, or not so that it can be believed.
    fn owner(&self, tokens: &TokenSet) -> Option<String>;
}

impl RefreshMint {
    /// The mark for whose these tokens are.
    pub(super) fn owner(&self, tokens: &TokenSet) -> Option<String> {
        self.owners.as_ref()?.owner(tokens).map(|owner| fingerprint(&owner))
    }

    /// The mark for whose the login is to which `tokens` are added: whose it was so far, however that is known; at first, whose the
    /// tokens are.
    pub(super) fn pin(&self, before: Option<&TokenSet>, tokens: &TokenSet) -> Option<String> {
        let marked = before.and_then(|before| marked(&before.extras));
        marked
            .or_else(|| self.owner(before?))
            .or_else(|| self.known().owner.clone())
            .or_else(|| self.owner(tokens))
    }

    /// That the tokens are of whom the login is.
    pub(super) fn check_owner(&self, tokens: &TokenSet) -> Result<(), Error> {
        match (marked(&tokens.extras), self.owner(tokens)) {
            (Some(pinned), Some(owner)) if pinned != owner => Err(Error::untrusted(
                "the tokens kept are for another user than the one who signed in: sign in again",
            )),
            _ => Ok(()),
        }
    }
}

/// Whose the login is that these stand with.
pub(super) fn marked(extras: &Extras) -> Option<String> {
    extras.get(OWNER).map(str::to_owned)
}
