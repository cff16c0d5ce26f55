//! What the two made of the same, held against the differences we know of.

use std::collections::HashSet;

use crate::differences::{Accepts, DIFFERENCES};

/// What one made of a case: nothing to object to, or its words.
pub(crate) type Verdict = Result<(), String>;

/// What became of one case.
pub(crate) struct Outcome {
    pub(crate) case: &'static str,
    pub(crate) ours: Verdict,
    pub(crate) theirs: Verdict,
}

impl Outcome {
    const fn difference(&self) -> Option<Accepts> {
        match (&self.ours, &self.theirs) {
            (Ok(()), Err(_)) => Some(Accepts::OnlyAuthsession),
            (Err(_), Ok(())) => Some(Accepts::OnlyHuskarl),
            _ => None,
        }
    }
}

/// Holds the outcomes of an area against the table: a difference it does not have fails, and so does one that is gone. The
/// first case is the honest one, which both accept.
pub(crate) fn assert_explained(area: &str, outcomes: &[Outcome]) {
    let honest = &outcomes[0];
    assert!(honest.ours.is_ok() && honest.theirs.is_ok(), "{:?} {:?}", honest.ours, honest.theirs);
    let known: HashSet<_> = outcomes.iter().map(|outcome| outcome.case).collect();
    assert_eq!(known.len(), outcomes.len(), "a case stands twice");
    let mut wrong = Vec::new();
    for row in DIFFERENCES.iter().filter(|row| row.area == area && !known.contains(row.case)) {
        wrong.push(format!("{:?}: no such case", row.case));
    }
    for outcome in outcomes {
        let mut rows = DIFFERENCES.iter().filter(|row| (row.area, row.case) == (area, outcome.case));
        let (wanted, found) = (rows.next().map(|row| row.accepts), outcome.difference());
        if wanted != found || rows.next().is_some() {
            let (ours, theirs) = (&outcome.ours, &outcome.theirs);
            wrong.push(format!(
                "{:?}: {found:?}, and the table says {wanted:?}\n    authsession {ours:?}\n    huskarl {theirs:?}",
                outcome.case
            ));
        }
    }
    assert!(wrong.is_empty(), "{area}: {} of {} cases\n{}", wrong.len(), outcomes.len(), wrong.join("\n"));
}
