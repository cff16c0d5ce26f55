//! Redeems a code, verifies who signed in, and keeps their session (RFC 6749 §4.1.3, OpenID Connect Core §3.1.3).

use std::sync::Arc;

use authsession_core::authorization::PendingAuthorization;
use authsession_core::claims::IdTokenClaims;
use authsession_core::clock::Timestamp;
use authsession_core::error::Error as ProtocolError;
use authsession_core::grant::authorization_code::AuthorizationCode;
use authsession_core::id_token::LoginExpectations;
use authsession_core::secret::Secret;
use authsession_core::token_set::TokenSet;
use authsession_core::userinfo;
use authsession_store::key::{SessionId, StoreKey};
use authsession_store::record::{Later, SessionRecord};
use serde_json::{Map, Value};

use crate::config::OAuthConfiguration;
use crate::errors::Error;
use crate::keeper::Keeper;
use crate::landings::Arrived;
use crate::userinfo::{beside, subject_of};
use crate::watch;

/// What the browser brought, once its state is known to be this login's.
pub(super) struct Homecoming {
    pub(super) pending: PendingAuthorization,
    pub(super) code: Secret,
    /// The session the browser had before: it ends.
    pub(super) replaced: Option<StoreKey>,
    /// Whether the user wants to be remembered.
    pub(super) remember_me: bool,
    /// Whether to come back with the user's consent if the code brings no refresh token.
    pub(super) may_ask_for_consent: bool,
    /// What the form said of the user. Nobody vouches for it.
    pub(super) user: Option<Value>,
}

/// Redeems the code and keeps the session of whoever it proves to be. A session the browser had before ends.
pub(super) async fn sign_in(keeper: Keeper, home: Homecoming) -> Result<Arrived, Error> {
    let Homecoming { pending, code, replaced, remember_me, may_ask_for_consent, user: told } = home;
    let configuration = &keeper.configuration;
    let redirect_uri =
        configuration.send_redirect_uri_to_token_endpoint.then(|| pending.redirect_uri.clone());
    let grant = AuthorizationCode { code, redirect_uri, code_verifier: pending.code_verifier.clone() };
    let answer = configuration.token_endpoint.redeem(&grant).await;
    watch::clock_skew(configuration.clock_skew());
    let mut tokens = answer?;
    let received = tokens.refresh_token.clone();
    let user = match who(&keeper, &pending, &grant.code, &mut tokens).await {
        Ok(user) => user,
        Err(error) => {
            keeper.revoke_one_behind(received);
            return Err(error);
        }
    };
    if let Err(error) = configuration.kept.take(&user.issuer, None, &mut tokens) {
        keeper.revoke_one_behind(received);
        return Err(error.into());
    }
    configuration.limit_token_age(&mut tokens);
    let now = configuration.clock.now();
    let limits = configuration.session_limits;
    let remembered = limits.remembers(remember_me);
    let expires_at = limits.expires_at(now, remembered, user.session_expiry);
    if expires_at <= now {
        tracing::warn!(target: "authsession::login", "the ID token's session_expiry is over: nobody is signed in");
        keeper.revoke_one_behind(received);
        return Ok(Arrived::OverAlready);
    }
    let record = SessionRecord {
        tokens,
        issuer: user.issuer,
        client_id: Arc::clone(&configuration.client_id),
        subject: user.subject.into(),
        provider_session: user.provider_session.map(Box::from),
        userinfo: beside(told, user.userinfo).map(|claims| Value::Object(claims).to_string().into()),
        created_at: now,
        expires_at,
        remembered,
        refresh_sent_at: None,
        refused: None,
        later: Later::default(),
        userinfo_is_newer: false,
        id_token_refused: false,
    };
    if received.is_none() && may_ask_for_consent && configuration.consent_for_refresh_token {
        let inherits = match replaced {
            Some(before) => keeper.will_inherit(&record, before).await?,
            None => false,
        };
        if !inherits {
            // The tokens are left to expire: to revoke one takes the user's whole grant away at providers that do this.
            tracing::info!(target: "authsession::login", "no refresh token came; asking for the user's consent, once");
            return Ok(Arrived::ConsentWanted);
        }
    }
    // Always a new id: one that somebody planted in the browser never becomes a session.
    let id = SessionId::generate()?;
    let key = StoreKey::of(&id);
    let session = match keeper.store.create(&key, record, now + limits.idle_timeout(remembered)).await {
        Ok(session) => session,
        Err(error) => {
            keeper.revoke_one_behind(received);
            return Err(error.into());
        }
    };
    if let Some(before) = replaced {
        keeper.replace(before, key, &session).await;
    }
    keeper.sweep_behind();
    watch::signed_in(key);
    Ok(Arrived::SignedIn(id))
}

/// Who signed in.
struct User {
    issuer: Arc<str>,
    subject: String,
    provider_session: Option<String>,
    userinfo: Option<Map<String, Value>>,
    /// When the provider says that the session must end.
    session_expiry: Option<Timestamp>,
}

/// Verifies who the tokens are for.
async fn who(
    keeper: &Keeper,
    pending: &PendingAuthorization,
    code: &Secret,
    tokens: &mut TokenSet,
) -> Result<User, Error> {
    let configuration = &keeper.configuration;
    if !configuration.is_oidc() {
        // Nobody vouches for it: a plain OAuth 2.0 login verifies none.
        tokens.id_token = None;
        let userinfo = userinfo(configuration, &tokens.access_token, None).await?;
        let subject = match &userinfo {
            Some(claims) => subject_of(claims, &configuration.subject_claim)?,
            None => String::new(),
        };
        let issuer = configuration.issuer_of_session(None);
        return Ok(User { issuer, subject, provider_session: None, userinfo, session_expiry: None });
    }
    let id_token = tokens
        .id_token
        .as_ref()
        .ok_or_else(|| ProtocolError::untrusted("the provider was asked for an ID token and sent none"))?;
    let expected = LoginExpectations::of(pending, &tokens.access_token, Some(code));
    let now = configuration.clock.now();
    let verifier = &configuration.id_token_verifier;
    let claims = verifier.verify_login(&configuration.provider, id_token, now, &expected).await?;
    let userinfo = userinfo(configuration, &tokens.access_token, Some(&claims)).await?;
    let issuer = configuration.issuer_of_session(Some(&claims.issuer));
    let session_expiry = keeper.session_expiry(&claims);
    let IdTokenClaims { subject, provider_session, .. } = claims;
    Ok(User { issuer, subject, provider_session, userinfo, session_expiry })
}

async fn userinfo(
    configuration: &OAuthConfiguration,
    access_token: &Secret,
    claims: Option<&IdTokenClaims>,
) -> Result<Option<Map<String, Value>>, Error> {
    if !configuration.fetch_userinfo {
        return Ok(None);
    }
    let subject = claims.map(|claims| claims.subject.as_str());
    let OAuthConfiguration { http, provider, id_token_verifier, .. } = configuration;
    Ok(Some(userinfo::userinfo(http, provider, id_token_verifier, access_token, subject).await?))
}
