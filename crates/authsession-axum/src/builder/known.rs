//! The setter for a provider chosen by name, and what its row says where no setter was called.

use authsession_core::authorization::ResponseMode;
use authsession_core::client_auth::ClientAuth;
use authsession_core::secret::Secret;

use crate::builder::{EndpointsByHand, OAuthConfigurationBuilder};
use crate::errors::Error;
use crate::known_provider::{KnownProvider, Place};
use crate::provider_table::{Address, ClientSecret};

const SCOPES: [&str; 3] = ["openid", "profile", "email"];

/// The provider chosen, and the endpoints its row gives.
#[derive(Debug)]
pub(super) struct Known {
    provider: KnownProvider,
    by_hand: EndpointsByHand,
}

impl OAuthConfigurationBuilder {
    /// The provider, chosen by name: its address, scopes and habits are those of its row in the
    /// [table](crate::provider_table::TABLE). What is discovered is discovered as by [`with_issuer`](Self::with_issuer).
    ///
    /// Of this, [`with_issuer`](Self::with_issuer) and [`with_tenant_issuers`](Self::with_tenant_issuers) the last one called
    /// counts; another one forgets the row. Every other setter goes before the row, whether it is called earlier or later.
    ///
    /// # Errors
    /// Those of [`with_issuer`](Self::with_issuer), and [`Error::Misconfigured`] when what the application filled in does not fit:
    /// a tenant that is not named by its id, a key that cannot sign.
    pub async fn with_provider(mut self, provider: KnownProvider) -> Result<Self, Error> {
        let mut by_hand = EndpointsByHand::default();
        self = match provider.place()? {
            Place::Issuer { issuer, end_session } => {
                by_hand.end_session = end_session;
                self.with_issuer(&issuer).await?
            }
            Place::Tenants { at, issuers } => self.with_tenant_issuers(&at, issuers).await?,
            Place::ByHand { base } => {
                by_hand = EndpointsByHand::known(&provider, &base);
                (self.issuer, self.tenants, self.discovered) = (None, None, None);
                self
            }
        };
        self.known = Some(Known { provider, by_hand });
        Ok(self)
    }

    /// Fills in what the provider's row says and no setter did.
    pub(super) fn fill_in(&mut self) {
        let Some(Known { provider, by_hand }) = &mut self.known else { return };
        let row = provider.row;
        self.by_hand.fill_in(std::mem::take(by_hand));
        let set = |name: &str| self.authorization_parameters.iter().any(|(set, _)| set == name);
        let missing: Vec<_> = row.parameters.iter().filter(|(name, _)| !set(name)).copied().collect();
        let missing = missing.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        self.authorization_parameters.extend(missing);
        self.scopes.get_or_insert_with(|| row.scopes.iter().copied().map(str::to_owned).collect());
        self.subject_claim.get_or_insert_with(|| row.subject_claim.to_owned());
        self.token_lifetime.assumed = row.assumed_token_lifetime;
        // Ahead of time is not before that.
        let shortest =
            row.least_refresh_interval.map(|interval| interval.saturating_add(self.refresh_margin));
        self.token_lifetime.shortest = shortest;
        self.response_mode = self.response_mode.or(row.form_post.then_some(ResponseMode::FormPost));
        let consent = row.refresh_token_with_consent.then_some(true);
        self.consent_for_refresh_token = self.consent_for_refresh_token.or(consent);
    }

    /// How the client authenticates.
    pub(super) fn authentication(&mut self) -> Result<ClientAuth, Error> {
        if let Some(by_key) = self.authentication_by_key()? {
            return Ok(by_key);
        }
        let row = self.known.as_ref().map(|known| known.provider.row);
        let habit: fn(Secret) -> ClientAuth = match row.map(|row| row.client_secret) {
            Some(ClientSecret::InBody | ClientSecret::Signed) => ClientAuth::SecretPost,
            Some(ClientSecret::AsAnnounced) | None => ClientAuth::Secret,
        };
        match self.client_secret.take() {
            None => {
                let signed =
                    self.known.as_ref().and_then(|known| known.provider.signed_secret(&self.client_id));
                Ok(signed.unwrap_or(ClientAuth::None))
            }
            Some(secret) if secret.is_empty() => {
                Err(Error::misconfigured("the client secret is empty: leave it out for a public client"))
            }
            Some(secret) => Ok(self.client_auth.unwrap_or(habit)(secret)),
        }
    }

    /// The scope asked for.
    pub(super) fn scope(&self) -> String {
        self.scopes.as_ref().map_or_else(|| SCOPES.join(" "), |scopes| scopes.join(" "))
    }
}

impl EndpointsByHand {
    fn known(provider: &KnownProvider, base: &str) -> Self {
        let Address::ByHand { base: home, authorization, token, jwks, userinfo, revocation } =
            provider.row.address
        else {
            return Self::default();
        };
        let below = |path: &str| format!("{base}{path}");
        Self {
            issuer: jwks.is_some().then(|| base.to_owned()),
            authorization: Some(below(authorization)),
            token: Some(below(token)),
            jwks: jwks.map(below),
            userinfo: userinfo.map(|(url, path)| if base == home { url.to_owned() } else { below(path) }),
            revocation: revocation.map(below),
            end_session: None,
        }
    }

    fn fill_in(&mut self, row: Self) {
        let pairs = [
            (&mut self.issuer, row.issuer),
            (&mut self.authorization, row.authorization),
            (&mut self.token, row.token),
            (&mut self.jwks, row.jwks),
            (&mut self.userinfo, row.userinfo),
            (&mut self.revocation, row.revocation),
            (&mut self.end_session, row.end_session),
        ];
        for (set, known) in pairs {
            *set = set.take().or(known);
        }
    }
}
