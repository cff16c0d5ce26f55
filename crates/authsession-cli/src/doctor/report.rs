//! All that was found, in the order it was looked at.

use crate::doctor::finding::{Finding, Verdict};

/// The findings about one issuer.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) issuer: String,
    pub(crate) findings: Vec<Finding>,
}

impl Report {
    pub(crate) fn of(issuer: &str) -> Self {
        Self { issuer: issuer.to_owned(), findings: Vec::new() }
    }

    pub(crate) fn add(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    pub(crate) fn count(&self, verdict: Verdict) -> usize {
        self.findings.iter().filter(|finding| finding.verdict == verdict).count()
    }

    /// The worst there is.
    pub(crate) fn verdict(&self) -> Verdict {
        self.findings.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::Ok)
    }

    pub(crate) fn passes(&self, strict: bool) -> bool {
        self.verdict() <= if strict { Verdict::Ok } else { Verdict::Warning }
    }
}
