//! Revocation: a session ends for all who share it, a refresh token takes its approval and its sessions along.

use crate::org::endpoint::OrgEndpoint;
use crate::org::refusal::Refusal;
use crate::org::tenant::Tenant;
use crate::wire::Inquiry;
use crate::wire::Reply;

pub(crate) fn answer(tenant: &Tenant, inquiry: &Inquiry<OrgEndpoint>) -> Reply {
    let token = inquiry.parameter("token").unwrap_or_default();
    if token.matches('.').count() == 2 && !token.contains('!') {
        return Refusal::REVOKE_TYPE.reply();
    }
    if tenant.revoke(token) { Reply::empty(200).no_store() } else { Refusal::REVOKE_TOKEN.reply() }
}

impl Tenant {
    /// Whether there was something to revoke.
    pub(crate) fn revoke(&self, token: &str) -> bool {
        let (now, timeout) = (self.clock.now(), self.settings.session_timeout);
        let mut books = self.books();
        if let Some((approval, _)) = books.renewable(token) {
            books.withdraw(approval);
            return true;
        }
        let lives = books.live(token, now, timeout).is_some();
        if let Some(session) = books.sessions.get_mut(token) {
            session.ended = true;
        }
        lives
    }

    pub(crate) fn expire_sessions(&self) {
        for session in self.books().sessions.values_mut() {
            session.ended = true;
        }
    }
}
