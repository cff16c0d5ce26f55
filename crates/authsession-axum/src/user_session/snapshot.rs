//! How the token of a user's session does, for health checks: a look that starts nothing and is no use of the session.

use authsession_core::token_cache::snapshot::{Snapshot, State};
use authsession_core::token_set::Freshness;
use authsession_store::key::StoreKey;

use crate::engine::Engine;
use crate::keeper::Look;

pub(super) fn snapshot(engine: &Engine, key: StoreKey) -> Option<Snapshot> {
    let found = engine.keeper().store.load_at_once(&key)?;
    let Ok(live) = engine.keeper().judge(key, found, Look::Aside) else {
        return Some(Snapshot::new(State::Dead, None));
    };
    let tokens = &live.session.record.tokens;
    let pause = engine.pause(&key);
    let state = match engine.freshness(&live.session) {
        Freshness::Fresh => State::Fresh,
        Freshness::Stale if pause.is_zero() => State::Stale,
        Freshness::Stale => State::Failing,
        Freshness::Expired if tokens.refresh_token.is_none() => State::Dead,
        Freshness::Expired if pause.is_zero() => State::Empty,
        Freshness::Expired => State::Unavailable,
    };
    let mut snapshot = Snapshot::new(state, tokens.expires_at);
    snapshot.last_refresh = Some(tokens.received_at);
    snapshot.pause = pause;
    Some(snapshot)
}
