//! The JWT bearer grant (RFC 7523 §2.1): a token for whom a signed assertion speaks.

use crate::grant::Grant;
use crate::http::Form;
use crate::secret::Secret;

/// A signed assertion, of our own ([`Assertion`](crate::assertion::Assertion)) or of somebody the provider believes. One that
/// has a `jti` can be presented once.
#[derive(Clone, Debug)]
pub struct JwtBearer {
    /// The assertion.
    pub assertion: Secret,
    /// The scope to ask for; `None` leaves it to the provider.
    pub scope: Option<String>,
}

impl Grant for JwtBearer {
    fn write(&self, form: &mut Form) {
        form.push("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
        form.push("assertion", self.assertion.expose());
        if let Some(scope) = &self.scope {
            form.push("scope", scope);
        }
    }
}
