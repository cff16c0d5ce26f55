//! The authorization code grant with PKCE (RFC 6749 §4.1.3, RFC 7636 §4.5).

use crate::grant::Grant;
use crate::http::Form;
use crate::secret::Secret;

/// A code, with the proof that we asked for it.
#[derive(Clone, Debug)]
pub struct AuthorizationCode {
    /// The code of the authorization response.
    pub code: Secret,
    /// The `redirect_uri` of the authorization request; `None` leaves it out, for the rare provider that refuses it.
    pub redirect_uri: Option<String>,
    /// The code verifier.
    pub code_verifier: Secret,
}

impl Grant for AuthorizationCode {
    fn write(&self, form: &mut Form) {
        form.push("grant_type", "authorization_code");
        form.push("code", self.code.expose());
        if let Some(redirect_uri) = &self.redirect_uri {
            form.push("redirect_uri", redirect_uri);
        }
        form.push("code_verifier", self.code_verifier.expose());
    }
}
