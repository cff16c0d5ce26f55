//! What is kept of a session.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};

use authsession_core::claims::IdTokenClaims;
use authsession_core::clock::Timestamp;
use authsession_core::token_set::TokenSet;
use zeroize::Zeroizing;

/// A session's contents.
#[derive(Clone, PartialEq)]
pub struct SessionRecord {
    /// The tokens held now.
    pub tokens: TokenSet,
    /// The provider's issuer; for a plain OAuth 2.0 provider, the origin of its token endpoint.
    pub issuer: Arc<str>,
    /// The client the tokens were issued to.
    pub client_id: Arc<str>,
    /// The user at that provider (`sub`); empty when the provider does not say who it is.
    pub subject: Box<str>,
    /// The user's session at the provider (`sid`).
    pub provider_session: Option<Box<str>>,
    /// Claims beside those of the ID token, as a JSON object: the userinfo.
    pub userinfo: Option<Box<str>>,
    /// Whether the userinfo was fetched after the ID token was issued: then what it tells of the user counts before that.
    pub userinfo_is_newer: bool,
    /// Whether a refresh brought an ID token that was not taken over, and none since that was.
    pub id_token_refused: bool,
    /// When the user signed in.
    pub created_at: Timestamp,
    /// When it ends, however much it is used.
    pub expires_at: Timestamp,
    /// Whether its user asked to be remembered: then it has the limits of such sessions, where there are any.
    pub remembered: bool,
    /// When a refresh was sent whose outcome is not known yet.
    pub refresh_sent_at: Option<Timestamp>,
    /// That APIs refuse its access tokens, where they do.
    pub refused: Option<Refused>,
    /// What a later release keeps beside all this. Nothing in a new record.
    pub later: Later,
}

/// What a later release wrote into a record and this one does not know: carried along unread, so that a save here loses nothing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Later(Option<Arc<Unread>>);

/// As they were written: the fields among what is kept as it is, and those among the texts.
#[derive(PartialEq, Eq)]
struct Unread {
    kept: Zeroizing<Vec<u8>>,
    texts: Vec<u8>,
}

impl Later {
    /// More than that is not carried along, in bytes.
    #[cfg(feature = "sealed")]
    const LARGEST: usize = 16 * 1024;

    #[cfg(feature = "sealed")]
    pub(crate) fn read(kept: Zeroizing<Vec<u8>>, texts: Vec<u8>) -> Self {
        let length = kept.len() + texts.len();
        Self((1..=Self::LARGEST).contains(&length).then(|| Arc::new(Unread { kept, texts })))
    }

    #[cfg(feature = "sealed")]
    pub(crate) fn kept(&self) -> &[u8] {
        self.0.as_deref().map_or(&[], |unread| &unread.kept)
    }

    #[cfg(feature = "sealed")]
    pub(crate) fn texts(&self) -> &[u8] {
        self.0.as_deref().map_or(&[], |unread| &unread.texts)
    }

    /// Whether there is nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

impl fmt::Debug for Later {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.is_empty() { "Later(nothing)" } else { "Later(unread)" })
    }
}

/// The last time an API refused an access token of a session before its time, and what has come of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// When the refusal was reported.
    pub at: Timestamp,
    /// How many tokens in a row were refused as soon as they were had, this one counted.
    pub young: u32,
    /// Whether it is still the token held now, which then is no longer handed out.
    pub pending: bool,
}

impl fmt::Debug for SessionRecord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SessionRecord")
            .field("issuer", &self.issuer)
            .field("created_at", &self.created_at)
            .field("expires_at", &self.expires_at)
            .field("refresh_sent_at", &self.refresh_sent_at)
            .field("refused", &self.refused)
            .finish_non_exhaustive()
    }
}

/// How often a session was saved: an update names the version it read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u64);

impl Version {
    /// The version of a session just created.
    pub const FIRST: Self = Self(1);

    /// The version after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The number, for a backend.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// From the number a backend kept.
    #[must_use]
    pub const fn from_number(number: u64) -> Self {
        Self(number)
    }
}

/// A session as read from a store: one version of it, shared by all who read that one.
pub struct StoredSession {
    /// Its contents.
    pub record: SessionRecord,
    /// Which version they are.
    pub version: Version,
    memo: OnceLock<Arc<dyn Any + Send + Sync>>,
    authentication_context: OnceLock<Option<Box<str>>>,
}

impl StoredSession {
    /// One version of a session.
    #[must_use]
    pub const fn new(record: SessionRecord, version: Version) -> Self {
        Self { record, version, memo: OnceLock::new(), authentication_context: OnceLock::new() }
    }

    /// How strongly the user authenticated: the `acr` of the ID token, read once for this version.
    #[must_use]
    pub fn authentication_context(&self) -> Option<&str> {
        let read = || {
            let id_token = self.record.tokens.id_token.as_ref()?;
            let claims = IdTokenClaims::danger_read_unverified(id_token).ok()?;
            claims.authentication_context.map(Box::from)
        };
        self.authentication_context.get_or_init(read).as_deref()
    }

    /// A value derived from the record, made once for this version and type and then shared. When another type was asked
    /// for first, it is made anew each time.
    ///
    /// # Errors
    /// Those of `derive`; nothing is remembered then.
    pub fn derived<T: Send + Sync + 'static, E>(
        &self,
        derive: impl FnOnce(&SessionRecord) -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        if let Some(Ok(value)) = self.memo.get().cloned().map(Arc::downcast::<T>) {
            return Ok(value);
        }
        let value = Arc::new(derive(&self.record)?);
        let _already_there = self.memo.set(Arc::clone(&value) as Arc<dyn Any + Send + Sync>);
        Ok(value)
    }
}

impl fmt::Debug for StoredSession {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("StoredSession")
            .field("record", &self.record)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
