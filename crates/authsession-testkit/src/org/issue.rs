//! Sessions opened, and the token answers that tell of them.

use crate::forgery::Forgery;
use crate::keys::SigningAlgorithm;
use crate::keys::hmac_sha256;
use crate::org::books::Purpose;
use crate::org::books::Refresh;
use crate::org::books::Session;
use crate::org::connected_app::ConnectedApp;
use crate::org::identifier::short;
use crate::org::refusal::Refusal;
use crate::org::tenant::Tenant;
use crate::org::user::OrgUser;
use crate::random::unguessable;
use crate::tokens;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use std::io;
use std::time::UNIX_EPOCH;

/// How long an ID token lives, in seconds.
const ID_TOKEN_LIFETIME: u64 = 120;

impl From<io::Error> for Refusal {
    fn from(_: io::Error) -> Self {
        Self::SERVER
    }
}

impl Tenant {
    /// Whether this user may use this app without being asked.
    pub(crate) fn may_use(&self, app: &ConnectedApp, user: &OrgUser) -> Result<(), Refusal> {
        if !user.active {
            return Err(Refusal::INACTIVE);
        }
        if app.admin_approved_only {
            return if user.admin_approved { Ok(()) } else { Err(Refusal::APP_ACCESS) };
        }
        let said_yes = self.books().approved.contains(&(user.username.clone(), app.key.clone()));
        if user.approves || said_yes { Ok(()) } else { Err(Refusal::NOT_APPROVED) }
    }

    /// A session for this purpose: a login, which the user must have left.
    pub(crate) fn log_in(&self, purpose: &Purpose, approval: Option<usize>) -> Result<String, Refusal> {
        let now = self.clock.now();
        let mut books = self.books();
        if !books.log_in(&purpose.username, now, self.settings.login_budget) {
            return Err(Refusal::RATE);
        }
        let timeout = self.settings.session_timeout;
        if self.settings.relogin_returns_same_session
            && let Some(token) = books.matching(purpose, approval, now, timeout)
        {
            books.used(&token, now, timeout);
            return Ok(token);
        }
        let token = format!("{}!AQ{}.{}", short(&self.settings.organization), unguessable()?, unguessable()?);
        let session =
            Session { purpose: purpose.clone(), approval, opened: now, last_used: now, ended: false };
        books.sessions.insert(token.clone(), session);
        Ok(token)
    }

    /// One more refresh token of an approval.
    pub(crate) fn refresh_token(&self, approval: usize) -> Result<String, Refusal> {
        let token = format!("5Aep861{}{}", unguessable()?, unguessable()?);
        self.books().refresh.insert(token.clone(), Refresh { approval, used: false });
        Ok(token)
    }

    /// The members every token answer has.
    pub(crate) fn token_answer(&self, token: &str, purpose: &Purpose) -> Map<String, Value> {
        let mut answer = Map::new();
        answer.insert("access_token".into(), token.into());
        answer.insert("scope".into(), purpose.scope.clone().into());
        answer.insert("instance_url".into(), self.settings.instance_url.clone().into());
        answer.insert("id".into(), self.identity_url(&purpose.username).into());
        answer.insert("token_type".into(), "Bearer".into());
        answer
    }

    /// The same, and when it was issued, with the signature that proves both to who knows the secret.
    pub(crate) fn signed_token_answer(
        &self,
        token: &str,
        purpose: &Purpose,
        app: &ConnectedApp,
    ) -> Map<String, Value> {
        let mut answer = self.token_answer(token, purpose);
        let issued_at = self.clock.now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        let message = format!("{}{issued_at}", self.identity_url(&purpose.username));
        let signature = STANDARD.encode(hmac_sha256(app.secret.as_bytes(), message.as_bytes()));
        answer.insert("issued_at".into(), issued_at.to_string().into());
        answer.insert("signature".into(), signature.into());
        answer
    }

    /// The ID token for these, if the scope has `openid`.
    pub(crate) fn id_token(
        &self,
        token: &str,
        purpose: &Purpose,
        nonce: Option<&str>,
        forgery: Option<&Forgery>,
    ) -> Result<Option<String>, Refusal> {
        if !purpose.has_scope("openid") {
            return Ok(None);
        }
        let now = self.clock.unix_seconds();
        let mut claims = json!({
            "iss": self.settings.url,
            "sub": self.identity_url(&purpose.username),
            "aud": purpose.app,
            "iat": now,
            "exp": now + ID_TOKEN_LIFETIME,
            "at_hash": tokens::at_hash(SigningAlgorithm::Rs256, token),
        });
        if let Some(nonce) = nonce {
            claims["nonce"] = nonce.into();
        }
        Ok(Some(self.with_keys(|keys| tokens::sign(keys, claims, "", forgery))?))
    }

    pub(crate) fn open_session(&self, username: &str) -> io::Result<String> {
        let purpose = self.purpose_of_first_app(username);
        self.log_in(&purpose, None).map_err(|refusal| io::Error::other(refusal.1))
    }

    pub(crate) fn approve(&self, username: &str) -> io::Result<String> {
        let purpose = self.purpose_of_first_app(username);
        let approval = self.books().approve(&purpose);
        self.refresh_token(approval).map_err(|refusal| io::Error::other(refusal.1))
    }

    fn purpose_of_first_app(&self, username: &str) -> Purpose {
        let orders = self.orders();
        let (app, scope) =
            orders.apps.first().map_or_else(Default::default, |app| (app.key.clone(), app.scopes.clone()));
        Purpose { username: username.to_owned(), app, scope }
    }
}
