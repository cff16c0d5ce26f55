//! A kept login as a session for Salesforce.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use authsession_core::secret::Secret;
use authsession_core::single_flight::SingleFlight;
use authsession_core::token_set::TokenSet;
use authsession_salesforce::auth::AuthSession;
use authsession_salesforce::{CirrusError, CirrusResult, SharedAuth};

use crate::arguments::kept::KeptArguments;
use crate::errors::Error;
use crate::kept_login::KeptLogin;

/// The login, and the token at hand.
#[derive(Clone)]
pub(crate) struct KeptSession {
    kept: Arc<KeptArguments>,
    instance_url: Arc<str>,
    held: Arc<Mutex<Held>>,
    renewals: Arc<SingleFlight<(), CirrusResult<Secret>>>,
    failure: Arc<Mutex<Option<Error>>>,
}

#[derive(Default)]
struct Held {
    token: Option<Secret>,
    refused: Option<Secret>,
}

impl KeptSession {
    /// The login the arguments name.
    pub(crate) async fn open(kept: &KeptArguments, instance_url: Option<String>) -> Result<Self, Error> {
        let tokens = renewed(kept, None).await?;
        let instance_url = instance_url.or_else(|| tokens.extras.get("instance_url").map(str::to_owned));
        let instance_url = instance_url.ok_or(Error::Arguments(
            "name the org with --instance-url: the login's provider does not say which it is",
        ))?;
        let held = Held { token: Some(tokens.access_token), refused: None };
        Ok(Self {
            kept: Arc::new(kept.clone()),
            instance_url: instance_url.trim_end_matches('/').into(),
            held: Arc::new(Mutex::new(held)),
            renewals: Arc::new(SingleFlight::new()),
            failure: Arc::default(),
        })
    }

    pub(crate) fn shared(&self) -> SharedAuth {
        Arc::new(self.clone())
    }

    /// Why there was no token, if that is why a call failed.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Waits until no token is being renewed.
    pub(crate) async fn settle(&self) {
        self.renewals.landed().await;
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn token(self) -> CirrusResult<Secret> {
        let refused = {
            let held = self.held();
            if let Some(token) = &held.token {
                return Ok(token.clone());
            }
            held.refused.clone()
        };
        match renewed(&self.kept, refused).await {
            Ok(tokens) => {
                self.held().token = Some(tokens.access_token.clone());
                Ok(tokens.access_token)
            }
            Err(error) => {
                let told = CirrusError::Other(error.to_string());
                *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                Err(told)
            }
        }
    }
}

/// A token kept or new, but not that one. The file's lock is let go again.
async fn renewed(kept: &KeptArguments, refused: Option<Secret>) -> Result<TokenSet, Error> {
    let login = KeptLogin::find(kept, refused).await?;
    login.token().await.map_err(|error| Error::no_token(&kept.store, error))
}

#[async_trait]
impl AuthSession for KeptSession {
    async fn access_token(&self) -> CirrusResult<Cow<'_, str>> {
        let kept = self.held().token.clone();
        let token = match kept {
            Some(token) => token,
            None => {
                let renewal = self.renewals.run((), || self.clone().token()).await;
                renewal.map_err(|_| CirrusError::Other("the token could not be renewed".to_owned()))??
            }
        };
        Ok(Cow::Owned(token.expose().to_owned()))
    }

    fn instance_url(&self) -> &str {
        &self.instance_url
    }

    async fn invalidate(&self, stale_token: &str) {
        let mut held = self.held();
        if let Some(stale) = held.token.take_if(|token| token.expose() == stale_token) {
            held.refused = Some(stale);
        }
    }
}
