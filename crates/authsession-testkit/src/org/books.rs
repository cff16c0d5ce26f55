//! What the org has given out: sessions, approvals with their refresh tokens, codes; and who logged in when.

use std::collections::HashMap;
use std::collections::HashSet;
use std::time::Duration;
use std::time::SystemTime;

/// What a session or an approval was given for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Purpose {
    pub(crate) username: String,
    /// The consumer key; empty for a SOAP login.
    pub(crate) app: String,
    pub(crate) scope: String,
}

impl Purpose {
    pub(crate) fn has_scope(&self, wanted: &str) -> bool {
        self.scope.split(' ').any(|one| one == wanted)
    }

    pub(crate) fn is_renewable(&self) -> bool {
        self.has_scope("refresh_token") || self.has_scope("offline_access") || self.has_scope("full")
    }
}

/// What an access token stands for.
pub(crate) struct Session {
    pub(crate) purpose: Purpose,
    pub(crate) approval: Option<usize>,
    pub(crate) opened: SystemTime,
    pub(crate) last_used: SystemTime,
    pub(crate) ended: bool,
}

/// One approval of a user for an app: a family of refresh tokens, of which the last one works.
pub(crate) struct Approval {
    pub(crate) purpose: Purpose,
    pub(crate) alive: bool,
}

pub(crate) struct Refresh {
    pub(crate) approval: usize,
    pub(crate) used: bool,
}

pub(crate) struct Code {
    pub(crate) purpose: Purpose,
    pub(crate) redirect_uri: String,
    pub(crate) challenge: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) expires: SystemTime,
}

/// How far a device's login has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Pending,
    Approved(String),
    Denied,
}

pub(crate) struct Device {
    pub(crate) app: String,
    pub(crate) scope: String,
    pub(crate) user_code: String,
    pub(crate) decision: Decision,
    pub(crate) expires: SystemTime,
    pub(crate) asked: Option<SystemTime>,
}

const HOUR: Duration = Duration::from_secs(3600);
/// How many approvals a user can have given one app.
const APPROVALS: usize = 5;

#[derive(Default)]
pub(crate) struct Books {
    pub(crate) sessions: HashMap<String, Session>,
    pub(crate) approvals: Vec<Approval>,
    pub(crate) refresh: HashMap<String, Refresh>,
    pub(crate) codes: HashMap<String, Code>,
    pub(crate) devices: HashMap<String, Device>,
    /// Users, and the apps they said yes to.
    pub(crate) approved: HashSet<(String, String)>,
    logins: HashMap<String, Vec<SystemTime>>,
    pub(crate) api_requests: u64,
    pub(crate) query_jobs: u64,
}

impl Books {
    /// The session of this token, if it lives; it does for `timeout` after its last use.
    pub(crate) fn live(&self, token: &str, now: SystemTime, timeout: Duration) -> Option<&Session> {
        self.sessions.get(token).filter(|session| !session.ended && now < session.last_used + timeout)
    }

    /// The same, and this is a use.
    pub(crate) fn used(&mut self, token: &str, now: SystemTime, timeout: Duration) -> Option<Purpose> {
        self.live(token, now, timeout)?;
        let session = self.sessions.get_mut(token)?;
        session.last_used = session.last_used.max(now);
        Some(session.purpose.clone())
    }

    /// A living session for the same purpose, of the same approval.
    pub(crate) fn matching(
        &self,
        purpose: &Purpose,
        approval: Option<usize>,
        now: SystemTime,
        timeout: Duration,
    ) -> Option<String> {
        let fits = |session: &Session| session.purpose == *purpose && session.approval == approval;
        let live = self.sessions.iter().filter(|(token, _)| self.live(token, now, timeout).is_some());
        live.filter(|(_, session)| fits(session)).map(|(token, _)| token.clone()).next()
    }

    /// Counts a login, if the user has one left in the last hour.
    pub(crate) fn log_in(&mut self, username: &str, now: SystemTime, budget: usize) -> bool {
        let logins = self.logins.entry(username.to_owned()).or_default();
        logins.retain(|at| now < *at + HOUR);
        let left = logins.len() < budget;
        if left {
            logins.push(now);
        }
        left
    }

    /// A new approval; the oldest of too many for the same user and app dies.
    pub(crate) fn approve(&mut self, purpose: &Purpose) -> usize {
        self.approvals.push(Approval { purpose: purpose.clone(), alive: true });
        let alive: Vec<usize> = self.approvals_of(purpose).collect();
        for oldest in alive.iter().take(alive.len().saturating_sub(APPROVALS)) {
            self.withdraw(*oldest);
        }
        self.approvals.len() - 1
    }

    pub(crate) fn approvals_of<'a>(&'a self, purpose: &'a Purpose) -> impl Iterator<Item = usize> + 'a {
        let same = move |approval: &Approval| {
            approval.alive
                && approval.purpose.username == purpose.username
                && approval.purpose.app == purpose.app
        };
        let numbered = self.approvals.iter().enumerate();
        numbered.filter(move |(_, approval)| same(approval)).map(|(number, _)| number)
    }

    /// Kills an approval, its refresh tokens and its sessions.
    pub(crate) fn withdraw(&mut self, approval: usize) {
        if let Some(approval) = self.approvals.get_mut(approval) {
            approval.alive = false;
        }
        for session in self.sessions.values_mut().filter(|session| session.approval == Some(approval)) {
            session.ended = true;
        }
    }

    /// The approval a refresh token belongs to, if the token can be used.
    pub(crate) fn renewable(&self, token: &str) -> Option<(usize, &Approval)> {
        let number = self.refresh.get(token).filter(|refresh| !refresh.used)?.approval;
        let approval = self.approvals.get(number).filter(|approval| approval.alive)?;
        Some((number, approval))
    }
}
