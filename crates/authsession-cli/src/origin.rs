//! Where a login comes from: its provider and client, remembered in the file beside the tokens.

use authsession_core::extras::Extras;
use authsession_core::token_source::builder::TokenSourceBuilder;

use crate::errors::Error;

/// What is ours among the members a token set keeps.
const OURS: &str = "authsession.";
const ISSUER: &str = "authsession.issuer";
const TOKEN_ENDPOINT: &str = "authsession.token_endpoint";
const CLIENT_ID: &str = "authsession.client_id";

/// A provider, by its issuer or its token endpoint, and who we are there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    pub(crate) issuer: Option<String>,
    pub(crate) token_endpoint: Option<String>,
    pub(crate) client_id: Option<String>,
}

impl Origin {
    pub(crate) fn remembered(extras: &Extras) -> Self {
        let text = |name| extras.get(name).map(str::to_owned);
        Self { issuer: text(ISSUER), token_endpoint: text(TOKEN_ENDPOINT), client_id: text(CLIENT_ID) }
    }

    /// Whether the other one says something else: one's refresh token must not be shown to the other.
    pub(crate) fn contradicts(&self, other: &Self) -> bool {
        let differ =
            |one: &Option<String>, other: &Option<String>| one.is_some() && other.is_some() && one != other;
        differ(&self.issuer, &other.issuer)
            || differ(&self.token_endpoint, &other.token_endpoint)
            || differ(&self.client_id, &other.client_id)
    }

    /// The same; what it leaves out is as in the other one.
    pub(crate) fn or(self, other: Self) -> Self {
        let client_id = self.client_id.or(other.client_id);
        if self.issuer.is_some() || self.token_endpoint.is_some() {
            return Self { client_id, ..self };
        }
        Self { client_id, ..other }
    }

    /// Where new tokens come from.
    pub(crate) fn tell(&self, builder: TokenSourceBuilder) -> Result<TokenSourceBuilder, Error> {
        match (&self.issuer, &self.token_endpoint) {
            (Some(issuer), _) => Ok(builder.issuer(issuer)),
            (None, Some(url)) => Ok(builder.token_endpoint(url)),
            (None, None) => Err(Error::Arguments(
                "name the provider with --issuer or --token-endpoint: the file does not know it yet",
            )),
        }
    }

    /// Puts it among these members, before whatever a provider put there.
    pub(crate) fn remember(&self, among: &Extras) -> Extras {
        let named =
            [(ISSUER, &self.issuer), (TOKEN_ENDPOINT, &self.token_endpoint), (CLIENT_ID, &self.client_id)];
        let mut extras: Extras =
            named.into_iter().filter_map(|(name, text)| Some((name, text.as_deref()?))).collect();
        let is_ours = |name: &str| name.starts_with(OURS);
        let kept = among.iter().filter(|(name, _)| !named.iter().any(|(ours, _)| ours == name));
        let (ours, theirs): (Vec<_>, Vec<_>) = kept.partition(|(name, _)| is_ours(name));
        for (name, text) in ours.into_iter().chain(theirs) {
            extras.insert(name, text);
        }
        extras
    }
}
