//! Issuers that differ by tenant: one provider whose metadata name a template, with an issuer for each tenant that signs users
//! in there (OpenID Connect Discovery 1.0 §4.3 and Core §3.1.3.7, held to each tenant's own issuer).

use std::collections::BTreeSet;

use serde_json::Value;
use url::Url;

use crate::claims::IdTokenClaims;
use crate::error::Error;

const LONGEST_TENANT: usize = 255;

/// Which issuers a provider of many tenants may sign for: a template with one placeholder, and the tenants admitted.
///
/// The metadata must name the template to the letter. An ID token must name the issuer of a tenant admitted: whoever is signed
/// in by any other tenant of the same provider is turned away, though the same keys vouch for them.
///
/// ```
/// use authsession_core::tenant::TenantIssuers;
///
/// # fn main() -> Result<(), authsession_core::error::Error> {
/// let issuers = TenantIssuers::listed("https://login.example.com/{tenant}/v2.0", ["acme", "globex"])?;
///
/// assert!(issuers.admits("https://login.example.com/acme/v2.0"));
/// assert!(!issuers.admits("https://login.example.com/initech/v2.0"));
/// assert!(!issuers.admits("https://login.example.com/{tenant}/v2.0"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct TenantIssuers {
    template: String,
    admitted: Admitted,
    claim: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Admitted {
    Listed(BTreeSet<String>),
    Any,
}

impl TenantIssuers {
    /// These tenants only, each written as in its issuer.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] when the template is not a URL whose path has one `{placeholder}` between slashes, no tenant is
    /// named, or one is not a plain part of a path.
    pub fn listed(
        template: impl Into<String>,
        tenants: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Self, Error> {
        let tenants: BTreeSet<String> = tenants.into_iter().map(Into::into).collect();
        if tenants.is_empty() {
            return Err(Error::misconfigured("name the tenants whose users may sign in"));
        }
        if !tenants.iter().all(|tenant| is_tenant(tenant)) {
            return Err(Error::misconfigured(
                "a tenant is named as in its issuer: letters, digits, '-', '.' and '_' alone",
            ));
        }
        Self::of(template.into(), Admitted::Listed(tenants))
    }

    /// Every tenant the provider has or will have: anybody who can make one for themselves gets in, so what they may do has to be
    /// decided by the issuer and subject of each user.
    ///
    /// # Errors
    /// As [`TenantIssuers::listed`], for the template.
    pub fn danger_any_tenant(template: impl Into<String>) -> Result<Self, Error> {
        Self::of(template.into(), Admitted::Any)
    }

    fn of(template: String, admitted: Admitted) -> Result<Self, Error> {
        let whole_part = parts(&template).is_some_and(|(before, after)| {
            before.ends_with('/')
                && (after.is_empty() || after.starts_with('/'))
                && !after.contains(['{', '}'])
        });
        // What stands before the placeholder has a host already: a tenant never chooses it.
        let after_host = parts(&template)
            .and_then(|(before, _)| Url::parse(before).ok())
            .is_some_and(|url| url.has_host() && url.query().is_none() && url.fragment().is_none());
        if !whole_part || !after_host {
            return Err(Error::misconfigured(
                "the issuer's template must be a URL with one placeholder as a part of its path, such as \
                 https://login.example.com/{tenant}/v2.0",
            ));
        }
        Ok(Self { template, admitted, claim: None })
    }

    /// The ID token's claim that names the tenant too: where it is there, it must be the tenant of the issuer.
    pub fn with_tenant_claim(mut self, name: impl Into<String>) -> Self {
        self.claim = Some(name.into());
        self
    }

    /// The template, as the metadata must name it.
    #[must_use]
    pub fn template(&self) -> &str {
        &self.template
    }

    /// Whether that is the issuer of a tenant admitted.
    #[must_use]
    pub fn admits(&self, issuer: &str) -> bool {
        self.tenant(issuer).is_some()
    }

    /// The tenant of that issuer, if it is one admitted.
    #[must_use]
    pub fn tenant<'issuer>(&self, issuer: &'issuer str) -> Option<&'issuer str> {
        let tenant = tenant_in(&self.template, issuer)?;
        match &self.admitted {
            Admitted::Any => Some(tenant),
            Admitted::Listed(tenants) => tenants.contains(tenant).then_some(tenant),
        }
    }

    /// The ID token's claim that names the tenant, if one does.
    #[must_use]
    pub fn tenant_claim(&self) -> Option<&str> {
        self.claim.as_deref()
    }

    /// Whether the ID token's claim about its tenant, where there is one, says the same as its issuer.
    pub(crate) fn check_claim(&self, claims: &IdTokenClaims) -> Result<(), Error> {
        let said = self.claim.as_ref().and_then(|name| claims.all.get(name)).filter(|said| !said.is_null());
        let Some(said) = said else { return Ok(()) };
        if said.as_str().is_some() && said.as_str() == self.tenant(&claims.issuer) {
            return Ok(());
        }
        Err(Error::untrusted("the ID token names another tenant than its iss"))
    }
}

/// Whether a key the provider binds to that issuer, which may be a template, may not vouch for a token that names this one.
///
/// The member is no standard's. Of a provider with one issuer it counts where it is certain: as the URL of another issuer.
pub(crate) fn is_bound_elsewhere(bound: &str, issuer: Option<&Value>, many_tenants: bool) -> bool {
    let issuer = issuer.and_then(Value::as_str);
    if many_tenants {
        !issuer.is_some_and(|issuer| bound == issuer || tenant_in(bound, issuer).is_some())
    } else {
        bound.starts_with("https://")
            && parts(bound).is_none()
            && issuer.is_some_and(|issuer| issuer != bound)
    }
}

/// What stands before and after the first placeholder.
fn parts(template: &str) -> Option<(&str, &str)> {
    let (before, rest) = template.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    (!name.is_empty() && !name.contains('{')).then_some((before, after))
}

/// The tenant that makes this issuer of the template.
fn tenant_in<'issuer>(template: &str, issuer: &'issuer str) -> Option<&'issuer str> {
    let (before, after) = parts(template)?;
    let tenant = issuer.strip_prefix(before)?.strip_suffix(after)?;
    is_tenant(tenant).then_some(tenant)
}

/// A part of a path that stays one, whoever reads it.
fn is_tenant(text: &str) -> bool {
    (1..=LONGEST_TENANT).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        && !text.bytes().all(|byte| byte == b'.')
}
