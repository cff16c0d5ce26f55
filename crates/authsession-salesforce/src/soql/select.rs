//! A query put together piece by piece.

use std::fmt::Write as _;

use crate::error::{CirrusError, CirrusResult};
use crate::soql::condition::{Condition, checked};

/// A query whose values cannot change what it asks for. What it has no word for is written as text, with
/// [`quote`](crate::soql::quote).
///
/// ```
/// use authsession_salesforce::soql::condition::Condition;
/// use authsession_salesforce::soql::literal::Literal;
/// use authsession_salesforce::soql::select::Select;
///
/// let soql = Select::new("Opportunity", ["Id", "Account.Name"])
///     .filter(Condition::gt("Amount", 10_000))
///     .filter(Condition::eq("CloseDate", Literal::relative_date("THIS_MONTH")))
///     .order_by_descending("Amount")
///     .limit(20)
///     .build()?;
/// assert_eq!(
///     soql,
///     "SELECT Id,Account.Name FROM Opportunity WHERE Amount > 10000 AND CloseDate = THIS_MONTH ORDER BY Amount DESC LIMIT 20"
/// );
/// # Ok::<_, authsession_salesforce::CirrusError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Select {
    object: String,
    fields: Vec<String>,
    conditions: Vec<Condition>,
    order: Vec<(String, &'static str)>,
    limit: Option<u32>,
    offset: Option<u32>,
}

impl Select {
    /// These fields of an object's records.
    pub fn new(object: &str, fields: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            object: object.to_owned(),
            fields: fields.into_iter().map(Into::into).collect(),
            conditions: Vec::new(),
            order: Vec::new(),
            limit: None,
            offset: None,
        }
    }

    /// Only records that fulfil this, and what else was asked of them.
    pub fn filter(mut self, condition: Condition) -> Self {
        self.conditions.push(condition);
        self
    }

    /// In the order of this field, after that of those named before.
    pub fn order_by(mut self, field: &str) -> Self {
        self.order.push((field.to_owned(), ""));
        self
    }

    /// The same, the greatest first.
    pub fn order_by_descending(mut self, field: &str) -> Self {
        self.order.push((field.to_owned(), " DESC"));
        self
    }

    /// At most so many.
    pub const fn limit(mut self, records: u32) -> Self {
        self.limit = Some(records);
        self
    }

    /// Without the first so many: 2,000 at most.
    pub const fn offset(mut self, records: u32) -> Self {
        self.offset = Some(records);
        self
    }

    /// The SOQL.
    ///
    /// # Errors
    /// No field; a name that is none; a value SOQL has no way to write; an empty list to compare with.
    pub fn build(&self) -> CirrusResult<String> {
        self.written().map_err(|fault| CirrusError::invalid_input("soql", fault))
    }

    fn written(&self) -> Result<String, &'static str> {
        if self.object.contains(['.', '(']) || self.fields.is_empty() {
            return Err("names no field, or an object that is none");
        }
        let fields = self.fields.iter().map(|field| checked(field)).collect::<Result<Vec<_>, _>>()?;
        let mut soql = format!("SELECT {} FROM {}", fields.join(","), checked(&self.object)?);
        for (at, condition) in self.conditions.iter().enumerate() {
            soql.push_str(if at == 0 { " WHERE " } else { " AND " });
            soql.push_str(condition.0.as_ref().map_err(|fault| *fault)?);
        }
        for (at, (field, direction)) in self.order.iter().enumerate() {
            soql.push_str(if at == 0 { " ORDER BY " } else { "," });
            soql.push_str(checked(field)?);
            soql.push_str(direction);
        }
        // A String takes whatever is written to it.
        let _ = self.limit.map(|records| write!(soql, " LIMIT {records}"));
        let _ = self.offset.map(|records| write!(soql, " OFFSET {records}"));
        Ok(soql)
    }
}
