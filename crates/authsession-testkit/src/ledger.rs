//! What the provider has issued: sessions, grants, codes and tokens, and which of them still live.

use std::collections::HashMap;
use std::time::SystemTime;

/// What happens to a refresh token when it is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RefreshTokens {
    /// None is issued.
    None,
    /// It stays; no new one is issued.
    Static,
    /// A new one is issued and the old one is dead; the others live on when it is used again.
    Rotating,
    /// As before, and using the old one again kills the whole family, access tokens included (RFC 9700 §4.14.2).
    #[default]
    RotatingWithReuseDetection,
}

/// A user signed in at the provider, in one browser.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) subject: String,
    pub(crate) sid: String,
    pub(crate) auth_time: u64,
}

/// What one authorization allows: the family all its tokens belong to.
#[derive(Clone)]
pub(crate) struct Grant {
    pub(crate) client_id: String,
    /// None for a client acting as itself.
    pub(crate) session: Option<Session>,
    pub(crate) scope: String,
    pub(crate) nonce: Option<String>,
    pub(crate) alive: bool,
}

#[derive(Clone)]
pub(crate) struct Code {
    pub(crate) grant: usize,
    pub(crate) redirect_uri: String,
    pub(crate) challenge: Option<String>,
    pub(crate) expires: SystemTime,
    pub(crate) used: bool,
}

#[derive(Clone)]
pub(crate) struct Access {
    pub(crate) grant: usize,
    pub(crate) scope: String,
    pub(crate) expires: SystemTime,
    pub(crate) revoked: bool,
}

#[derive(Clone)]
pub(crate) struct Refresh {
    pub(crate) grant: usize,
    pub(crate) used: bool,
}

/// Everything issued so far.
#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) sessions: HashMap<String, Session>,
    pub(crate) grants: Vec<Grant>,
    pub(crate) codes: HashMap<String, Code>,
    pub(crate) access: HashMap<String, Access>,
    pub(crate) refresh: HashMap<String, Refresh>,
}

impl Ledger {
    pub(crate) fn open_grant(&mut self, grant: Grant) -> usize {
        self.grants.push(grant);
        self.grants.len() - 1
    }

    pub(crate) fn kill(&mut self, grant: usize) {
        if let Some(grant) = self.grants.get_mut(grant) {
            grant.alive = false;
        }
    }

    /// The grant, if it lives.
    pub(crate) fn living(&self, grant: usize) -> Option<&Grant> {
        self.grants.get(grant).filter(|grant| grant.alive)
    }

    /// The access token and its grant, if both live at this time.
    pub(crate) fn live_access(&self, token: &str, now: SystemTime) -> Option<(&Access, &Grant)> {
        let access = self.access.get(token).filter(|access| !access.revoked && now < access.expires)?;
        Some((access, self.living(access.grant)?))
    }

    /// The refresh token's grant, if the token can still be used.
    pub(crate) fn live_refresh(&self, token: &str) -> Option<&Grant> {
        let refresh = self.refresh.get(token).filter(|refresh| !refresh.used)?;
        self.living(refresh.grant)
    }
}
