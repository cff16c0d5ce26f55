//! Tokens for calling an API: what reading a fresh one costs, who waits for a new one, and what reaches the token endpoint.

mod floor;
pub(crate) mod fresh_read;
mod org;
pub(crate) mod outage;
pub(crate) mod readers;
pub(crate) mod refresh_ahead;
pub(crate) mod sessions;
pub(crate) mod storm;
pub(crate) mod tables;
mod unasked;

use std::error::Error;

use tokio::runtime::Runtime;

use crate::effort::Effort;
use crate::outbound::fresh_read::Cost;
use crate::outbound::outage::Outage;
use crate::outbound::refresh_ahead::Waits;
use crate::outbound::storm::Outcome;

/// All that is measured of tokens for calling an API.
pub(crate) struct Figures {
    pub(crate) effort: Effort,
    pub(crate) fresh_read: Vec<Cost>,
    pub(crate) refresh_ahead: Vec<Waits>,
    pub(crate) outage: Vec<Outage>,
    pub(crate) dead_grant: Vec<(&'static str, usize)>,
    pub(crate) refused: Vec<Outcome>,
    pub(crate) hurried: Vec<Outcome>,
}

impl Figures {
    /// What was measured of authsession among rows that name no floor first.
    pub(crate) fn ours<T>(rows: &[T]) -> Option<&T> {
        rows.get(sessions::OURS)
    }
}

/// Measures everything: reads on the runtime with one thread, waits on that with many.
pub(crate) fn measure(
    effort: Effort,
    one: &Runtime,
    many: &Runtime,
) -> Result<Figures, Box<dyn Error + Send + Sync>> {
    Ok(Figures {
        effort,
        fresh_read: one.block_on(fresh_read::measure(effort))?,
        refresh_ahead: many.block_on(refresh_ahead::measure())?,
        outage: many.block_on(outage::measure(effort))?,
        dead_grant: many.block_on(outage::dead_grant())?,
        refused: many.block_on(storm::refused(effort))?,
        hurried: many.block_on(storm::hurried())?,
    })
}
