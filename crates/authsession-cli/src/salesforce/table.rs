//! Which columns a query's records have: those it asks for, whatever the first of them leave empty.

use crate::salesforce::record::{Cell, Record};

/// The columns, by the query and the first records it found.
pub(crate) struct Table {
    asked_for: Vec<String>,
    columns: Vec<String>,
}

impl Table {
    pub(crate) fn of(asked_for: Vec<String>, first: &[Record<Cell>]) -> Self {
        let table = Self { asked_for, columns: Vec::new() };
        let mut found: Vec<String> = Vec::new();
        for (name, _) in first.iter().flat_map(|record| table.flat(record).0) {
            if !found.contains(&name) {
                found.push(name);
            }
        }
        let mut columns = Vec::new();
        for name in &table.asked_for {
            let top = name.split('.').next().unwrap_or_default();
            let last = name.rsplit('.').next().unwrap_or_default();
            let is_nested = top != name
                && first.iter().flat_map(|record| &record.0).any(|(name, _)| name.eq_ignore_ascii_case(top));
            let as_found = |name: &str| found.iter().find(|other| other.eq_ignore_ascii_case(name)).cloned();
            // A function is called otherwise than its argument, and a group's parent by its last name.
            let column =
                as_found(name).or_else(|| if is_nested { Some(name.clone()) } else { as_found(last) });
            columns.extend(column.filter(|column| !columns.contains(column)));
        }
        for name in found {
            if !columns.contains(&name) && !table.is_parent(&name) {
                columns.push(name);
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
