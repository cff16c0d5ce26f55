//! What records have to fulfil (SOQL and SOSL Reference, "WHERE").

use crate::soql::escape_like;
use crate::soql::literal::Literal;

type Written = Result<String, &'static str>;

/// A condition of a [`Select`](crate::soql::select::Select). A field that is none makes the query fail when it is built.
///
/// ```
/// use authsession_salesforce::soql::condition::Condition;
/// use authsession_salesforce::soql::select::Select;
///
/// let customers = Condition::starts_with("Name", "O'Hara").or(Condition::one_of("Type", ["Customer", "Partner"]));
/// let soql = Select::new("Account", ["Id"]).filter(customers).build()?;
/// assert_eq!(soql, r"SELECT Id FROM Account WHERE (Name LIKE 'O\'Hara%' OR Type IN ('Customer','Partner'))");
/// # Ok::<_, authsession_salesforce::CirrusError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Condition(pub(super) Written);

impl Condition {
    /// The field is this. Texts are compared without regard to case, as in all of SOQL.
    pub fn eq(field: &str, value: impl Into<Literal>) -> Self {
        Self::compared(field, "=", value.into())
    }

    /// The field is not this.
    pub fn ne(field: &str, value: impl Into<Literal>) -> Self {
        Self::compared(field, "!=", value.into())
    }

    /// The field is less.
    pub fn lt(field: &str, value: impl Into<Literal>) -> Self {
        Self::compared(field, "<", value.into())
    }

    /// The field is less, or the same.
    pub fn le(field: &str, value: impl Into<Literal>) -> Self {
        Self::compared(field, "<=", value.into())
    }

    /// The field is more.
    pub fn gt(field: &str, value: impl Into<Literal>) -> Self {
        Self::compared(field, ">", value.into())
    }

    /// The field is more, or the same.
    pub fn ge(field: &str, value: impl Into<Literal>) -> Self {
        Self::compared(field, ">=", value.into())
    }

    /// The text begins so.
    pub fn starts_with(field: &str, text: &str) -> Self {
        Self::compared(field, "LIKE", Literal(Ok(format!("'{}%'", escape_like(text)))))
    }

    /// The text has this in it.
    pub fn contains(field: &str, text: &str) -> Self {
        Self::compared(field, "LIKE", Literal(Ok(format!("'%{}%'", escape_like(text)))))
    }

    /// The field is one of these; there has to be one.
    pub fn one_of(field: &str, values: impl IntoIterator<Item = impl Into<Literal>>) -> Self {
        Self::compared(field, "IN", list(values))
    }

    /// The field is none of these; there has to be one.
    pub fn none_of(field: &str, values: impl IntoIterator<Item = impl Into<Literal>>) -> Self {
        Self::compared(field, "NOT IN", list(values))
    }

    /// Both.
    pub fn and(self, other: Self) -> Self {
        self.joined("AND", other)
    }

    /// One of the two, or both.
    pub fn or(self, other: Self) -> Self {
        self.joined("OR", other)
    }

    /// The contrary.
    pub fn negated(self) -> Self {
        Self(self.0.map(|condition| format!("(NOT {condition})")))
    }

    fn compared(field: &str, operator: &str, value: Literal) -> Self {
        Self(checked(field).and_then(|field| Ok(format!("{field} {operator} {}", value.0?))))
    }

    fn joined(self, word: &str, other: Self) -> Self {
        Self(self.0.and_then(|one| Ok(format!("({one} {word} {})", other.0?))))
    }
}

fn list(values: impl IntoIterator<Item = impl Into<Literal>>) -> Literal {
    let values: Result<Vec<_>, _> = values.into_iter().map(|value| value.into().0).collect();
    Literal(values.and_then(|values| match values.as_slice() {
        [] => Err("compares with a list that is empty"),
        values => Ok(format!("({})", values.join(","))),
    }))
}

/// A field, a parent's field (`Owner.Name`), or a function of one (`COUNT(Id)`, `toLabel(Status)`).
pub(super) fn checked(field: &str) -> Result<&str, &'static str> {
    let is_field = match field.strip_suffix(')').and_then(|field| field.split_once('(')) {
        Some((function, "")) => is_path(function),
        Some((function, inner)) => is_path(function) && is_path(inner),
        None => is_path(field),
    };
    is_field
        .then_some(field)
        .ok_or("has a name that is none: write letters, digits, `_`, and `.` between names")
}

fn is_path(text: &str) -> bool {
    text.split('.').all(|name| {
        name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}
