//! Reads a query, word by word.

use crate::org::api_error::ApiError;
use crate::org::soql::FieldGroup;
use crate::org::soql::Order;
use crate::org::soql::Query;
use crate::org::soql::Selected;
use crate::org::soql::condition::Operand;
use crate::org::soql::words::Word;
use crate::org::soql::words::unexpected;
use crate::org::soql::words::words;

const CLAUSES: [&str; 12] =
    ["FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "WITH", "USING", "FOR", "UPDATE", "ALL"];

pub(crate) struct Parser {
    words: Vec<Word>,
    at: usize,
}

impl Query {
    pub(crate) fn parse(text: &str) -> Result<Self, ApiError> {
        let mut parser = Parser::new(text)?;
        let query = parser.query()?;
        parser.end()?;
        Ok(query)
    }
}

impl Parser {
    pub(crate) fn new(text: &str) -> Result<Self, ApiError> {
        Ok(Self { words: words(text)?, at: 0 })
    }

    pub(crate) fn end(&self) -> Result<(), ApiError> {
        if self.peek().is_none() { Ok(()) } else { Err(self.unexpected()) }
    }

    pub(crate) fn query(&mut self) -> Result<Query, ApiError> {
        self.expect("SELECT")?;
        let mut selected = vec![self.selected()?];
        while self.take_sign(",") {
            selected.push(self.selected()?);
        }
        self.expect("FROM")?;
        let object = self.name()?;
        self.take("AS");
        let alias = self.alias();
        let mut query = self.clauses()?;
        (query.selected, query.object, query.alias) = (selected, object, alias);
        Ok(query)
    }

    /// Everything after the object's name; what is selected, and of what, the caller knows.
    pub(crate) fn clauses(&mut self) -> Result<Query, ApiError> {
        if self.take("USING") {
            self.expect("SCOPE")?;
            self.name()?;
        }
        let condition = if self.take("WHERE") { Some(self.condition()?) } else { None };
        if self.take("WITH") {
            self.name()?;
        }
        let mut groups = Vec::new();
        if self.take("GROUP") {
            self.expect("BY")?;
            groups.push(self.name()?);
            while self.take_sign(",") {
                groups.push(self.name()?);
            }
        }
        let having = if self.take("HAVING") { Some(self.condition()?) } else { None };
        let order = self.order()?;
        let limit = if self.take("LIMIT") { Some(self.count()?) } else { None };
        let offset = if self.take("OFFSET") { self.count()? } else { 0 };
        if self.take("FOR") || self.take("UPDATE") {
            self.name()?;
        }
        if self.take("ALL") {
            self.expect("ROWS")?;
        }
        let (selected, object, alias) = (Vec::new(), String::new(), None);
        Ok(Query { selected, object, alias, condition, groups, having, order, limit, offset })
    }

    fn order(&mut self) -> Result<Vec<Order>, ApiError> {
        let mut order = Vec::new();
        if !self.take("ORDER") {
            return Ok(order);
        }
        self.expect("BY")?;
        loop {
            let operand = self.operand()?;
            let descends = self.take("DESC");
            if !descends {
                self.take("ASC");
            }
            let mut nulls_last = false;
            if self.take("NULLS") {
                nulls_last = self.take("LAST");
                if !nulls_last {
                    self.expect("FIRST")?;
                }
            }
            order.push(Order { operand, descends, nulls_last });
            if !self.take_sign(",") {
                return Ok(order);
            }
        }
    }

    fn selected(&mut self) -> Result<Selected, ApiError> {
        if self.take_sign("(") {
            let query = self.query()?;
            self.expect_sign(")")?;
            return Ok(Selected::Children(Box::new(query)));
        }
        let calls = matches!(self.words.get(self.at + 1), Some(Word::Sign("(")));
        if calls && self.take("FIELDS") {
            self.expect_sign("(")?;
            let group = match self.name()?.to_ascii_uppercase().as_str() {
                "ALL" => FieldGroup::All,
                "STANDARD" => FieldGroup::Standard,
                "CUSTOM" => FieldGroup::Custom,
                other => return Err(unexpected(other)),
            };
            self.expect_sign(")")?;
            return Ok(Selected::Fields(group));
        }
        let counts_rows = matches!(self.words.get(self.at + 2), Some(Word::Sign(")")));
        if calls && counts_rows && self.take("COUNT") {
            self.at += 2;
            return Ok(Selected::Count);
        }
        match self.operand()? {
            Operand::Path(path) => Ok(Selected::Field { path, alias: self.alias() }),
            operand => Ok(Selected::Aggregate { operand, alias: self.alias() }),
        }
    }

    fn alias(&mut self) -> Option<String> {
        match self.peek() {
            Some(Word::Name(name)) if !CLAUSES.iter().any(|clause| clause.eq_ignore_ascii_case(name)) => {
                let name = name.clone();
                self.skip();
                Some(name)
            }
            _ => None,
        }
    }

    fn count(&mut self) -> Result<u64, ApiError> {
        let number = match self.peek() {
            Some(Word::Value(value)) => value.parse().ok(),
            _ => None,
        };
        let number = number.ok_or_else(|| self.unexpected())?;
        self.skip();
        Ok(number)
    }
}

/// Word by word.
impl Parser {
    pub(crate) fn peek(&self) -> Option<&Word> {
        self.words.get(self.at)
    }

    pub(crate) fn skip(&mut self) {
        self.at += 1;
    }

    pub(crate) fn is_next(&self, keyword: &str) -> bool {
        matches!(self.peek(), Some(Word::Name(name)) if name.eq_ignore_ascii_case(keyword))
    }

    pub(crate) fn take(&mut self, keyword: &str) -> bool {
        let found = self.is_next(keyword);
        self.at += usize::from(found);
        found
    }

    pub(crate) fn take_sign(&mut self, wanted: &str) -> bool {
        let found = matches!(self.peek(), Some(Word::Sign(sign)) if *sign == wanted);
        self.at += usize::from(found);
        found
    }

    pub(crate) fn expect(&mut self, keyword: &str) -> Result<(), ApiError> {
        if self.take(keyword) { Ok(()) } else { Err(self.unexpected()) }
    }

    pub(crate) fn expect_sign(&mut self, sign: &str) -> Result<(), ApiError> {
        if self.take_sign(sign) { Ok(()) } else { Err(self.unexpected()) }
    }

    pub(crate) fn name(&mut self) -> Result<String, ApiError> {
        let name = match self.peek() {
            Some(Word::Name(name)) => name.clone(),
            _ => return Err(self.unexpected()),
        };
        self.skip();
        Ok(name)
    }

    pub(crate) fn unexpected(&self) -> ApiError {
        match self.peek() {
            None => unexpected("<EOF>"),
            Some(Word::Name(word) | Word::Value(word) | Word::Text(word)) => unexpected(word),
            Some(Word::Sign(sign)) => unexpected(sign),
        }
    }
}
