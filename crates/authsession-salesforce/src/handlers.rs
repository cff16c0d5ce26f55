//! The surfaces under the paths programs written for cirrus import them from.

pub use crate::apex;
pub use crate::bulk;
pub use crate::composite;
pub use crate::event_monitoring;
pub use crate::limits;
pub use crate::metadata;
pub use crate::query;
pub use crate::search;
pub use crate::sobjects;
pub use crate::tooling;
pub use crate::versions;
