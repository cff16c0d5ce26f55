//! The userinfo a session keeps, fetched anew after each refresh (OpenID Connect Core §5.3): roles it tells must not wait for the
//! next login.

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

/// The member of the claims under which what a form said of the user is kept.
const USER: &str = "user";
/// How often it is tried to be saved while others save too.
const TRIES: u32 = 8;

impl Keeper {
    /// Brings the userinfo of a session that was just refreshed up to date, behind everybody's back: the tokens are saved
    /// already. Whatever goes wrong, what was known so far stays.
    pub(crate) fn renew_userinfo_behind(
        &self,
        key: StoreKey,
        before: &StoredSession,
        refreshed: &Arc<StoredSession>,
    ) {
        if !self.configuration.fetch_userinfo {
            return;
        }
        let id_token = &refreshed.record.tokens.id_token;
        let is_newer = id_token.is_some() && *id_token == before.record.tokens.id_token;
        let (keeper, refreshed) = (self.clone(), Arc::clone(refreshed));
        tokio::spawn(async move {
            match keeper.fetch_userinfo_of(&refreshed).await {
                Ok(claims) => {
                    // It is said once, at the first login: nobody would say it again.
                    let by_form = keeper.configuration.takes_forms();
                    let told = if by_form { told_by_a_form(&refreshed.record) } else { None };
                    let claims = Value::from(beside(told, Some(claims))).to_string();
                    if let Err(error) = keeper.save_userinfo(key, refreshed, &claims, is_newer).await {
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
        is_newer: bool,
    ) -> Result<(), StoreError> {
        let mut session = Arc::clone(&refreshed);
        for _ in 0..TRIES {
            let (userinfo, userinfo_is_newer) = (Some(claims.into()), is_newer);
            if session.record.userinfo == userinfo && session.record.userinfo_is_newer == is_newer {
                return Ok(());
            }
            let record = SessionRecord { userinfo, userinfo_is_newer, ..session.record.clone() };
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

/// What a form said of the user, beside the userinfo and never in place of any of it.
pub(crate) fn beside(
    told: Option<Value>,
    userinfo: Option<Map<String, Value>>,
) -> Option<Map<String, Value>> {
    let Some(told) = told else { return userinfo };
    let mut claims = userinfo.unwrap_or_default();
    claims.entry(USER).or_insert(told);
    Some(claims)
}

fn told_by_a_form(record: &SessionRecord) -> Option<Value> {
    let mut claims: Map<String, Value> = serde_json::from_str(record.userinfo.as_deref()?).ok()?;
    claims.remove(USER)
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
