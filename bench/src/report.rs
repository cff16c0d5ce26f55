//! The tables, in Markdown.

use std::fmt::Write as _;

use crate::expired_token::{self, DELAY, PARALLEL};
use crate::id_token::{self, UNKNOWN};
use crate::machine;
use crate::protected_request::{self, Added};

/// Whose figure the ratios are taken to.
const OURS: &str = "authsession, `AccessToken`";

/// The whole report.
pub(crate) struct Report {
    machine: String,
    text: String,
}

impl Report {
    /// An empty one, with the machine it will have been measured on.
    pub(crate) fn new() -> Self {
        Self { machine: machine::facts(), text: String::new() }
    }

    pub(crate) fn protected_request(&mut self, figures: &protected_request::Figures) {
        let Added { nanos, allocations, .. } = &figures.unprotected;
        let ours = figures.added.iter().find(|one| one.name == OURS).map_or(f64::NAN, |one| one.nanos.median);
        self.title("A protected request, in process");
        self.line(&format!(
            "The unprotected route itself: {nanos}, {allocations} allocations. What is added to it:"
        ));
        self.line("");
        self.line("| | time: median (quartiles) | × `AccessToken` | allocations | response header bytes |");
        self.line("|---|---:|---:|---:|---:|");
        for Added { name, nanos, allocations, header_bytes } in &figures.added {
            let ratio = nanos.median / ours;
            self.line(&format!("| {name} | {nanos} | {ratio:.2} | {allocations} | {header_bytes} |"));
        }
        let unprotected = figures.rates.first().map_or(f64::NAN, |one| one.a_second);
        self.title("Requests a second on two threads, in process");
        self.line("| | a second | unprotected = 1 |");
        self.line("|---|---:|---:|");
        for protected_request::Rate { name, a_second } in &figures.rates {
            self.line(&format!("| {name} | {:.0} k | {:.2} |", a_second / 1e3, a_second / unprotected));
        }
    }

    pub(crate) fn expired_token(&mut self, figures: &expired_token::Figures) {
        self.title(&format!("{PARALLEL} requests at once on an expired token"));
        let delay = DELAY.as_millis();
        let (endpoint, floor) = (figures.endpoint, figures.endpoint.median);
        self.line(&format!(
            "The token endpoint thinks for {delay} ms; one request to it by hand takes {endpoint}. A session each time:"
        ));
        self.line("");
        self.line(
            "| | refresh grants a session | served | alive at the next expiry | wall time | × endpoint |",
        );
        self.line("|---|---:|---:|---:|---:|---:|");
        for one in &figures.outcomes {
            let expired_token::Outcome { name, sessions, grants, served, alive, wall } = one;
            let ratio = wall.median / floor;
            let grants = mean(*grants, *sessions);
            let served = mean(*served, *sessions);
            self.line(&format!(
                "| {name} | {grants} | {served} of {PARALLEL} | {alive} of {sessions} | {wall} | {ratio:.2} |"
            ));
        }
    }

    pub(crate) fn id_token(&mut self, figures: &id_token::Figures) {
        self.title("Verify an RS256 ID token, keys known");
        self.line("| | time: median (quartiles) | × floor |");
        self.line("|---|---:|---:|");
        let rows = [
            ("floor: aws-lc-rs, the signature alone, key parsed", figures.floor),
            ("authsession, `verify_login`: every check of a login", figures.ours),
            ("jsonwebtoken 11 on aws-lc-rs: signature, `exp`, `iss`, `aud`", figures.jsonwebtoken),
        ];
        for (name, time) in rows {
            self.line(&format!("| {name} | {time} | {:.2} |", time.median / figures.floor.median));
        }
        self.title(&format!("Key sets fetched for {UNKNOWN} tokens with an unknown `kid`"));
        self.line("| | fetches |");
        self.line("|---|---:|");
        for (name, fetches) in figures.fetches {
            self.line(&format!("| {name} | {fetches} |"));
        }
    }

    pub(crate) fn title(&mut self, title: &str) {
        let _never_fails = writeln!(self.text, "\n### {title}\n");
    }

    pub(crate) fn line(&mut self, line: &str) {
        let _never_fails = writeln!(self.text, "{line}");
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(formatter, "{}\n{}", self.machine, self.text)
    }
}

/// A mean, without decimals where it has none.
pub(crate) fn mean(total: usize, of: usize) -> String {
    #[expect(clippy::cast_precision_loss, reason = "counts are small")]
    let mean = total as f64 / of.max(1) as f64;
    if total.is_multiple_of(of.max(1)) { format!("{mean:.0}") } else { format!("{mean:.1}") }
}
