//! The URL that signs the user out at the provider (OpenID Connect RP-Initiated Logout 1.0 §2).

use url::Url;

use crate::secret::Secret;

/// What goes into the logout request. `client_id` makes it valid where the hint is missing or expired.
#[derive(Clone, Debug)]
pub struct EndSessionRequest<'request> {
    /// The provider's `end_session_endpoint`.
    pub endpoint: &'request Url,
    /// `client_id`.
    pub client_id: &'request str,
    /// `id_token_hint`: the ID token held, expired or not.
    pub id_token_hint: Option<&'request Secret>,
    /// Where the browser comes back to; exactly as registered, absolute.
    pub post_logout_redirect_uri: Option<&'request str>,
    /// `state`, given back with the browser.
    pub state: Option<&'request str>,
}

impl EndSessionRequest<'_> {
    /// The URL to send the browser to. It carries the ID token, as the standard has it: do not log it.
    #[must_use]
    pub fn url(&self) -> Url {
        let mut url = self.endpoint.clone();
        let mut query = url.query_pairs_mut();
        query.append_pair("client_id", self.client_id);
        if let Some(hint) = self.id_token_hint {
            query.append_pair("id_token_hint", hint.expose());
        }
        if let Some(uri) = self.post_logout_redirect_uri {
            query.append_pair("post_logout_redirect_uri", uri);
            if let Some(state) = self.state {
                query.append_pair("state", state);
            }
        }
        drop(query);
        url
    }
}
