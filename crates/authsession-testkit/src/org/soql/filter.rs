//! Conditions in SQL. Every value is a bound parameter.

use crate::org::api_error::ApiError;
use crate::org::calendar::read_day;
use crate::org::calendar::read_instant;
use crate::org::calendar::written_day;
use crate::org::calendar::written_instant;
use crate::org::field::Kind;
use crate::org::identifier::whole;
use crate::org::soql::Query;
use crate::org::soql::compile::Moment;
use crate::org::soql::condition::Condition;
use crate::org::soql::condition::Function;
use crate::org::soql::condition::Literal;
use crate::org::soql::condition::Operand;
use crate::org::soql::date_range::range;
use crate::org::soql::joins::Joins;
use crate::org::soql::words::meant;
use crate::org::soql::words::pattern;
use rusqlite::types::Value;

/// The conditions of one query, and the parameters of all.
pub(crate) struct Filter<'a, 'j> {
    pub(crate) joins: &'j mut Joins<'a>,
    pub(crate) parameters: &'j mut Vec<Value>,
    pub(crate) moment: Moment,
}

/// What an operand is in SQL, and what it is called in an error.
pub(crate) struct Term {
    pub(crate) sql: String,
    pub(crate) kind: Kind,
    pub(crate) name: String,
}

impl Filter<'_, '_> {
    pub(crate) fn sql(&mut self, condition: &Condition) -> Result<String, ApiError> {
        match condition {
            Condition::All(all) => self.joined(all, " AND "),
            Condition::Any(any) => self.joined(any, " OR "),
            Condition::Not(inner) => Ok(format!("NOT ifnull({}, 0)", self.sql(inner)?)),
            Condition::Compared { operand, sign, value } => {
                let term = self.filterable(operand)?;
                self.compared(&term, sign, value)
            }
            Condition::Like { operand, raw } => {
                let term = self.filterable(operand)?;
                let Literal::Text(raw) = raw else { return Err(mismatch(&term)) };
                let bound = self.bind(Value::Text(pattern(raw)?));
                Ok(format!("{} LIKE {bound} ESCAPE '\\'", term.sql))
            }
            Condition::Among { operand, values, negated } => {
                let term = self.filterable(operand)?;
                let one = |value| self.compared(&term, "=", value);
                let any = values.iter().map(one).collect::<Result<Vec<_>, _>>()?.join(" OR ");
                Ok(if *negated { format!("NOT ifnull({any}, 0)") } else { format!("({any})") })
            }
            Condition::AmongFound { operand, query, negated } => {
                let term = self.filterable(operand)?;
                let inner = self.subselect(query)?;
                let not = if *negated { "NOT " } else { "" };
                Ok(format!("{} {not}IN ({inner})", term.sql))
            }
        }
    }

    fn joined(&mut self, conditions: &[Condition], word: &str) -> Result<String, ApiError> {
        let parts = conditions.iter().map(|one| self.sql(one)).collect::<Result<Vec<_>, _>>()?;
        Ok(format!("({})", parts.join(word)))
    }

    pub(crate) fn term(&mut self, operand: &Operand) -> Result<Term, ApiError> {
        match operand {
            Operand::Path(path) => {
                let found = self.joins.resolve(path)?;
                Ok(Term { sql: found.sql, kind: found.field.kind.clone(), name: found.field.name.clone() })
            }
            Operand::Aggregate { function, path } => {
                let found = self.joins.resolve(path)?;
                let field = found.sql;
                let (sql, kind) = match function {
                    Function::Count => (format!("count({field})"), Kind::Integer),
                    Function::CountDistinct => (format!("count(DISTINCT {field})"), Kind::Integer),
                    Function::Sum => (format!("sum({field})"), Kind::Number),
                    Function::Avg => (format!("avg({field})"), Kind::Number),
                    Function::Min => (format!("min({field})"), found.field.kind.clone()),
                    Function::Max => (format!("max({field})"), found.field.kind.clone()),
                };
                let adds = matches!(function, Function::Sum | Function::Avg);
                if adds && !found.field.kind.is_number() {
                    let message = format!("field {} does not support aggregate operator", found.field.name);
                    return Err(ApiError::malformed_query(message));
                }
                Ok(Term { sql, kind, name: found.field.name.clone() })
            }
        }
    }

    fn filterable(&mut self, operand: &Operand) -> Result<Term, ApiError> {
        let term = self.term(operand)?;
        if matches!(term.kind, Kind::LongText(_) | Kind::Blob { .. }) {
            let message = format!("field '{}' can not be filtered in a query call", term.name);
            return Err(ApiError::new(400, "INVALID_FIELD", message));
        }
        Ok(term)
    }

