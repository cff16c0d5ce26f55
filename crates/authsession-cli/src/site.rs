//! What the pages say of the provider.

use std::time::Duration;

use crate::outage::Outage;
use crate::parties::Parties;

/// The provider as the pages show it.
pub(crate) struct Site {
    pub(crate) issuer: String,
    pub(crate) refresh_margin: Duration,
    pub(crate) token_lifetime: Option<Duration>,
    /// What the test provider can be switched off with; none for a real one.
    pub(crate) outage: Option<Outage>,
}

impl Site {
    pub(crate) fn of(parties: Parties) -> Self {
        Self {
            issuer: parties.issuer,
            refresh_margin: parties.refresh_margin,
            token_lifetime: parties.token_lifetime,
            outage: parties.test_provider.map(Outage::of),
        }
    }
}
