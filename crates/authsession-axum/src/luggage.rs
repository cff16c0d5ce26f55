//! Luggage: a session that travels in its user's cookies, unpacked when a request asks for it and packed again when it changed.

use authsession_store::key::StoreKey;
use authsession_store::store::Carried;
use axum::response::Response;
use http::{HeaderMap, HeaderValue};

use crate::cookie::Lasts;
use crate::cookie::{self, Chunks};
use crate::keeper::Keeper;

/// What one request brought of its session.
#[derive(Debug)]
pub(crate) struct Luggage {
    key: StoreKey,
    has: Option<Carried>,
    chunks: Chunks,
}

impl Luggage {
    /// Has the store take in what the request brought of that session. `None` where the store keeps sessions itself.
    pub(crate) fn unpack(keeper: &Keeper, key: StoreKey, headers: &HeaderMap) -> Option<Self> {
        let carrier = keeper.store.carrier()?;
        let chunks = keeper.configuration.cookies.chunks(headers, &key);
        let has = carrier.take_in(&keeper.configuration.key_ring, &key, &chunks.text);
        Some(Self { key, has, chunks })
    }

    /// Gives the response what the browser has not yet. A session that is over leaves its cookies where they are, as its id:
    /// they open nothing, and only a login or a logout knows that no other request needs them.
    pub(crate) fn pack_into(&self, response: &mut Response, keeper: &Keeper) {
        cookie::set(response.headers_mut(), self.pack(keeper));
    }

    /// The cookies of a session that begins: all it needs, and none of another one's left.
    pub(crate) fn of_a_login(keeper: &Keeper, key: StoreKey, headers: &HeaderMap) -> Vec<HeaderValue> {
        let Some(luggage) = Self::unpack(keeper, key, headers) else { return Vec::new() };
        let mut cookies = luggage.pack(keeper);
        cookies.extend(keeper.configuration.cookies.drop_other_chunks(headers, Some(&key)));
        cookies
    }

    /// The cookies that clear away whatever session the browser brought, and all of this one.
    pub(crate) fn left_behind(
        keeper: &Keeper,
        key: Option<StoreKey>,
        headers: &HeaderMap,
    ) -> Vec<HeaderValue> {
        if keeper.store.carrier().is_none() {
            return Vec::new();
        }
        let cookies = &keeper.configuration.cookies;
        let own = key.iter().flat_map(|key| cookies.drop_chunks(key));
        own.chain(cookies.drop_other_chunks(headers, key.as_ref())).collect()
    }

    fn pack(&self, keeper: &Keeper) -> Vec<HeaderValue> {
        let (configuration, key) = (&keeper.configuration, &self.key);
        let Some(carrier) = keeper.store.carrier() else { return Vec::new() };
        match carrier.hand_out(&configuration.key_ring, key, self.has) {
            Ok(Some(parcel)) => {
                let lasts = match configuration.session_limits.cookie_lasts(parcel.remembered) {
                    Lasts::For(_) => Lasts::For(parcel.expires_at.since(configuration.clock.now())),
                    until_the_browser_closes => until_the_browser_closes,
                };
                configuration.cookies.keep_chunks(key, parcel.text.expose(), lasts, &self.chunks)
            }
            Ok(None) => Vec::new(),
            Err(error) => {
                tracing::error!(target: "authsession::session", session = ?key, %error, "a session's new state does not reach its browser; this process serves it");
                Vec::new()
            }
        }
    }
}
