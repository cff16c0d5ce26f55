//! The refresh token grant (RFC 6749 §6).

use crate::grant::Grant;
use crate::http::Form;
use crate::secret::Secret;

/// A refresh token. A provider that rotates takes it once: never present the same one twice at a time.
#[derive(Clone, Debug)]
pub struct RefreshToken {
    /// The token held.
    pub refresh_token: Secret,
    /// A narrower scope to ask for; `None` keeps the one granted.
    pub scope: Option<String>,
}

impl Grant for RefreshToken {
    fn write(&self, form: &mut Form) {
        form.push("grant_type", "refresh_token");
        form.push("refresh_token", self.refresh_token.expose());
        if let Some(scope) = &self.scope {
            form.push("scope", scope);
        }
    }
}
