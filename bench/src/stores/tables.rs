//! The tables of where sessions are kept.

use crate::report::Report;
use crate::stores::Figures;
use crate::stores::keeper::{Step, TASKS};
use crate::stores::opening::{self, READ, WRITTEN};
use crate::stores::records::TOKENS;
use crate::stores::requests;
use crate::stores::size::Size;

/// Adds them to the report.
pub(crate) fn add(report: &mut Report, figures: &Figures) {
    for variable in &figures.missing {
        report.line(&format!("\n{variable} is not set: that server is left out."));
    }
    steps(report, figures);
    opening(report, &figures.opening);
    sizes(report, &figures.sizes);
    requests(report, &figures.requests);
}

fn steps(report: &mut Report, figures: &Figures) {
    for step in Step::ALL {
        let name = step.name();
        report.title(&format!("Stores: {name}, with {TOKENS} bytes of tokens"));
        report.line(&format!(
            "| | one task: median | × floor | 99 % below | × floor | {TASKS} tasks: a second | × floor |"
        ));
        report.line("|---|---:|---:|---:|---:|---:|---:|");
        for costs in figures.steps.iter().filter(|costs| costs.step == step) {
            report.line(&format!("| **{}** | | | | | | |", costs.kind.name()));
            let Some(floor) = costs.costs.first() else { continue };
            for cost in &costs.costs {
                report.line(&format!(
                    "| {} | {} | {:.2} | {} | {:.2} | {} | {:.2} |",
                    cost.name,
                    micros(cost.median),
                    cost.median / floor.median,
                    micros(cost.p99),
                    cost.p99 / floor.p99,
                    rate(cost.a_second),
                    cost.rate_ratio,
                ));
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a record is short")]
fn opening(report: &mut Report, figures: &opening::Figures) {
    let opening::Figures { sealed, json, times } = figures;
    report.title("Stores: what being at rest costs");
    report.line(&format!(
        "A sealed record takes {sealed} bytes, the same as JSON {json}: {:.3} ×.",
        *sealed as f64 / *json as f64
    ));
    report.line("");
    report.line("| | time: median (quartiles) |");
    report.line("|---|---:|");
    for (name, time) in times {
        let bold = if [READ, WRITTEN].contains(name) { "**" } else { "" };
        report.line(&format!("| {bold}{name}{bold} | {time} |"));
    }
}

fn sizes(report: &mut Report, sizes: &[Size]) {
    report.title("Stores: bytes a session, among many");
    report.line("| | sessions | bytes each |");
    report.line("|---|---:|---:|");
    for Size { name, sessions, bytes } in sizes {
        report.line(&format!("| {name} | {sessions} | {bytes:.0} |"));
    }
}

fn requests(report: &mut Report, costs: &[requests::Cost]) {
    report.title("Stores: a protected request, `AccessToken`, by backend");
    report.line(&format!(
        "| | added: median (quartiles) | one read by hand | ratio | {TASKS} tasks: a second | reads by hand | ratio | unprotected = 1 |"
    ));
    report.line("|---|---:|---:|---:|---:|---:|---:|---:|");
    for cost in costs {
        report.line(&format!(
            "| {}{} | {} | {} | {:.2} | {} | {} | {:.2} | {:.3} |",
            cost.kind.name(),
            cost.other.and_then(|name| name.strip_prefix("authsession")).unwrap_or_default(),
            cost.added,
            micros(cost.floor),
            cost.added.median / cost.floor,
            rate(cost.a_second),
            rate(cost.floor_a_second),
            cost.to_floor,
            cost.to_unprotected,
        ));
    }
}

fn micros(nanos: f64) -> String {
    let digits = if nanos < 1e4 { 2 } else { 0 };
    format!("{:.digits$} µs", nanos / 1e3)
}

fn rate(a_second: f64) -> String {
    let digits = match a_second {
        ..1e4 => 2,
        ..1e5 => 1,
        _ => 0,
    };
    format!("{:.digits$} k", a_second / 1e3)
}