    fn compared(&mut self, term: &Term, sign: &str, value: &Literal) -> Result<String, ApiError> {
        let sql = &term.sql;
        if let Literal::Range(name) = value {
            return self.within(term, sign, name);
        }
        let Some(bound) = bound(term, value)? else {
            return match sign {
                "=" => Ok(format!("{sql} IS NULL")),
                "!=" => Ok(format!("{sql} IS NOT NULL")),
                _ => Err(mismatch(term)),
            };
        };
        let bound = self.bind(bound);
        Ok(if sign == "!=" {
            format!("({sql} IS NULL OR {sql} != {bound})")
        } else {
            format!("{sql} {sign} {bound}")
        })
    }

    fn within(&mut self, term: &Term, sign: &str, name: &str) -> Result<String, ApiError> {
        let (first, after) = range(name, self.moment.today).ok_or_else(|| mismatch(term))?;
        let write = |day: i64| match term.kind {
            Kind::Date => Ok(Value::Text(written_day(day))),
            Kind::DateTime => Ok(Value::Text(written_instant(day * crate::org::calendar::DAY))),
            _ => Err(mismatch(term)),
        };
        let (first, after) = (self.bind(write(first)?), self.bind(write(after)?));
        let sql = &term.sql;
        Ok(match sign {
            "=" => format!("({sql} >= {first} AND {sql} < {after})"),
            "!=" => format!("({sql} IS NULL OR {sql} < {first} OR {sql} >= {after})"),
            "<" => format!("{sql} < {first}"),
            "<=" => format!("{sql} < {after}"),
            ">" => format!("{sql} >= {after}"),
            _ => format!("{sql} >= {first}"),
        })
    }

    fn subselect(&mut self, query: &Query) -> Result<String, ApiError> {
        let [crate::org::soql::Selected::Field { path, .. }] = query.selected.as_slice() else {
            return Err(ApiError::malformed_query("The inner select must have exactly one field"));
        };
        let prefix = format!("{}s", self.joins.table());
        let mut joins = Joins::new(self.joins.schema(), &query.object, query.alias.clone(), &prefix)?;
        let column = joins.resolve(path)?.sql;
        let moment = self.moment;
        let mut inner = Filter { joins: &mut joins, parameters: &mut *self.parameters, moment };
        let condition = query.condition.as_ref().map(|condition| inner.sql(condition)).transpose()?;
        let condition = condition.unwrap_or_else(|| "1".to_owned());
        Ok(format!(
            "SELECT {column} FROM {}{} WHERE {condition} AND {prefix}.IsDeleted = 0 AND {column} IS NOT NULL",
            joins.root_table(),
            joins.sql()
        ))
    }

    pub(crate) fn bind(&mut self, value: Value) -> String {
        self.parameters.push(value);
        format!("?{}", self.parameters.len())
    }
}

/// The value to compare with; none for null and for empty text, which is the same to Salesforce.
fn bound(term: &Term, value: &Literal) -> Result<Option<Value>, ApiError> {
    let bound = match (&term.kind, value) {
        (_, Literal::Null) => return Ok(None),
        (_, Literal::Text(raw)) if raw.is_empty() => return Ok(None),
        (kind, Literal::Text(raw)) if kind.is_id() => {
            let id = meant(raw)?;
            let invalid =
                ApiError::new(400, "INVALID_QUERY_FILTER_OPERATOR", format!("invalid ID field: {id}"));
            Some(Value::Text(whole(&id).ok_or(invalid)?))
        }
        (kind, Literal::Text(raw)) if kind.is_text() => Some(Value::Text(meant(raw)?)),
        (kind, Literal::Value(number)) if kind.is_number() => number.parse().ok().map(Value::Real),
        (Kind::Boolean, Literal::Boolean(value)) => Some(Value::Integer(i64::from(*value))),
        (Kind::Date, Literal::Value(day)) => read_day(day).map(|day| Value::Text(written_day(day))),
        (Kind::DateTime, Literal::Value(at)) => read_instant(at).map(|at| Value::Text(written_instant(at))),
        _ => None,
    };
    bound.map(Some).ok_or_else(|| mismatch(term))
}

fn mismatch(term: &Term) -> ApiError {
    let quotes = if term.kind.is_text() || term.kind.is_id() { "should" } else { "should not" };
    let kind = match &term.kind {
        Kind::DateTime => "dateTime",
        kind if kind.is_text() => "string",
        kind => kind.name(),
    };
    let message = format!(
        "value of filter criterion for field '{}' must be of type {kind} and {quotes} be enclosed in quotes",
        term.name
    );
    ApiError::new(400, "INVALID_FIELD", message)
}
