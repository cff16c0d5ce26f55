//! How long an access token is used: as long as the provider says, unless the application or the provider's row says otherwise.

use std::time::Duration;

use authsession_core::clock::Timestamp;

/// How long an access token is used where it is not as the provider says.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TokenLifetime {
    /// The longest, which also stands for what the provider does not say: the application's word, before which the others
    /// do not count.
    pub(crate) longest: Option<Duration>,
    /// For what the provider does not say.
    pub(crate) assumed: Option<Duration>,
    /// The shortest, whatever the provider says: for tokens that are for no API, where refreshes are rationed.
    pub(crate) shortest: Option<Duration>,
}

impl TokenLifetime {
    /// When an access token of that time and stated expiry counts as expired; nothing where nobody says.
    pub(crate) fn expiry(self, received_at: Timestamp, stated: Option<Timestamp>) -> Option<Timestamp> {
        let after = |lifetime: Duration| received_at + lifetime;
        match (self.longest.map(after), stated) {
            (Some(latest), stated) => Some(stated.map_or(latest, |stated| stated.min(latest))),
            (None, None) => self.assumed.map(after),
            (None, Some(stated)) => {
                Some(self.shortest.map_or(stated, |shortest| stated.max(after(shortest))))
            }
        }
    }
}
