//! What comes after `WHERE` and `HAVING`.

use crate::org::api_error::ApiError;
use crate::org::soql::Query;
use crate::org::soql::parse::Parser;
use crate::org::soql::words::Word;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Condition {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Compared { operand: Operand, sign: &'static str, value: Literal },
    Like { operand: Operand, raw: Literal },
    Among { operand: Operand, values: Vec<Literal>, negated: bool },
    AmongFound { operand: Operand, query: Box<Query>, negated: bool },
}

/// A field, or an aggregate of one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Operand {
    Path(String),
    Aggregate { function: Function, path: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    Count,
    CountDistinct,
    Sum,
    Avg,
    Min,
    Max,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Literal {
    Null,
    /// Still with its backslashes.
    Text(String),
    Boolean(bool),
    /// A number, a day or an instant.
    Value(String),
    /// A date literal such as `TODAY`.
    Range(String),
}

impl Function {
    pub(crate) fn named(name: &str) -> Option<Self> {
        let all = [Self::Count, Self::CountDistinct, Self::Sum, Self::Avg, Self::Min, Self::Max];
        all.into_iter().find(|function| function.name().eq_ignore_ascii_case(name))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Count => "COUNT",
            Self::CountDistinct => "COUNT_DISTINCT",
            Self::Sum => "SUM",
            Self::Avg => "AVG",
            Self::Min => "MIN",
            Self::Max => "MAX",
        }
    }
}

impl Parser {
    /// `a AND b AND c`, or `a OR b OR c`; both together need parentheses.
    pub(crate) fn condition(&mut self) -> Result<Condition, ApiError> {
        let first = self.single()?;
        let mut all = vec![first];
        let joined_by = ["AND", "OR"].into_iter().find(|word| self.is_next(word));
        let Some(joined_by) = joined_by else { return Ok(all.remove(0)) };
        while self.take(joined_by) {
            all.push(self.single()?);
        }
        if self.is_next("AND") || self.is_next("OR") {
            return Err(self.unexpected());
        }
        Ok(if joined_by == "AND" { Condition::All(all) } else { Condition::Any(all) })
    }

    fn single(&mut self) -> Result<Condition, ApiError> {
        if self.take("NOT") {
            return Ok(Condition::Not(Box::new(self.single()?)));
        }
        if self.take_sign("(") {
            let inner = self.condition()?;
            self.expect_sign(")")?;
            return Ok(inner);
        }
        let operand = self.operand()?;
        if self.take("LIKE") {
            return Ok(Condition::Like { operand, raw: self.literal()? });
        }
        let negated = self.take("NOT");
        if self.take("IN") {
            return self.among(operand, negated);
        }
        if negated {
            return Err(self.unexpected());
        }
        let Some(sign) =
            ["=", "!=", "<>", "<=", ">=", "<", ">"].into_iter().find(|sign| self.take_sign(sign))
        else {
            return Err(self.unexpected());
        };
        let sign = if sign == "<>" { "!=" } else { sign };
        Ok(Condition::Compared { operand, sign, value: self.literal()? })
    }

    fn among(&mut self, operand: Operand, negated: bool) -> Result<Condition, ApiError> {
        self.expect_sign("(")?;
        if self.is_next("SELECT") {
            let query = Box::new(self.query()?);
            self.expect_sign(")")?;
            return Ok(Condition::AmongFound { operand, query, negated });
        }
        let mut values = vec![self.literal()?];
        while self.take_sign(",") {
            values.push(self.literal()?);
        }
        self.expect_sign(")")?;
        Ok(Condition::Among { operand, values, negated })
    }

    /// A field's name, or an aggregate function of one.
    pub(crate) fn operand(&mut self) -> Result<Operand, ApiError> {
        let name = self.name()?;
        if !self.take_sign("(") {
            return Ok(Operand::Path(name));
        }
        let Some(function) = Function::named(&name) else { return Err(self.unexpected()) };
        let path = self.name()?;
        self.expect_sign(")")?;
        Ok(Operand::Aggregate { function, path })
    }

    fn literal(&mut self) -> Result<Literal, ApiError> {
        let literal = match self.peek() {
            Some(Word::Text(raw)) => Literal::Text(raw.clone()),
            Some(Word::Value(value)) => Literal::Value(value.clone()),
            Some(Word::Name(name)) if name.eq_ignore_ascii_case("null") => Literal::Null,
            Some(Word::Name(name)) if name.eq_ignore_ascii_case("true") => Literal::Boolean(true),
            Some(Word::Name(name)) if name.eq_ignore_ascii_case("false") => Literal::Boolean(false),
            Some(Word::Name(name)) if !name.contains('.') => Literal::Range(name.to_ascii_uppercase()),
            _ => return Err(self.unexpected()),
        };
        self.skip();
        Ok(literal)
    }
}
