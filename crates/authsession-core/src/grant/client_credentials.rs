//! The client credentials grant (RFC 6749 §4.4.2): a token for the client itself.

use crate::grant::Grant;
use crate::http::Form;

/// Asks for a token for the client itself; what proves who it is, is its
/// [`ClientAuth`](crate::client_auth::ClientAuth).
#[derive(Clone, Debug, Default)]
pub struct ClientCredentials {
    /// The scope to ask for; `None` leaves it to the provider.
    pub scope: Option<String>,
    /// `audience`: which API the token is for, at providers that ask so.
    pub audience: Option<String>,
    /// `resource`: the URIs of what the token is for (RFC 8707 §2.2).
    pub resource: Vec<String>,
}

impl Grant for ClientCredentials {
    fn write(&self, form: &mut Form) {
        form.push("grant_type", "client_credentials");
        let optional = [("scope", &self.scope), ("audience", &self.audience)];
        for (name, value) in optional {
            if let Some(value) = value {
                form.push(name, value);
            }
        }
        for resource in &self.resource {
            form.push("resource", resource);
        }
    }
}
