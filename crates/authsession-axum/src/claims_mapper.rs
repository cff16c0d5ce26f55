//! What an application makes of the provider's claims: its own roles out of the provider's groups.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::errors::Error;

/// The application's hook; without one, claims stay as they are.
#[derive(Clone, Default)]
pub(crate) struct ClaimsMapper(Option<Arc<Mapping>>);

type Mapping = dyn Fn(&mut Map<String, Value>) + Send + Sync;

impl ClaimsMapper {
    pub(crate) fn new(mapping: impl Fn(&mut Map<String, Value>) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(mapping)))
    }

    /// Whether this is that very hook: a session may be read by layers that differ in it.
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(ours), Some(theirs)) => Arc::ptr_eq(ours, theirs),
            (None, None) => true,
            _ => false,
        }
    }

    /// The claims as the application wants them.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] when the hook panics. Unmapped claims are not handed out in their place: they could grant
    /// what the hook takes away.
    pub(crate) fn map(&self, mut claims: Map<String, Value>) -> Result<Map<String, Value>, Error> {
        if let Some(mapping) = &self.0 {
            // The half-mapped claims are dropped with the panic.
            catch_unwind(AssertUnwindSafe(|| mapping(&mut claims))).map_err(|_| {
                Error::misconfigured(
                    "the claims mapper (map_claims) panicked: make it cope with every claim that may be missing",
                )
            })?;
        }
        Ok(claims)
    }
}

impl fmt::Debug for ClaimsMapper {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.0.is_some() { "ClaimsMapper(set)" } else { "ClaimsMapper(none)" })
    }
}
