//! Signed assertions, checked as Salesforce does: the certificate's signature, the audience, and an expiry it is lenient with.

use crate::org::connected_app::ConnectedApp;
use crate::org::endpoint::OrgEndpoint;
use crate::org::refusal::Refusal;
use crate::org::tenant::Tenant;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// How long after its `exp` an assertion still works, in seconds.
const LEEWAY: f64 = 180.0;
const HOSTS: [&str; 2] = ["https://login.salesforce.com", "https://test.salesforce.com"];
const ALGORITHMS: [&str; 2] = ["RS256", "ES256"];

/// What an assertion says, before anybody believes it.
pub(crate) struct Assertion<'a> {
    message: &'a str,
    header: Value,
    claims: Value,
    signature: Vec<u8>,
}

impl<'a> Assertion<'a> {
    pub(crate) fn parse(token: &'a str) -> Option<Self> {
        let (message, signature) = token.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let json = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        Some(Self { message, header: json(header)?, claims: json(claims)?, signature })
    }

    pub(crate) fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim).and_then(Value::as_str)
    }

    /// Signed by the app, meant for this org, and not too old. Its lifetime has no bound, and it can be used again.
    pub(crate) fn check(&self, tenant: &Tenant, app: &ConnectedApp) -> Result<(), Refusal> {
        let algorithm = self.header.get("alg").and_then(Value::as_str).unwrap_or_default();
        let signed = ALGORITHMS.contains(&algorithm)
            && app
                .certificates
                .iter()
                .any(|certificate| certificate.verifies(algorithm, self.message.as_bytes(), &self.signature));
        if !signed {
            return Err(Refusal::INVALID_ASSERTION);
        }
        if !self.is_for(tenant) {
            return Err(Refusal::AUDIENCE);
        }
        let expires = self.expires().ok_or(Refusal::INVALID_ASSERTION)?;
        if expires + LEEWAY < tenant.clock.unix_seconds() as f64 {
            return Err(Refusal::EXPIRED_CODE);
        }
        Ok(())
    }

    fn is_for(&self, tenant: &Tenant) -> bool {
        let token = tenant.url(OrgEndpoint::Token);
        let token_of_instance = format!("{}{}", tenant.settings.instance_url, OrgEndpoint::Token.path());
        let own = [&tenant.settings.url, &tenant.settings.instance_url, &token, &token_of_instance];
        let bare = |url: &str| url.strip_suffix('/').unwrap_or(url).to_owned();
        let known = |audience: &str| {
            let audience = bare(audience);
            HOSTS.contains(&audience.as_str()) || own.into_iter().any(|url| bare(url) == audience)
        };
        match self.claims.get("aud") {
            Some(Value::String(one)) => known(one),
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).any(known),
            _ => false,
        }
    }

    /// In seconds: a number, or the text of one.
    fn expires(&self) -> Option<f64> {
        match self.claims.get("exp")? {
            Value::String(text) => text.parse().ok(),
            value => value.as_f64(),
        }
    }
}
