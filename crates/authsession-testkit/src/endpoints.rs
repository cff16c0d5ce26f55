//! Which of the provider's endpoints answers what.

mod api;
mod authorization;
mod client_authentication;
mod device_authorization;
mod device_page;
mod discovery;
mod end_session;
mod form_post;
mod introspection;
mod jwks;
mod login_page;
mod revocation;
mod token;
mod userinfo;

use crate::clock::VirtualClock;
use crate::endpoint::Endpoint;
use crate::journal::Exchange;
use crate::journal::Journal;
use crate::realm::Realm;
use crate::script::Script;
use crate::stage::Simulation;
use crate::wire::Inquiry;
use crate::wire::Reply;

impl Simulation for Realm {
    type Endpoint = Endpoint;
    type Presence = ();

    fn endpoint_at(&self, path: &str) -> Option<Endpoint> {
        Endpoint::at(path, &self.settings.issuer_path)
    }

    fn clock(&self) -> &VirtualClock {
        &self.clock
    }

    fn script(&self) -> &Script {
        &self.script
    }

    fn journal(&self) -> &Journal {
        &self.journal
    }

    fn receive(&self, _: &Exchange) {}

    fn process(&self, inquiry: &Inquiry, (): &()) -> Reply {
        answer(self, inquiry)
    }
}

fn answer(realm: &Realm, inquiry: &Inquiry) -> Reply {
    match inquiry.exchange.endpoint {
        Endpoint::Discovery => discovery::answer(realm),
        Endpoint::Jwks => jwks::answer(realm),
        Endpoint::Authorization => authorization::answer(realm, inquiry),
        Endpoint::Token => token::answer(realm, inquiry),
        Endpoint::Userinfo => userinfo::answer(realm, inquiry),
        Endpoint::Revocation => revocation::answer(realm, inquiry),
        Endpoint::EndSession => end_session::answer(realm, inquiry),
        Endpoint::Introspection => introspection::answer(realm, inquiry),
        Endpoint::DeviceAuthorization => device_authorization::answer(realm, inquiry),
        Endpoint::DeviceVerification => device_page::answer(realm, inquiry),
        Endpoint::Api => api::answer(realm, inquiry),
    }
}
