//! The tables of calling Salesforce.

use crate::report::{Report, mean};
use crate::salesforce::Figures;
use crate::salesforce::expiry::{self, CALLS, Outcome};
use crate::salesforce::small_query::TASKS;
use crate::salesforce::streams::{RECORDS, Use, WORK};
use crate::salesforce::{downloads, small_query, streams};

/// Adds them to the report.
pub(crate) fn add(report: &mut Report, figures: &Figures) {
    small_query(report, &figures.small_query);
    streams(report, &figures.streams);
    downloads(report, &figures.downloads);
    expiry(report, &figures.expiry);
}

fn small_query(report: &mut Report, costs: &[small_query::Cost]) {
    report.title("Salesforce: a query of one record");
    report.line(&format!(
        "| | a call, one task: median (quartiles) | × floor | the client's processor time | × floor | allocations | {TASKS} tasks: calls a second | × floor |"
    ));
    report.line("|---|---:|---:|---:|---:|---:|---:|---:|");
    for cost in costs {
        report.line(&format!(
            "| {} | {} | {:.2} | {} | {:.2} | {} | {} | {:.2} |",
            cost.name,
            cost.nanos,
            cost.to_floor,
            cost.processor,
            cost.processor_to_floor,
            cost.allocations,
            cost.a_second.in_thousands(),
            cost.a_second_to_floor,
        ));
    }
}

fn streams(report: &mut Report, costs: &[streams::Cost]) {
    report.title(&format!("Salesforce: {} records as a stream", thousands(RECORDS)));
    report.line(
        "| | records | time: median (quartiles) | records a second | × floor's time | the client's processor time a record | × floor |",
    );
    report.line("|---|---:|---:|---:|---:|---:|---:|");
    for used in Use::ALL {
        let heading = match used {
            Use::Struct => "as a struct".to_owned(),
            Use::Json => "as `serde_json::Value`".to_owned(),
            Use::Work => format!("as a struct, the caller takes {} µs for each", WORK.as_micros()),
        };
        report.line(&format!("| **{heading}** | | | | | | |"));
        for cost in costs.iter().filter(|cost| cost.used == used) {
            let (least, most) = cost.records;
            let records = if least == most { thousands(most) } else { format!("{least} to {most}") };
            #[expect(clippy::cast_precision_loss, reason = "a hundred thousand fits")]
            let rate = RECORDS as f64 / cost.nanos.median * 1e6;
            report.line(&format!(
                "| {} | {records} | {} | {rate:.0} k | {:.2} | {} | {:.2} |",
                cost.name, cost.nanos, cost.to_floor, cost.processor, cost.processor_to_floor
            ));
        }
    }
}

fn downloads(report: &mut Report, costs: &[downloads::Cost]) {
    let result = costs.first().map_or(0, |cost| cost.result);
    report.title(&format!("Salesforce: a Bulk result of {:.0} MB", megabytes(result)));
    report.line(
        "| | time: median (quartiles) | × floor | MB a second | processor time | × floor | memory at its peak |",
    );
    report.line("|---|---:|---:|---:|---:|---:|---:|");
    let mut page = None;
    for cost in costs {
        if page.replace(cost.rows) != Some(cost.rows) {
            let size = megabytes(usize::try_from(cost.rows).unwrap_or_default() * downloads::ROW);
            report.line(&format!("| **pages of {size:.0} MB** | | | | | | |"));
        }
        report.line(&format!(
            "| {} | {} | {:.2} | {:.0} | {} | {:.2} | {:.1} MB |",
            cost.name,
            cost.nanos,
            cost.to_floor,
            megabytes(cost.came) / cost.nanos.median * 1e9,
            cost.processor,
            cost.processor_to_floor,
            megabytes(cost.memory),
        ));
    }
}

fn expiry(report: &mut Report, outcomes: &[Outcome]) {
    let delay = expiry::DELAY.as_millis();
    report.title(&format!(
        "Salesforce: {CALLS} calls at once when the session has ended, token endpoint {delay} ms"
    ));
    report.line("| | grants a round | failed a round | requests to the API a round | wall time | × floor |");
    report.line("|---|---:|---:|---:|---:|---:|");
    for one in outcomes {
        report.line(&format!(
            "| {} | {} | {} of {CALLS} | {} | {} | {:.2} |",
            one.name,
            mean(one.grants, one.rounds),
            mean(one.failed, one.rounds),
            mean(one.requests, one.rounds),
            one.wall,
            one.to_floor,
        ));
    }
}

#[expect(clippy::cast_precision_loss, reason = "megabytes need few digits")]
fn megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

fn thousands(number: usize) -> String {
    format!("{},{:03}", number / 1000, number % 1000)
}
