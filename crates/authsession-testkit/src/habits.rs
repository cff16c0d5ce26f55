//! What real providers do differently: each habit was met in one that people use.

use crate::forgery::EditToken;
use crate::forgery::Forgery;
use crate::wire::Inquiry;
use crate::wire::Reply;
use serde_json::Map;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

type EditAnswer = Arc<dyn Fn(&mut Map<String, Value>) + Send + Sync>;
type EditParameters = Arc<dyn Fn(&mut Vec<(String, String)>) + Send + Sync>;

/// What a database says when it is asked to keep the same thing twice: nothing for a user's eyes.
pub const SQL: &str = "(sqlite3.IntegrityError) UNIQUE constraint failed: token.token_id [SQL: INSERT INTO token (token_id, \
                       access_token, refresh_token) VALUES (?, ?, ?)]";

/// Whom a client assertion must be made out to (RFC 7523 §3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AssertionAudience {
    /// The issuer or the token endpoint.
    #[default]
    Either,
    /// The issuer, and nothing else will do.
    Issuer,
    /// The token endpoint's URL, and nothing else will do.
    TokenEndpoint,
}

/// The habits of one provider; none unless stated.
///
/// ```
/// use authsession_testkit::habits::Habits;
/// use authsession_testkit::provider::Provider;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
/// let habits = Habits::default().token_type("bearer").terse_refusals();
/// let provider = Provider::builder().habits(habits).start().await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct Habits {
    token_answer: Vec<EditAnswer>,
    id_token: Vec<EditToken>,
    authorization_response: Vec<EditParameters>,
    terse_refusals: bool,
    pub(crate) one_token_a_second: bool,
    pub(crate) userinfo_refusal: Option<u16>,
    pub(crate) userinfo_signed: bool,
    pub(crate) assertion_audience: AssertionAudience,
    pub(crate) key_ids_withheld: bool,
    pub(crate) sha256_for_eddsa: bool,
    pub(crate) code_and_state_hashed: bool,
    pub(crate) refresh_ends_access_tokens: bool,
    pub(crate) refresh_token_with_consent: bool,
    pub(crate) revocation_spares_access_tokens: bool,
}

/// Of answers.
impl Habits {
    /// Writes the token type so: `bearer`, `Bearer`, `DPoP`.
    pub fn token_type(self, spelling: &'static str) -> Self {
        self.token_answer(move |answer| drop(answer.insert("token_type".to_owned(), spelling.into())))
    }

    /// Edits every token answer that brings tokens.
    pub fn token_answer(mut self, edit: impl Fn(&mut Map<String, Value>) + Send + Sync + 'static) -> Self {
        self.token_answer.push(Arc::new(edit));
        self
    }

    /// Edits header and claims of every ID token, before it is signed and before a scripted lie.
    pub fn id_token(mut self, edit: impl Fn(&mut Value, &mut Value) + Send + Sync + 'static) -> Self {
        self.id_token.push(Arc::new(edit));
        self
    }

    /// Edits the parameters of every authorization response, errors too.
    pub fn authorization_response(
        mut self,
        edit: impl Fn(&mut Vec<(String, String)>) + Send + Sync + 'static,
    ) -> Self {
        self.authorization_response.push(Arc::new(edit));
        self
    }

    /// Leaves `iss` out of authorization responses that are errors, whatever the metadata promise (RFC 9207 §2).
    pub fn no_iss_in_errors(self) -> Self {
        self.authorization_response(|parameters| {
            if parameters.iter().any(|(name, _)| name == "error") {
                parameters.retain(|(name, _)| name != "iss");
            }
        })
    }

    /// Refuses a refresh token with 400 and an empty body, a code with 403 and `invalid_code`, a client's assertion with 403
    /// and an empty body.
    pub fn terse_refusals(mut self) -> Self {
        self.terse_refusals = true;
        self
    }

    /// Fails with 500 and what its database said ([`SQL`]) when a second token is to be issued in the same second. What was
    /// presented can be presented again.
    pub fn one_token_a_second(mut self) -> Self {
        self.one_token_a_second = true;
        self
    }

