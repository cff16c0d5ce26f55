//! Whether a token answer is for the org we know.

use crate::auth::host::MyDomain;
use crate::auth::instance_url::InstanceUrl;
use crate::auth::org_id::OrgId;
use crate::error::{CirrusError, CirrusResult};

/// Which other instance URLs a token answer may name than the one we know. A host that is not one of Salesforce's has to be
/// the one we know, whatever the policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InstanceUrlPolicy {
    /// None.
    Exact,
    /// Those of the same org: the same My Domain name, written with its partition (`sandbox`, `develop`), with the old pod
    /// (`cs12`) or without; or any host of Salesforce's if the identity URL names the org id we know. An org that is
    /// migrated or renamed keeps its id.
    #[default]
    SameOrg,
    /// Those of any org. For a program that lets the user choose the org.
    Any,
}

/// The org a session is for.
///
/// ```
/// use authsession_salesforce::auth::{InstancePin, InstanceUrl, InstanceUrlPolicy};
///
/// let known = InstanceUrl::parse("https://acme--uat.my.salesforce.com")?;
/// let pin = InstancePin::new(known, InstanceUrlPolicy::SameOrg);
/// assert!(pin.check("https://acme--uat.sandbox.my.salesforce.com/", None).is_ok());
/// assert!(pin.check("https://another.my.salesforce.com", None).is_err());
/// # Ok::<(), authsession_salesforce::CirrusError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstancePin {
    known: InstanceUrl,
    policy: InstanceUrlPolicy,
    org: Option<OrgId>,
}

impl InstancePin {
    /// Pins that instance.
    #[must_use]
    pub const fn new(known: InstanceUrl, policy: InstanceUrlPolicy) -> Self {
        Self { known, policy, org: None }
    }

    /// Knows the org's id as well.
    #[must_use]
    pub const fn with_org(mut self, org: Option<OrgId>) -> Self {
        self.org = org;
        self
    }

    /// The instance that is pinned.
    #[must_use]
    pub const fn instance_url(&self) -> &InstanceUrl {
        &self.known
    }

    /// The org's id, if it is known.
    #[must_use]
    pub const fn org(&self) -> Option<OrgId> {
        self.org
    }

    /// Checks a token answer's `instance_url`, given its `id`, and hands it back normalised.
    ///
    /// # Errors
    /// [`CirrusError::InstanceUrlMismatch`] when the policy does not admit it, [`CirrusError::Untrusted`] when it is not an
    /// https URL or the identity URL names another org than the one we know.
    pub fn check(&self, returned: &str, identity_url: Option<&str>) -> CirrusResult<InstanceUrl> {
        let returned = InstanceUrl::returned(returned)?;
        let org = identity_url.and_then(OrgId::in_identity_url);
        if self.policy != InstanceUrlPolicy::Any
            && matches!((self.org, org), (Some(known), Some(org)) if known != org)
        {
            return Err(CirrusError::Untrusted("the token answer is for another org than before".into()));
        }
        if self.admits(&returned, org) {
            Ok(returned)
        } else {
            Err(CirrusError::InstanceUrlMismatch {
                configured: self.known.to_string(),
                returned: returned.to_string(),
            })
        }
    }

    fn admits(&self, returned: &InstanceUrl, org: Option<OrgId>) -> bool {
        if *returned == self.known {
            return true;
        }
        match self.policy {
            InstanceUrlPolicy::Exact => false,
            InstanceUrlPolicy::SameOrg => {
                returned.is_salesforce()
                    && (self.same_my_domain(returned) || (org.is_some() && org == self.org))
            }
            // Orgs that a test plays on this machine are as many as its ports.
            InstanceUrlPolicy::Any => {
                returned.is_salesforce() || (returned.is_loopback() && self.known.is_loopback())
            }
        }
    }

    fn same_my_domain(&self, returned: &InstanceUrl) -> bool {
        self.known.is_salesforce()
            && MyDomain::of(self.known.host())
                .zip(MyDomain::of(returned.host()))
                .is_some_and(|(known, returned)| known.is_same_org(returned))
    }
}
