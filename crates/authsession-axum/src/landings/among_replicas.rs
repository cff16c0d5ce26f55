//! Whose turn a sign-in is where several replicas are sent its callback: the store has its claim, and what came of it.
//!
//! The claim is called by a hash of what only the browser's sealed cookie holds, and so is what it is sealed under: nobody claims
//! another's login, and nobody reads what came of it.

use std::time::Duration;

use authsession_core::authorization::PendingAuthorization;
use authsession_core::clock::Clock;
use authsession_core::secret::Secret;
use authsession_store::claim::{Claim, Settled};
use authsession_store::key::{SessionId, StoreKey};
use authsession_store::record::Version;
use authsession_store::store::SessionStore;
use authsession_store::waiting::Looks;
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::errors::Error;
use crate::landings::{Arrived, Landed};

/// How long a claim counts, and what came of it: longer than a sign-in takes, and a browser asks again whose answer was lost.
const LASTS: Duration = Duration::from_secs(120);
/// How long another replica's sign-in is waited for. One that takes longer may go on: the login is started over, with a code of its own.
const PATIENCE: Duration = Duration::from_secs(20);
const DOMAIN: &[u8] = b"authsession sign-in v1";

const SIGNED_IN: &str = "signed in: ";
const CONSENT_WANTED: &str = "consent wanted";
const OVER_ALREADY: &str = "over already";

/// Whose it is.
pub(super) enum Turn {
    /// Ours; the claim is settled by that version.
    Ours(Version),
    /// Another replica did it.
    Over(Arrived),
}

/// What the attempt's claim is called by: a secret of its own.
pub(crate) fn claim_of(pending: &PendingAuthorization) -> Option<StoreKey> {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(DOMAIN);
    for part in [pending.code_verifier.expose(), pending.state.expose()] {
        context.update(&part.len().to_le_bytes());
        context.update(part.as_bytes());
    }
    StoreKey::from_cookie(&URL_SAFE_NO_PAD.encode(context.finish()))
}

/// Claims the sign-in, or waits for what comes of it elsewhere.
pub(super) async fn turn(store: &dyn SessionStore, key: &StoreKey, clock: &Clock) -> Result<Turn, Error> {
    let mut looks = Looks::for_at_most(PATIENCE, store.hears_of_changes()).by(clock);
    loop {
        match store.claim(key, LASTS).await? {
            Claim::Ours(claim) => return Ok(Turn::Ours(claim)),
            Claim::Settled(outcome) => return Ok(Turn::Over(read(outcome.expose()))),
            Claim::Lost => return Ok(Turn::Over(Arrived::LostElsewhere)),
            Claim::Theirs => {}
        }
        match looks.next() {
            Some(pause) => store.wait_for_change(key, pause).await,
            None => return Ok(Turn::Over(Arrived::LostElsewhere)),
        }
    }
}

/// Tells the other replicas. Whoever is not told starts over, so nobody has to be.
pub(super) async fn settle(store: &dyn SessionStore, key: &StoreKey, claim: Version, landed: &Landed) {
    let settled = match &landed.outcome {
        _ if !landed.spent => Settled::GivenUp,
        Ok(arrived) => written(arrived).map_or(Settled::InVain, Settled::Done),
        Err(_) => Settled::InVain,
    };
    if let Err(error) = store.settle(key, claim, settled).await {
        tracing::warn!(target: "authsession::login", %error, "what came of a sign-in was not told to other replicas");
    }
}

fn written(arrived: &Arrived) -> Option<Secret> {
    match arrived {
        Arrived::SignedIn(id) => Some(format!("{SIGNED_IN}{}", id.expose()).into()),
        Arrived::ConsentWanted => Some(CONSENT_WANTED.into()),
        Arrived::OverAlready => Some(OVER_ALREADY.into()),
        Arrived::LostElsewhere => None,
    }
}

/// What another release says of it that this one does not know, nobody knows.
fn read(outcome: &str) -> Arrived {
    let signed_in = outcome.strip_prefix(SIGNED_IN).and_then(|id| SessionId::from_text(id.into()));
    match (signed_in, outcome) {
        (Some(id), _) => Arrived::SignedIn(id),
        (None, CONSENT_WANTED) => Arrived::ConsentWanted,
        (None, OVER_ALREADY) => Arrived::OverAlready,
        (None, _) => Arrived::LostElsewhere,
    }
}
