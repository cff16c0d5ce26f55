//! SOQL: a query as it was written, before it is known what its names mean.

pub(crate) mod columns;
pub(crate) mod compile;
pub(crate) mod condition;
pub(crate) mod date_range;
pub(crate) mod filter;
pub(crate) mod joins;
pub(crate) mod parse;
pub(crate) mod words;

use crate::org::soql::condition::Condition;
use crate::org::soql::condition::Operand;

/// `SELECT … FROM …` and what follows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Query {
    pub(crate) selected: Vec<Selected>,
    pub(crate) object: String,
    pub(crate) alias: Option<String>,
    pub(crate) condition: Option<Condition>,
    pub(crate) groups: Vec<String>,
    pub(crate) having: Option<Condition>,
    pub(crate) order: Vec<Order>,
    pub(crate) limit: Option<u64>,
    pub(crate) offset: u64,
}

/// One of what is selected.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Selected {
    /// A field, of the object or by relationships of a parent; its alias counts in grouped queries only.
    Field { path: String, alias: Option<String> },
    /// `COUNT()`, alone.
    Count,
    /// `COUNT(Id)`, `SUM(Amount)` …
    Aggregate { operand: Operand, alias: Option<String> },
    /// `FIELDS(ALL)`, `FIELDS(STANDARD)`, `FIELDS(CUSTOM)`.
    Fields(FieldGroup),
    /// `(SELECT Id FROM Contacts)`.
    Children(Box<Query>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldGroup {
    All,
    Standard,
    Custom,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Order {
    pub(crate) operand: Operand,
    pub(crate) descends: bool,
    pub(crate) nulls_last: bool,
}
