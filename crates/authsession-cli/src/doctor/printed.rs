//! What was found, for people and for programs.

use std::io::{self, IsTerminal as _, Write as _};

use serde_json::json;

use crate::doctor::finding::{Area, Finding, Verdict};
use crate::doctor::report::Report;

/// As wide as the longest check's name.
const NAME: usize = 14;
/// Where what was found begins.
const INDENT: usize = 2 + 7 + 2 + NAME + 2;

/// Aligned lines, one a finding, and what to do beneath.
pub(crate) fn text(report: &Report) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let colour = out.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    writeln!(out, "{}", report.issuer)?;
    for area in [Area::Provider, Area::Keys, Area::Application, Area::Client] {
        let mut findings = report.findings.iter().filter(|finding| finding.area == area).peekable();
        if findings.peek().is_some() {
            writeln!(out, "\n{}", area.title())?;
        }
        for finding in findings {
            write!(out, "{}", line(finding, colour))?;
        }
    }
    writeln!(out, "\n{}", sum(report))?;
    out.flush()
}

fn line(finding: &Finding, colour: bool) -> String {
    let (verdict, check, found) = (finding.verdict.name(), finding.check, &finding.found);
    let mut line =
        format!("  {}  {check:NAME$}  {found}\n", painted(finding.verdict, &format!("{verdict:7}"), colour));
    if let Some(next) = &finding.next {
        line.push_str(&format!("{:INDENT$}→ {next}\n", ""));
    }
    line
}

fn painted(verdict: Verdict, text: &str, colour: bool) -> String {
    let code = match verdict {
        Verdict::Ok => 32,
        Verdict::Warning => 33,
        Verdict::Wrong => 31,
    };
    if colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
}

fn sum(report: &Report) -> String {
    let warnings = report.count(Verdict::Warning);
    let plural = if warnings == 1 { "" } else { "s" };
    format!(
        "{} ok, {warnings} warning{plural}, {} wrong",
        report.count(Verdict::Ok),
        report.count(Verdict::Wrong)
    )
}

/// One JSON object.
pub(crate) fn json(report: &Report) -> io::Result<()> {
    let document = json!({
        "issuer": report.issuer,
        "verdict": report.verdict(),
        "ok": report.count(Verdict::Ok),
        "warnings": report.count(Verdict::Warning),
        "wrong": report.count(Verdict::Wrong),
        "findings": report.findings,
    });
    let mut out = io::stdout().lock();
    writeln!(out, "{document:#}")?;
    out.flush()
}
