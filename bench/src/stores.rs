//! Where sessions are kept: what a step costs on each backend, what being at rest costs, how much room many sessions take, and
//! what a protected request costs then.

mod backends;
mod blobs;
mod by_driver;
mod by_hand;
mod by_redis;
mod keeper;
mod opening;
mod ours;
mod records;
mod requests;
mod shelf;
mod size;
mod steps;
pub(crate) mod tables;
mod theirs;
pub(crate) mod weigh;

use tokio::runtime::Runtime;

use crate::effort::Effort;
use crate::stores::backends::{Folder, places};
use crate::stores::keeper::Failure;

/// All that is measured of stores.
pub(crate) struct Figures {
    /// The variables of servers that are not there.
    missing: Vec<&'static str>,
    steps: Vec<steps::Costs>,
    opening: opening::Figures,
    sizes: Vec<size::Size>,
    requests: Vec<requests::Cost>,
}

/// Measures everything on a server's runtime: connections belong to the one they were opened on.
pub(crate) fn measure(effort: Effort, many: &Runtime) -> Result<Figures, Failure> {
    many.block_on(all(effort))
}

async fn all(effort: Effort) -> Result<Figures, Failure> {
    let folder = Folder::new()?;
    let (places, missing) = places(&folder);
    let mut sizes = weigh::measure(effort)?;
    let opening = opening::measure(effort).await?;
    let mut steps = Vec::new();
    for place in &places {
        steps.extend(steps::measure(place, opening.sealed, effort).await?);
    }
    let requests = requests::measure(&places, opening.sealed, effort).await?;
    for place in &places {
        sizes.extend(size::measure(place, &folder, effort).await?);
    }
    Ok(Figures { missing, steps, opening, sizes, requests })
}
