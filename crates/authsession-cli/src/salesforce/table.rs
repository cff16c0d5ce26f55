//! Which columns a query's records have: those it asks for, whatever the first of them leaves empty.

use crate::salesforce::record::{Cell, Record};

/// The columns, by the query and the first record it found: each has the same fields, but parents may be there or not.
pub(crate) struct Table {
    asked_for: Vec<String>,
    columns: Vec<String>,
}

impl Table {
    pub(crate) fn of(asked_for: Vec<String>, first: &Record<Cell>) -> Self {
        let table = Self { asked_for, columns: Vec::new() };
        let found = table.flat(first).0;
        let mut columns: Vec<String> = Vec::new();
        for name in &table.asked_for {
            let as_found = |name: &str| found.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
            let column = match name.split_once('.') {
                Some((top, _)) if first.0.iter().any(|(name, _)| name.eq_ignore_ascii_case(top)) => {
                    Some(name)
                }
                // A group's parent is called by its last name, a function mostly otherwise than its argument.
                _ => as_found(name.rsplit('.').next().unwrap_or_default()).map(|(name, _)| name),
            };
            columns.extend(column.filter(|column| !columns.contains(column)).cloned());
        }
        for (name, _) in &found {
            let is_there = columns.iter().any(|column| column.eq_ignore_ascii_case(name));
            if !is_there && !table.is_parent(name) {
                columns.push(name.clone());
            }
        }
        Self { columns, ..table }
    }

    pub(crate) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// A record by these columns, unless it has others.
    pub(crate) fn row(&self, record: &Record<Cell>) -> Option<Record<Option<String>>> {
        let mut row = self.flat(record);
        // A parent there is none of.
        row.0.retain(|(name, value)| value.is_some() || !self.is_parent(name));
        for (at, (name, _)) in row.0.iter_mut().enumerate() {
            if self.columns.get(at).is_none_or(|column| column != name) {
                *name = self.columns.iter().find(|column| column.eq_ignore_ascii_case(name))?.clone();
            }
        }
        Some(row)
    }

    /// Its fields as texts, those of parents as `Owner.Name`; what else has parts is JSON.
    fn flat(&self, record: &Record<Cell>) -> Record<Option<String>> {
        record.flat(&|name| self.is_parent(name))
    }

    /// Whether the query asks for fields of what has that name.
    fn is_parent(&self, name: &str) -> bool {
        self.asked_for.iter().any(|asked_for| {
            asked_for.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
                && asked_for.get(name.len()..).is_some_and(|rest| rest.starts_with('.'))
        })
    }
}
