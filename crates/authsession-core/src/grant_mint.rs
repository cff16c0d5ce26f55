//! New tokens for a grant that can be made again at any time: client credentials, signed assertions, exchanged tokens.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::assertion::Assertion;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::grant::Grant;
use crate::grant::client_credentials::ClientCredentials;
use crate::grant::jwt_bearer::JwtBearer;
use crate::grant::token_exchange::TokenExchange;
use crate::signer::Signer;
use crate::token_cache::Mint;
use crate::token_endpoint::TokenEndpoint;
use crate::token_set::TokenSet;

/// Clocks that turn out to be this far apart explain a refusal.
const EXPLAINS: Duration = Duration::from_secs(30);

/// Makes a grant, each time one is needed.
#[async_trait]
pub trait GrantMaker: Send + Sync + fmt::Debug {
    /// A grant that is good at `now`, which is the provider's time.
    ///
    /// # Errors
    /// What keeps it from being made, such as a signer that is away.
    async fn grant(&self, now: Timestamp) -> Result<Box<dyn Grant>, Error>;

    /// Whether a grant made anew may be taken where this one was refused. It is then tried, once.
    fn is_worth_another(&self, _refusal: &Error) -> bool {
        false
    }

    /// What to look at when the provider refuses it.
    fn remedy(&self) -> &'static str {
        "check what it is made of, and whether the client may use it"
    }
}

/// Redeems grants, for a [`TokenCache`](crate::token_cache::TokenCache).
///
/// When the clocks turn out to be apart, by the `Date` of a refusal, a grant is made for the provider's time and tried once
/// more.
#[derive(Debug)]
pub struct GrantMint {
    endpoint: TokenEndpoint,
    maker: Arc<dyn GrantMaker>,
}

impl GrantMint {
    /// Redeems what `maker` makes at `endpoint`.
    #[must_use]
    pub fn new(endpoint: TokenEndpoint, maker: Arc<dyn GrantMaker>) -> Self {
        Self { endpoint, maker }
    }

    async fn redeem(&self) -> Result<TokenSet, Error> {
        let grant = self.maker.grant(self.endpoint.provider_now()).await?;
        self.endpoint.redeem(&*grant).await
    }
}

#[async_trait]
impl Mint for GrantMint {
    async fn mint(&self) -> Result<TokenSet, Error> {
        let before = self.endpoint.skew();
        let refusal = match self.redeem().await {
            Err(error @ (Error::GrantRefused { .. } | Error::Misconfigured { .. })) => error,
            outcome => return outcome,
        };
        let skewed = self.endpoint.skew().millis().abs_diff(before.millis());
        let explained = Duration::from_millis(skewed) >= EXPLAINS;
        let outcome = if explained || self.maker.is_worth_another(&refusal) {
            self.redeem().await
        } else {
            Err(refusal)
        };
        outcome.map_err(|error| match error {
            // Nobody signs in to this; what is wrong is what the grant was made of.
            Error::GrantRefused { code, cause: None } => Error::Misconfigured {
                hint: format!("the provider refused the grant ({code}): {}", self.maker.remedy()).into(),
                cause: Some(Arc::new(Error::grant_refused(code))),
            },
            error => error,
        })
    }
}

#[async_trait]
impl GrantMaker for ClientCredentials {
    async fn grant(&self, _now: Timestamp) -> Result<Box<dyn Grant>, Error> {
        Ok(Box::new(self.clone()))
    }
}

#[async_trait]
impl GrantMaker for TokenExchange {
    async fn grant(&self, _now: Timestamp) -> Result<Box<dyn Grant>, Error> {
        Ok(Box::new(self.clone()))
    }
}

/// Makes JWT bearer grants (RFC 7523 §2.1).
#[derive(Clone, Debug)]
pub struct SignedAssertion {
    /// What each of them says.
    pub assertion: Assertion,
    /// Who signs them.
    pub signer: Arc<dyn Signer>,
    /// The scope to ask for.
    pub scope: Option<String>,
}

#[async_trait]
impl GrantMaker for SignedAssertion {
    async fn grant(&self, now: Timestamp) -> Result<Box<dyn Grant>, Error> {
        let assertion = self.assertion.sign(&*self.signer, now).await?;
        Ok(Box::new(JwtBearer { assertion, scope: self.scope.clone() }))
    }

    fn remedy(&self) -> &'static str {
        "check the assertion's issuer, subject and audience, that the provider knows the key, and this machine's clock"
    }
}
