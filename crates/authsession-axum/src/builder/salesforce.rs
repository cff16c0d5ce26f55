//! The setting for Salesforce as the provider: which org a session is for, and what the org's refusals mean (Salesforce Help,
//! "OAuth 2.0 Web Server Flow").

use std::sync::Arc;

use authsession_core::error::Error as ProtocolError;
use authsession_core::extras::Extras;
use authsession_salesforce::auth::refusal::SalesforceRefusals;
use authsession_salesforce::auth::{InstancePin, InstanceUrl, InstanceUrlPolicy, LoginUrl, OrgId};

use crate::builder::OAuthConfigurationBuilder;

/// The org's URL for API calls.
pub(crate) const INSTANCE_URL: &str = "instance_url";
/// The user's identity URL.
const ID: &str = "id";

impl OAuthConfigurationBuilder {
    /// The provider is Salesforce, and users' sessions are for calling it: see
    /// [`SalesforceSession`](crate::extractors::SalesforceSession).
    ///
    /// Sessions then keep `instance_url` and `id` of the token answers. A login whose `instance_url` is neither Salesforce's nor
    /// at the issuer's host fails; a refresh moves a session to another URL of the same org only, and one that names another
    /// org or user ends it. What the org refuses a refresh with is read as Salesforce means it: that another process refreshes
    /// at this moment, or that the user's logins of this hour are used up, signs nobody out.
    ///
    /// Ask for the scopes `api` and `refresh_token` too, with [`with_scopes`](Self::with_scopes).
    pub fn salesforce(mut self) -> Self {
        self.kept.keep([INSTANCE_URL, ID]);
        self.kept.admit = Some(admit);
        self.refusals = Some(Arc::new(SalesforceRefusals));
        self
    }
}

fn admit(issuer: &str, held: Option<&Extras>, told: &mut Extras) -> Result<(), ProtocolError> {
    if let (Some(before), Some(now)) = (held.and_then(|held| held.get(ID)), told.get(ID))
        && is_someone_else(before, now)
    {
        return Err(ProtocolError::Mismatch("the identity URL names another org or user than before".into()));
    }
    let names_nobody = |url: &str| who(url).is_none();
    if held.and_then(|held| held.get(ID)).is_some_and(|before| who(before).is_some())
        && told.get(ID).is_some_and(names_nobody)
    {
        // It must not take the place of one that says who it is.
        *told = told.iter().filter(|(name, _)| *name != ID).collect();
    }
    let Some(returned) = told.get(INSTANCE_URL) else {
        return match held {
            Some(_) => Ok(()),
            None => Err(ProtocolError::misconfigured(
                "the token answer names no instance_url: leave salesforce() out unless the provider is Salesforce",
            )),
        };
    };
    let admitted = match held.and_then(|held| Some((held, held.get(INSTANCE_URL)?))) {
        Some((held, known)) => InstanceUrl::parse(known).and_then(|known| {
            let org = held.get(ID).and_then(OrgId::in_identity_url);
            InstancePin::new(known, InstanceUrlPolicy::SameOrg).with_org(org).check(returned, told.get(ID))
        }),
        None => LoginUrl::parse(issuer).and_then(|login| InstanceUrl::learn(returned, &login)),
    };
    match admitted {
        Ok(url) => {
            told.insert(INSTANCE_URL, url.as_str());
        }
        Err(error) if held.is_none() => return Err(error.into()),
        // Not believed, so not taken. The tokens are: they go to the URL held, and the old refresh token is spent.
        Err(error) => {
            tracing::error!(target: "authsession::refresh", %error, "a new instance URL is not taken over; the old one stays");
            *told = told.iter().filter(|(name, _)| *name != INSTANCE_URL).collect();
        }
    }
    Ok(())
}

/// Whether two identity URLs are of different orgs or users. Their host may change.
fn is_someone_else(before: &str, now: &str) -> bool {
    matches!((who(before), who(now)), (Some(before), Some(now)) if before != now)
}

fn who(identity_url: &str) -> Option<(OrgId, &str)> {
    Some((OrgId::in_identity_url(identity_url)?, user(identity_url)?))
}

/// The user's id, without the checksum of its longer form.
fn user(identity_url: &str) -> Option<&str> {
    identity_url.trim_end_matches('/').rsplit('/').next()?.get(..15)
}
