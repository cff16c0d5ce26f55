//! What the provider has issued: sessions, grants, codes and tokens, and which of them still live.

use std::collections::HashMap;
use std::collections::HashSet;
use std::time::Duration;
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
    /// Using the old one again kills the family's refresh tokens; its access tokens live on.
    RotatingSparingAccessTokens,
    /// For so long the old one works again and again, and so does everything it brings; afterwards it is dead.
    RotatingWithGrace(Duration),
    /// Used twice at once, the old one is served twice, and of the refresh tokens it brought only the last one works.
    RotatingLastWins,
    /// Used again, by turns: refused; served, if at once, and all works; refused, and the successor is dead too; refused.
    RotatingByTurns,
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
    /// The `state` of the authorization request.
    pub(crate) state: Option<String>,
    /// Whom its tokens are for, if they were exchanged for somebody.
    pub(crate) audience: Vec<String>,
    pub(crate) alive: bool,
    /// Whether its refresh tokens, if unused, can be used.
    pub(crate) refreshable: bool,
    /// Whether the user let the client have a refresh token.
    pub(crate) offline: bool,
}

impl Grant {
    pub(crate) fn of(client_id: &str, session: Option<Session>, scope: &str) -> Self {
        Self {
            client_id: client_id.to_owned(),
            session,
            scope: scope.to_owned(),
            nonce: None,
            state: None,
            audience: Vec::new(),
            alive: true,
            refreshable: true,
            offline: true,
        }
    }
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
    /// When it was used first.
    pub(crate) used: Option<SystemTime>,
}

/// What the user told the device.
#[derive(Clone)]
pub(crate) enum Verdict {
    Pending,
    Approved(Session),
    Denied,
    Redeemed,
}

/// A device waiting for its user.
#[derive(Clone)]
pub(crate) struct Device {
    pub(crate) client_id: String,
    pub(crate) user_code: String,
    pub(crate) scope: String,
    pub(crate) expires: SystemTime,
    pub(crate) interval: Duration,
    pub(crate) polled: Option<SystemTime>,
    pub(crate) verdict: Verdict,
}

impl Device {
    pub(crate) fn is_pending(&self, now: SystemTime) -> bool {
        matches!(self.verdict, Verdict::Pending) && now < self.expires
    }

    /// Whether a user who typed this means it.
    pub(crate) fn goes_by(&self, typed: &str) -> bool {
        let letters = |code: &str| -> String {
            code.chars()
                .filter(char::is_ascii_alphanumeric)
                .map(|letter| letter.to_ascii_uppercase())
                .collect()
        };
        letters(typed) == letters(&self.user_code)
    }
}

/// Everything issued so far.
#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) sessions: HashMap<String, Session>,
    pub(crate) grants: Vec<Grant>,
    /// Which users let which clients have refresh tokens.
    pub(crate) consents: HashSet<(String, String)>,
    pub(crate) codes: HashMap<String, Code>,
    pub(crate) access: HashMap<String, Access>,
    pub(crate) refresh: HashMap<String, Refresh>,
    /// By device code.
    pub(crate) devices: HashMap<String, Device>,
    /// `iss` and `jti` of the assertions accepted.
    pub(crate) assertions: HashSet<(String, String)>,
    /// How often a refresh token was presented that had been used before.
    pub(crate) reuses: usize,
    /// The second in which tokens were issued last.
    pub(crate) issued_at: Option<u64>,
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

    /// Ends the grant's refresh tokens; its access tokens live on.
    pub(crate) fn end_refreshing(&mut self, grant: usize) {
        if let Some(grant) = self.grants.get_mut(grant) {
            grant.refreshable = false;
        }
    }

    /// Counts every refresh token the grant has so far as used.
    pub(crate) fn spend_refresh_tokens(&mut self, grant: usize, now: SystemTime) {
        let unused = |one: &&mut Refresh| one.grant == grant && one.used.is_none();
        self.refresh.values_mut().filter(unused).for_each(|one| one.used = Some(now));
    }

    /// Revokes every access token the grant has so far.
    pub(crate) fn revoke_access_tokens(&mut self, grant: usize) {
        self.access.values_mut().filter(|one| one.grant == grant).for_each(|one| one.revoked = true);
    }

    /// The device that shows this code and waits for its user.
    pub(crate) fn pending_device(&mut self, user_code: &str, now: SystemTime) -> Option<&mut Device> {
        self.devices.values_mut().find(|device| device.is_pending(now) && device.goes_by(user_code))
    }

    /// Tells the device what its user says; `false` if none waits.
    pub(crate) fn decide(&mut self, user_code: &str, verdict: Verdict, now: SystemTime) -> bool {
        let Some(device) = self.pending_device(user_code, now) else { return false };
        device.verdict = verdict;
        true
    }

    /// The grant, if it lives.
    pub(crate) fn living(&self, grant: usize) -> Option<&Grant> {
        self.grants.get(grant).filter(|grant| grant.alive)
    }

    /// The grant, if it lives and its refresh tokens do.
    pub(crate) fn refreshable(&self, grant: usize) -> Option<&Grant> {
        self.living(grant).filter(|grant| grant.refreshable)
    }

    /// The access token and its grant, if both live at this time.
    pub(crate) fn live_access(&self, token: &str, now: SystemTime) -> Option<(&Access, &Grant)> {
        let access = self.access.get(token).filter(|access| !access.revoked && now < access.expires)?;
        Some((access, self.living(access.grant)?))
    }

    /// The refresh token's grant, if the token can still be used.
    pub(crate) fn live_refresh(&self, token: &str) -> Option<&Grant> {
        let refresh = self.refresh.get(token).filter(|refresh| refresh.used.is_none())?;
        self.refreshable(refresh.grant)
    }
}
