//! The instance a session is for: known from the start or learned with the first token, and pinned.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::auth::instance_pin::{InstancePin, InstanceUrlPolicy};
use crate::auth::instance_url::InstanceUrl;
use crate::auth::login_url::LoginUrl;
use crate::auth::org_id::OrgId;
use crate::error::{CirrusError, CirrusResult};

/// So many URLs an org may have while a program runs; one more is refused.
const MOVES: usize = 8;

/// The instance's URL, lent out for as long as the session lives: so those it had before are kept too.
#[derive(Debug)]
pub(crate) struct Instance {
    urls: [OnceLock<InstanceUrl>; MOVES],
    current: AtomicUsize,
    pin: Mutex<Option<InstancePin>>,
    policy: InstanceUrlPolicy,
    login: LoginUrl,
}

impl Instance {
    pub(crate) fn new(known: Option<InstanceUrl>, policy: InstanceUrlPolicy, login: LoginUrl) -> Self {
        let urls = [const { OnceLock::new() }; MOVES];
        if let Some(known) = &known {
            let _ = urls[0].set(known.clone());
        }
        let pin = known.map(|known| InstancePin::new(known, policy));
        Self { urls, current: AtomicUsize::new(0), pin: Mutex::new(pin), policy, login }
    }

    /// The URL; empty while nothing is known.
    pub(crate) fn url(&self) -> &str {
        self.urls[self.current.load(Ordering::Acquire)].get().map_or("", InstanceUrl::as_str)
    }

    /// Whether the instance is known already.
    pub(crate) fn is_known(&self) -> bool {
        !self.url().is_empty()
    }

    /// Checks the `instance_url` and `id` of a token answer, and takes them over.
    pub(crate) fn admit(&self, returned: Option<&str>, identity_url: Option<&str>) -> CirrusResult<()> {
        let mut pin = self.pin.lock().unwrap_or_else(PoisonError::into_inner);
        let admitted = match (&*pin, returned) {
            (Some(pin), Some(returned)) => pin.check(returned, identity_url)?,
            // An answer that names none is for the instance asked for.
            (Some(pin), None) => pin.instance_url().clone(),
            (None, Some(returned)) => InstanceUrl::learn(returned, &self.login)?,
            (None, None) => {
                return Err(CirrusError::misconfigured(
                    "Salesforce did not say which instance the token is for: set instance_url",
                ));
            }
        };
        let org =
            pin.as_ref().and_then(InstancePin::org).or_else(|| identity_url.and_then(OrgId::in_identity_url));
        self.take_over(&admitted)?;
        *pin = Some(InstancePin::new(admitted, self.policy).with_org(org));
        Ok(())
    }

    fn take_over(&self, admitted: &InstanceUrl) -> CirrusResult<()> {
        let place = self.urls.iter().position(|url| url.get_or_init(|| admitted.clone()) == admitted);
        let index = place.ok_or_else(|| CirrusError::InstanceUrlMismatch {
            configured: self.url().to_owned(),
            returned: admitted.to_string(),
        })?;
        self.current.store(index, Ordering::Release);
        Ok(())
    }
}
