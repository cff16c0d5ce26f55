//! Which of the org's endpoints answers what.

use crate::clock::VirtualClock;
use crate::journal::Exchange;
use crate::journal::Journal;
use crate::org::apex_rest;
use crate::org::authorize;
use crate::org::endpoint::OrgEndpoint;
use crate::org::grants;
use crate::org::identity;
use crate::org::introspect;
use crate::org::metadata;
use crate::org::rest;
use crate::org::revoke;
use crate::org::soap;
use crate::org::tenant::Tenant;
use crate::script::Script;
use crate::stage::Simulation;
use crate::wire::Inquiry;
use crate::wire::Reply;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

/// A request in process. While one redeems a rotating refresh token, every other one with the same token is second.
pub(crate) enum Presence {
    Unmarked,
    First { token: String, busy: Arc<Mutex<HashSet<String>>> },
    Second,
}

impl Presence {
    pub(crate) fn is_second(&self) -> bool {
        matches!(self, Self::Second)
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        if let Self::First { token, busy } = self {
            busy.lock().unwrap_or_else(PoisonError::into_inner).remove(token);
        }
    }
}

impl Simulation for Tenant {
    type Endpoint = OrgEndpoint;
    type Presence = Presence;

    fn endpoint_at(&self, path: &str) -> Option<OrgEndpoint> {
        OrgEndpoint::at(path)
    }

    fn body_limit(&self, path: &str) -> usize {
        OrgEndpoint::body_limit(path)
    }

    fn compresses(&self) -> bool {
        self.settings.compresses
    }

    fn clock(&self) -> &VirtualClock {
        &self.clock
    }

    fn script(&self) -> &Script<OrgEndpoint> {
        &self.script
    }

    fn journal(&self) -> &Journal<OrgEndpoint> {
        &self.journal
    }

    fn receive(&self, exchange: &Exchange<OrgEndpoint>) -> Presence {
        let token = exchange.form_value("refresh_token").unwrap_or_default();
        if exchange.endpoint != OrgEndpoint::Token || token.is_empty() || !self.orders().rotation {
            return Presence::Unmarked;
        }
        let is_first = self.busy.lock().unwrap_or_else(PoisonError::into_inner).insert(token.to_owned());
        if is_first {
            Presence::First { token: token.to_owned(), busy: Arc::clone(&self.busy) }
        } else {
            Presence::Second
        }
    }

    fn process(&self, inquiry: &Inquiry<OrgEndpoint>, presence: &Presence) -> Reply {
        match inquiry.exchange.endpoint {
            OrgEndpoint::Token => grants::answer(self, inquiry, presence),
            OrgEndpoint::Authorization => authorize::answer(self, inquiry),
            OrgEndpoint::Revocation => revoke::answer(self, inquiry),
            OrgEndpoint::Introspection => introspect::answer(self, inquiry),
            OrgEndpoint::Userinfo => identity::userinfo(self, inquiry),
            OrgEndpoint::Identity => identity::answer(self, inquiry),
            OrgEndpoint::Discovery => metadata::discovery(self),
            OrgEndpoint::Jwks => metadata::keys(self),
            OrgEndpoint::Soap => soap::answer(self, inquiry),
            OrgEndpoint::Rest => rest::answer(self, inquiry),
            OrgEndpoint::Bulk => rest::bulk(self, inquiry),
            OrgEndpoint::ApexRest => apex_rest::answer(self, inquiry),
        }
    }
}
