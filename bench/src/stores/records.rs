//! The sessions that are kept: each one's tokens are 2,374 bytes of what a large provider gives.

use std::sync::Arc;
use std::time::Duration;

use authsession_core::clock::{Clock, Timestamp};
use authsession_core::token_set::TokenSet;
use authsession_store::record::{Later, SessionRecord};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// All tokens of a session together.
pub(crate) const TOKENS: usize = 2_374;
/// How long sessions live unused, and at all.
pub(crate) const IDLE: Duration = Duration::from_secs(1800);
const AGE: Duration = Duration::from_secs(36_000);
/// An RSA signature of 2,048 bits.
const SIGNATURE: usize = 256;

/// Makes records of different users of one application.
pub(crate) struct Records {
    issuer: Arc<str>,
    client_id: Arc<str>,
    now: Timestamp,
    state: u64,
}

impl Records {
    pub(crate) fn new() -> Self {
        Self {
            issuer: "https://login.corp.example".into(),
            client_id: "my-web-app".into(),
            now: Clock::system().now(),
            state: 0x9e37_79b9_7f4a_7c15,
        }
    }

    /// The next user's session.
    pub(crate) fn next(&mut self) -> SessionRecord {
        let (subject, sid, seconds) = (self.uuid(), self.uuid(), self.now.unix_seconds());
        let access_token = self.access_token(&subject, &sid, seconds);
        let id_token = self.id_token(&subject, &sid, seconds);
        let left = TOKENS.saturating_sub(access_token.len() + id_token.len());
        let refresh_token: String = self.noise(left * 3 / 4 + 1).chars().take(left).collect();
        let mut tokens = TokenSet::new(access_token, self.now).expiring_after(Duration::from_secs(3600));
        tokens.refresh_token = Some(refresh_token.into());
        tokens.id_token = Some(id_token.into());
        tokens.scope = Some("openid profile email offline_access".into());
        SessionRecord {
            tokens,
            issuer: Arc::clone(&self.issuer),
            client_id: Arc::clone(&self.client_id),
            subject: subject.into(),
            provider_session: Some(sid.into()),
            userinfo: None,
            userinfo_is_newer: false,
            id_token_refused: false,
            created_at: self.now,
            expires_at: self.now + AGE,
            remembered: false,
            refresh_sent_at: None,
            refused: None,
            later: Later::default(),
        }
    }

    fn access_token(&mut self, subject: &str, sid: &str, now: i64) -> String {
        let (expires, id) = (now + 3600, self.uuid());
        let claims = format!(
            r#"{{"iss":"{}","sub":"{subject}","aud":["https://api.corp.example"],"client_id":"{}","exp":{expires},"iat":{now},"jti":"{id}","sid":"{sid}","scope":"openid profile email offline_access","roles":["orders.read","orders.write"]}}"#,
            self.issuer, self.client_id
        );
        self.signed("at+jwt", &claims)
    }

    fn id_token(&mut self, subject: &str, sid: &str, now: i64) -> String {
        let (expires, nonce, hash) = (now + 3600, self.noise(32), self.noise(16));
        let (given, family) = (self.noise(8), self.noise(8));
        let claims = format!(
            r#"{{"iss":"{}","sub":"{subject}","aud":"{}","exp":{expires},"iat":{now},"auth_time":{now},"nonce":"{nonce}","sid":"{sid}","at_hash":"{hash}","acr":"1","amr":["pwd","mfa"],"name":"{given} {family}","given_name":"{given}","family_name":"{family}","preferred_username":"{family}","email":"{family}@corp.example","email_verified":true}}"#,
            self.issuer, self.client_id
        );
        self.signed("JWT", &claims)
    }

    fn signed(&mut self, kind: &str, claims: &str) -> String {
        let header = format!(
            r#"{{"alg":"RS256","typ":"{kind}","kid":"fMdFvJ0rWk3cXQ9nJx5wqQyD2v8B4mZsT1uLhKpE6aI"}}"#
        );
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.{}", part(&header), part(claims), self.noise(SIGNATURE))
    }

    fn uuid(&mut self) -> String {
        let (a, b) = (self.random(), self.random());
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            a >> 32,
            a >> 16 & 0xffff,
            a & 0xffff,
            b >> 48,
            b & 0xffff_ffff_ffff
        )
    }

    /// Base64url of that many bytes that do not compress.
    fn noise(&mut self, length: usize) -> String {
        let bytes: Vec<u8> =
            (0..length.div_ceil(8)).flat_map(|_| self.random().to_le_bytes()).take(length).collect();
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn random(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

/// The same as most stores keep it: JSON, or what is made of it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Plain {
    access_token: String,
    token_type: String,
    refresh_token: Option<String>,
    id_token: Option<String>,
    scope: Option<String>,
    received_at: i64,
    tokens_expire_at: Option<i64>,
    issuer: String,
    client_id: String,
    subject: String,
    provider_session: Option<String>,
    created_at: i64,
    expires_at: i64,
}

impl Plain {
    pub(crate) fn of(record: &SessionRecord) -> Self {
        let tokens = &record.tokens;
        Self {
            access_token: tokens.access_token.expose().to_owned(),
            token_type: tokens.token_type.to_string(),
            refresh_token: tokens.refresh_token.as_ref().map(|token| token.expose().to_owned()),
            id_token: tokens.id_token.as_ref().map(|token| token.expose().to_owned()),
            scope: tokens.scope.as_deref().map(str::to_owned),
            received_at: tokens.received_at.unix_millis(),
            tokens_expire_at: tokens.expires_at.map(Timestamp::unix_millis),
            issuer: record.issuer.to_string(),
            client_id: record.client_id.to_string(),
            subject: record.subject.to_string(),
            provider_session: record.provider_session.as_deref().map(str::to_owned),
            created_at: record.created_at.unix_millis(),
            expires_at: record.expires_at.unix_millis(),
        }
    }
}
