//! The promises that are counts. Times depend on the machine and are never judged here.

use crate::contestants::{authsession, empty_layer};
use crate::expired_token::{self, PARALLEL};
use crate::id_token;
use crate::outbound;
use crate::outbound::readers::Has;
use crate::outbound::storm::Outcome;
use crate::protected_request;
use crate::salesforce;
use crate::salesforce::caller::OURS;
use crate::salesforce::expiry::CALLS;
use crate::salesforce::streams::RECORDS;

/// Around a whole router, an extractor that shares allocates at most this much more than the unprotected route.
const AROUND: i64 = 3;
/// Under `Router::layer`, what axum allocates for any layer comes on top: these add nothing to that.
const SHARING: [&str; 3] =
    ["authsession, `AccessToken`", "authsession, `Claims<User>`", "authsession, `Session`"];
/// What a download of any size takes of memory at its peak, on top of what the process had before it made a client.
const DOWNLOADING: usize = 16_000_000;

/// What was promised and is not so; empty when all is well.
pub(crate) fn broken(
    request: &protected_request::Figures,
    expired: &expired_token::Figures,
    id_token: &id_token::Figures,
) -> Vec<String> {
    let mut broken = Vec::new();
    let mut check = |holds: bool, text: String| {
        if !holds {
            broken.push(text);
        }
    };
    let allocations = |name| request.added.iter().find(|one| one.name == name).map(|one| one.allocations);
    let any_layer = allocations(empty_layer::NAME);
    let limits = SHARING.map(|name| (name, any_layer));
    for (name, limit) in limits.into_iter().chain([(authsession::AROUND, Some(AROUND))]) {
        let added = allocations(name);
        let kept = matches!((added, limit), (Some(added), Some(limit)) if added <= limit);
        check(kept, format!("{name}: {added:?} allocations added, at most {limit:?} promised"));
    }
    for one in request.added.iter().filter(|one| one.name.starts_with("authsession")) {
        let bytes = one.header_bytes;
        check(bytes == 0, format!("{}: {bytes} bytes of response headers added, none promised", one.name));
    }
    let [ours, _] = &expired.outcomes;
    let sessions = ours.sessions;
    check(ours.grants == sessions, format!("{} refresh grants for {sessions} sessions", ours.grants));
    let asked = sessions * PARALLEL;
    check(ours.served == asked, format!("{} of {asked} requests served on an expired token", ours.served));
    check(ours.alive == sessions, format!("{} of {sessions} sessions alive at the next expiry", ours.alive));
    let [(_, fetches), _] = id_token.fetches;
    check(fetches == 1, format!("{fetches} key sets fetched for unknown keys, one promised"));
    broken
}

/// The same of tokens for calling an API.
pub(crate) fn broken_outbound(figures: &outbound::Figures) -> Vec<String> {
    let mut broken = Vec::new();
    let mut check = |holds: bool, text: String| {
        if !holds {
            broken.push(text);
        }
    };
    for cost in figures.fresh_read.iter().filter(|cost| cost.reader.name.starts_with("authsession")) {
        // A boxed future and a `String`: that is the trait's own signature.
        let limit = if cost.reader.has == Has::Text { 2 } else { 0 };
        let (name, allocations) = (cost.reader.name, cost.allocations);
        check(allocations <= limit, format!("{name}: {allocations} allocations, {limit} promised"));
    }
    if let Some(outage) = outbound::Figures::ours(&figures.outage) {
        let (calls, served) = (outage.calls, outage.served);
        check(served == calls, format!("{served} of {calls} calls served with a valid token in an outage"));
    }
    if let Some((_, requests)) = outbound::Figures::ours(&figures.dead_grant) {
        check(*requests == 1, format!("{requests} requests on a dead grant, one promised"));
    }
    let ours = |rows: &[Outcome]| rows.iter().find(|one| one.name == "authsession").map(Outcome::is_perfect);
    check(
        ours(&figures.refused) == Some(true),
        "more than a grant, or a caller not served, after a refusal".into(),
    );
    check(
        ours(&figures.hurried) == Some(true),
        "more than a grant, or a caller not served, in a hurry".into(),
    );
    broken
}

/// The same of calling Salesforce.
pub(crate) fn broken_salesforce(figures: &salesforce::Figures) -> Vec<String> {
    let mut broken = Vec::new();
    let mut check = |holds: bool, text: String| {
        if !holds {
            broken.push(text);
        }
    };
    for cost in figures.streams.iter().filter(|cost| cost.name.starts_with(OURS)) {
        let (least, most) = cost.records;
        let exact = least == RECORDS && most == RECORDS;
        check(exact, format!("{}: {least} to {most} records of {RECORDS} handed over", cost.name));
    }
    for cost in &figures.downloads {
        let (name, result, came) = (cost.name, cost.result, cost.came);
        check(came > result, format!("{name}: {came} bytes came of a result of {result}"));
    }
    for cost in figures.downloads.iter().filter(|cost| cost.is_our_stream) {
        let (name, memory) = (cost.name, cost.memory);
        check(memory <= DOWNLOADING, format!("{name}: {memory} bytes of memory, {DOWNLOADING} promised"));
    }
    if let Some(ours) = figures.expiry.iter().find(|one| one.name == OURS) {
        let (rounds, grants, failed) = (ours.rounds, ours.grants, ours.failed);
        check(grants == rounds, format!("{grants} grants for {rounds} sessions that ended under calls"));
        let asked = rounds * CALLS;
        check(failed == 0, format!("{failed} of {asked} calls failed because their session ended"));
    }
    broken
}
