//! A claim: one of many processes does something, and the others are told what came of it.

use authsession_core::secret::Secret;

use crate::record::Version;

/// Whose something is to do, as [`SessionStore::claim`](crate::store::SessionStore::claim) says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The caller's, who settles it by this.
    Ours(Version),
    /// Somebody else's, who has not settled it yet.
    Theirs,
    /// Somebody else's, who settled it: that came of it.
    Settled(Secret),
    /// Somebody else's, and nothing came of it, or nobody knows what: nobody else is to do it.
    Lost,
}

/// How a claim is settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It was done; whoever claims it later is told that of it.
    Done(Secret),
    /// It was done, and nothing came of it.
    InVain,
    /// Nothing was done: the next one may have it.
    GivenUp,
}
