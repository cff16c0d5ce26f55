//! The tables of tokens for calling an API.

use std::time::Duration;

use crate::outbound::Figures;
use crate::outbound::fresh_read::{Cost, TASKS};
use crate::outbound::outage::{self, DEAD, Outage};
use crate::outbound::readers::Has;
use crate::outbound::refresh_ahead::{self, READERS, WAITED, Waits};
use crate::outbound::storm::{self, CALLERS, DEADLINE, HURRIED, Outcome, PATIENCE};
use crate::report::{Report, mean};

/// Adds them to the report.
pub(crate) fn add(report: &mut Report, figures: &Figures) {
    fresh_read(report, &figures.fresh_read);
    rates(report, &figures.fresh_read);
    refresh_ahead(report, &figures.refresh_ahead);
    outage(report, figures);
    storms(report, &figures.refused, &figures.hurried);
}

const HEADINGS: [(Has, &str); 3] = [
    (Has::Text, "the token as a `String`"),
    (Has::Header, "a ready `Authorization` header, owned"),
    (Has::Borrowed, "the token, borrowed"),
];

fn fresh_read(report: &mut Report, costs: &[Cost]) {
    report.title("Reading a fresh token of 1,000 characters");
    report.line("| | time: median (quartiles) | × floor | allocations |");
    report.line("|---|---:|---:|---:|");
    for (has, heading) in HEADINGS {
        report.line(&format!("| **{heading}** | | | |"));
        let rows = || costs.iter().filter(|cost| cost.reader.has == has);
        let floor = rows().next().map_or(f64::NAN, |cost| cost.nanos.median);
        for Cost { reader, nanos, allocations, .. } in rows() {
            let (name, ratio) = (reader.name, nanos.median / floor);
            report.line(&format!("| {name} | {} | {ratio:.2} | {allocations} |", nanos.in_nanos()));
        }
    }
}

fn rates(report: &mut Report, costs: &[Cost]) {
    report.title("Fresh tokens a second on two threads");
    let tasks = TASKS.map(|tasks| if tasks == 1 { "1 task".into() } else { format!("{tasks} tasks") });
    report.line(&format!("| | {} |", tasks.join(" | ")));
    report.line(&format!("|---|{}", "---:|".repeat(TASKS.len())));
    for (has, heading) in HEADINGS {
        report.line(&format!("| **{heading}** {}|", "| ".repeat(TASKS.len())));
        for cost in costs.iter().filter(|cost| cost.reader.has == has) {
            let rates = cost.rates.map(|rate| format!("{:.1} M", rate / 1e6));
            report.line(&format!("| {} | {} |", cost.reader.name, rates.join(" | ")));
        }
    }
}

fn refresh_ahead(report: &mut Report, waits: &[Waits]) {
    let delay = refresh_ahead::DELAY.as_secs();
    report.title(&format!("{READERS} readers while a refresh ahead of time takes {delay} s"));
    report.line(&format!("| | reads | over {} ms | longest | grants |", WAITED.as_millis()));
    report.line("|---|---:|---:|---:|---:|");
    for Waits { name, reads, waited, longest, grants } in waits {
        report.line(&format!("| {name} | {reads} | {waited} | {} | {grants} |", millis(*longest)));
    }
}

fn outage(report: &mut Report, figures: &Figures) {
    let lasts = outage::lasts(figures.effort).as_secs();
    report.title(&format!("{lasts} s of 503, a second each, with a token that is due but valid"));
    report.line("| | calls | served | time a call | longest | requests |");
    report.line("|---|---:|---:|---:|---:|---:|");
    for Outage { name, calls, served, took, longest, requests } in &figures.outage {
        let longest = millis(*longest);
        report.line(&format!("| {name} | {calls} | {served} | {took} | {longest} | {requests} |"));
    }
    report.title(&format!("{DEAD} calls, one after the other, on a dead grant"));
    report.line("| | requests |");
    report.line("|---|---:|");
    for (name, requests) in &figures.dead_grant {
        report.line(&format!("| {name} | {requests} |"));
    }
}

fn storms(report: &mut Report, refused: &[Outcome], hurried: &[Outcome]) {
    let delay = storm::DELAY.as_millis();
    report.title(&format!("{CALLERS} callers at once on a refused token, endpoint {delay} ms"));
    let floor = refused.first().map_or(f64::NAN, |one| one.wall.median);
    report.line("| | grants | served | wall time | × floor |");
    report.line("|---|---:|---:|---:|---:|");
    for Outcome { name, storms, callers, grants, served, wall } in refused {
        let (grants, served, ratio) = (mean(*grants, *storms), mean(*served, *storms), wall.median / floor);
        report.line(&format!("| {name} | {grants} | {served} of {callers} | {wall} | {ratio:.3} |"));
    }
    let (deadline, patience) = (DEADLINE.as_millis(), PATIENCE.as_secs_f64());
    report.title(&format!(
        "{HURRIED} callers with {deadline} ms each, trying again for {patience} s, endpoint {delay} ms"
    ));
    report.line("| | grants | served | wall time |");
    report.line("|---|---:|---:|---:|");
    for Outcome { name, callers, grants, served, wall, .. } in hurried {
        let wall = millis(Duration::from_secs_f64(wall.median / 1e9));
        report.line(&format!("| {name} | {grants} | {served} of {callers} | {wall} |"));
    }
}

fn millis(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1e3)
}
