//! The userinfo, fetched anew after each refresh (OpenID Connect Core §5.3): roles it tells must not wait for the next login.

use std::sync::Arc;

use authsession_core::error::Error as ProtocolError;
use authsession_core::userinfo;
use authsession_store::key::StoreKey;
use authsession_store::record::{SessionRecord, StoredSession};
use authsession_store::store::{Found, StoreError, Updated};
use serde_json::{Map, Value};

use crate::config::OAuthConfiguration;
use crate::errors::Error;
use crate::keeper::Keeper;

/// How often it is tried to be saved while others save too.
const TRIES: u32 = 8;

impl Keeper {
    /// Brings the userinfo of a session that was just refreshed up to date, behind everybody's back: the tokens are saved
    /// already. Whatever goes wrong, what was known so far stays.
    pub(crate) fn renew_userinfo_behind(&self, key: StoreKey, refreshed: &Arc<StoredSession>) {
        if !self.configuration.fetch_userinfo {
            return;
        }
        let (keeper, refreshed) = (self.clone(), Arc::clone(refreshed));
        tokio::spawn(async move {
            match keeper.fetch_userinfo_of(&refreshed).await {
                Ok(claims) => {
                    let claims = Value::Object(claims).to_string();
                    if let Err(error) = keeper.save_userinfo(key, refreshed, &claims).await {
                        tracing::warn!(target: "authsession::refresh", session = ?key, %error, "a new userinfo was not saved; the old one stays");
                    }
                }
                Err(error) => {
                    tracing::warn!(target: "authsession::refresh", session = ?key, %error, "the userinfo was not renewed; the old one stays");
                }
            }
        });
    }

    async fn fetch_userinfo_of(&self, session: &StoredSession) -> Result<Map<String, Value>, Error> {
        let OAuthConfiguration { http, provider, id_token_verifier, .. } = &*self.configuration;
        let record = &session.record;
        let subject = self.configuration.is_oidc().then_some(&*record.subject);
        let token = &record.tokens.access_token;
        let claims = userinfo::userinfo(http, provider, id_token_verifier, token, subject).await?;
        if subject.is_none() && subject_of(&claims, &self.configuration.subject_claim)? != *record.subject {
            return Err(ProtocolError::untrusted("the userinfo after a refresh is about another user").into());
        }
        Ok(claims)
    }

    async fn save_userinfo(
        &self,
        key: StoreKey,
        refreshed: Arc<StoredSession>,
        claims: &str,
    ) -> Result<(), StoreError> {
        let mut session = Arc::clone(&refreshed);
        for _ in 0..TRIES {
            if session.record.userinfo.as_deref() == Some(claims) {
                return Ok(());
            }
            let record = SessionRecord { userinfo: Some(claims.into()), ..session.record.clone() };
            match self.store.update(&key, session.version, record).await? {
                Updated::Saved(_) | Updated::Ended => return Ok(()),
                Updated::Changed => {}
            }
            session = match self.store.load(&key).await? {
                // Refreshed once more meanwhile: that refresh brings its own.
                Found::Live { session, .. }
                    if session.record.tokens.access_token == refreshed.record.tokens.access_token =>
                {
                    session
                }
                _ => return Ok(()),
            };
        }
        Ok(())
    }
}

/// Who the user is at a provider without ID tokens: a text, or a number as GitHub has it.
pub(crate) fn subject_of(userinfo: &Map<String, Value>, claim: &str) -> Result<String, Error> {
    match userinfo.get(claim) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        _ => Err(Error::misconfigured(
            "the userinfo does not say who the user is: name the claim that does (with_subject_claim)",
        )),
    }
}
