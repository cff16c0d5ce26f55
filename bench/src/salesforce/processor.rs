//! How long the clients have had a processor: that of the process, less that of the org's threads.

use std::fs;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::salesforce::Failure;

/// The name of the org's threads.
pub(crate) const ORG: &str = "org";

/// So far. To be asked while the org has nothing to do: of a thread that runs, the kernel tells only what it has counted.
pub(crate) fn of_clients() -> Result<Duration, Failure> {
    let mut org = Duration::ZERO;
    for thread in fs::read_dir("/proc/self/task")? {
        let thread = thread?.path();
        if fs::read_to_string(thread.join("comm"))?.trim() == ORG {
            let times = fs::read_to_string(thread.join("schedstat"))?;
            org += Duration::from_nanos(times.split(' ').next().ok_or("no time of a thread")?.parse()?);
        }
    }
    Ok(of_process()?.saturating_sub(org))
}

/// Of all threads together, so far.
pub(crate) fn of_process() -> Result<Duration, Failure> {
    let all = clock_gettime(ClockId::ProcessCPUTime);
    Ok(Duration::new(all.tv_sec.try_into()?, all.tv_nsec.try_into()?))
}