    /// Refuses an access token at the userinfo endpoint with this status and no challenge.
    pub fn userinfo_refusal(mut self, status: u16) -> Self {
        self.userinfo_refusal = Some(status);
        self
    }

    /// Answers at the userinfo endpoint with a signed token (`application/jwt`).
    pub fn userinfo_signed(mut self) -> Self {
        self.userinfo_signed = true;
        self
    }

    /// Takes client assertions made out to this audience only.
    pub fn assertion_audience(mut self, audience: AssertionAudience) -> Self {
        self.assertion_audience = audience;
        self
    }
}

/// Of keys and hashes.
impl Habits {
    /// Names no key: no `kid` in ID tokens, none in the key set.
    pub fn key_ids_withheld(mut self) -> Self {
        self.key_ids_withheld = true;
        self.id_token(|header, _| {
            if let Value::Object(header) = header {
                header.remove("kid");
            }
        })
    }

    /// Makes the `at_hash` of ID tokens signed by EdDSA with SHA-256 instead of SHA-512.
    pub fn sha256_for_eddsa(mut self) -> Self {
        self.sha256_for_eddsa = true;
        self
    }

    /// Puts `c_hash` and `s_hash` into the ID token of the token endpoint too.
    pub fn code_and_state_hashed(mut self) -> Self {
        self.code_and_state_hashed = true;
        self
    }
}

/// Of lifetimes.
impl Habits {
    /// A refresh kills the grant's older access tokens at once.
    pub fn refresh_ends_access_tokens(mut self) -> Self {
        self.refresh_ends_access_tokens = true;
        self
    }

    /// Issues a refresh token only when the client asks for one (`access_type=offline`), and only as the user consents: the first
    /// time, and whenever the client says `prompt=consent`.
    pub fn refresh_token_with_consent(mut self) -> Self {
        self.refresh_token_with_consent = true;
        self
    }

    /// Revoking a refresh token leaves the grant's access tokens alive.
    pub fn revocation_spares_access_tokens(mut self) -> Self {
        self.revocation_spares_access_tokens = true;
        self
    }
}

impl Habits {
    pub(crate) fn issued(&self, mut reply: Reply) -> Reply {
        if let (Ok(mut answer), false) = (serde_json::from_slice(&reply.body), self.token_answer.is_empty()) {
            self.token_answer.iter().for_each(|edit| edit(&mut answer));
            reply.body = Value::Object(answer).to_string().into();
        }
        reply
    }

    pub(crate) fn refused(&self, inquiry: &Inquiry, reply: Reply) -> Reply {
        if !self.terse_refusals {
            return reply;
        }
        match (reply.status, inquiry.form("grant_type")) {
            (401, _) if inquiry.form("client_assertion").is_some() => Reply::empty(403),
            (400, Some("refresh_token")) => Reply::empty(400),
            (400, Some("authorization_code")) => {
                Reply::json(403, &serde_json::json!({ "error": "invalid_code" }))
            }
            _ => reply,
        }
    }

    pub(crate) fn sent_back(&self, parameters: &mut Vec<(String, String)>) {
        self.authorization_response.iter().for_each(|edit| edit(parameters));
    }

    /// What is done to an ID token: what is always done, and what the test scripted for this one.
    pub(crate) fn done_to_id_token(&self, scripted: Option<&Forgery>) -> Option<Forgery> {
        if self.id_token.is_empty() {
            return scripted.cloned();
        }
        let mut edits = self.id_token.clone();
        match scripted {
            None => {}
            Some(Forgery::Edited(edit)) => edits.push(Arc::clone(edit)),
            Some(other) => return Some(other.clone()),
        }
        Some(Forgery::Edited(Arc::new(move |header, claims| {
            edits.iter().for_each(|edit| edit(header, claims));
        })))
    }
}

impl fmt::Debug for Habits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Habits")
            .field("terse_refusals", &self.terse_refusals)
            .field("one_token_a_second", &self.one_token_a_second)
            .field("assertion_audience", &self.assertion_audience)
            .finish_non_exhaustive()
    }
}
