//! SOSL: `FIND {words} IN ALL FIELDS RETURNING Account(Id, Name), Contact LIMIT 5`.

use crate::org::api_error::ApiError;
use crate::org::object::OrgObject;
use crate::org::soql::Query;
use crate::org::soql::Selected;
use crate::org::soql::condition::Condition;
use crate::org::soql::parse::Parser;
use crate::org::soql::words::Word;

/// A search, taken apart: what is looked for, and a query for every object to look in.
pub(crate) struct Search {
    pub(crate) queries: Vec<Query>,
    pub(crate) limit: usize,
}

/// The most a search finds.
pub(crate) const MOST: usize = 2000;

impl Search {
    pub(crate) fn parse(text: &str, schema: &[OrgObject]) -> Result<Self, ApiError> {
        let malformed = |message: &str| ApiError::new(400, "MALFORMED_SEARCH", message);
        let rest = text.trim_start();
        let find = rest.get(..4).filter(|word| word.eq_ignore_ascii_case("find"));
        let rest = find.and(rest.get(4..)).ok_or_else(|| malformed("unexpected token: expecting FIND"))?;
        let rest = rest.trim_start().strip_prefix('{').ok_or_else(|| malformed("expecting a left brace"))?;
        let end = closing(rest).ok_or_else(|| malformed("expecting a right brace"))?;
        let (wanted, rest) = (rest.get(..end).unwrap_or_default(), rest.get(end + 1..).unwrap_or_default());
        let mut parser = Parser::new(rest)?;
        let scope = if parser.take("IN") {
            let scope = parser.name()?;
            parser.expect("FIELDS")?;
            scope
        } else {
            "ALL".to_owned()
        };
        let mut queries = Vec::new();
        if parser.take("RETURNING") {
            queries.push(parser.returning()?);
            while parser.take_sign(",") {
                queries.push(parser.returning()?);
            }
        } else {
            queries.extend(searchable(schema).map(|object| by_id(&object.name)));
        }
        while parser.take("WITH") {
            while !matches!(parser.peek(), None | Some(Word::Name(_))) || !parser.is_next("LIMIT") {
                if parser.peek().is_none() {
                    break;
                }
                parser.skip();
            }
        }
        let limit = if parser.take("LIMIT") { parser.count()? } else { MOST as u64 };
        parser.end()?;
        for query in &mut queries {
            look(query, wanted, &scope, schema)?;
        }
        Ok(Self { queries, limit: usize::try_from(limit).unwrap_or(MOST).min(MOST) })
    }
}

impl Parser {
    /// `Account`, or `Account(Id, Name WHERE … ORDER BY … LIMIT …)`.
    fn returning(&mut self) -> Result<Query, ApiError> {
        let object = self.name()?;
        if !self.take_sign("(") {
            return Ok(by_id(&object));
        }
        let mut selected = vec![self.selected()?];
        while self.take_sign(",") {
            selected.push(self.selected()?);
        }
        let mut query = self.clauses()?;
        self.expect_sign(")")?;
        (query.selected, query.object) = (selected, object);
        Ok(query)
    }
}

/// Has a query find only what has the words in its fields.
pub(crate) fn look(
    query: &mut Query,
    wanted: &str,
    scope: &str,
    schema: &[OrgObject],
) -> Result<(), ApiError> {
    let object = schema.iter().find(|object| object.name.eq_ignore_ascii_case(&query.object));
    let object = object.ok_or_else(|| ApiError::no_such_object(&query.object))?;
    let scope = scope.to_ascii_uppercase();
    let fields: Vec<String> = object
        .fields
        .iter()
        .filter(|field| match scope.as_str() {
            "NAME" => field.name == object.name_field(),
            "EMAIL" | "PHONE" => field.kind.name().eq_ignore_ascii_case(&scope),
            _ => field.kind.is_text(),
        })
        .map(|field| field.name.clone())
        .collect();
    let found = words(wanted, &fields)?;
    let condition = match query.condition.take() {
        Some(own) => Condition::All(vec![own, found]),
        None => found,
    };
    query.condition = Some(condition);
    Ok(())
}

/// Every word, or those on either side of an `OR`; a `*` is any end of a word, and a `?` any sign.
fn words(wanted: &str, fields: &[String]) -> Result<Condition, ApiError> {
    let mut any = Vec::new();
    let mut all = Vec::new();
    let mut negated = false;
    for word in split(wanted) {
        match word.as_str() {
            "OR" => any.push(Condition::All(std::mem::take(&mut all))),
            "AND" => {}
            "NOT" => negated = true,
            word => {
                let found = Condition::Worded { paths: fields.to_vec(), pattern: format!("% {word} %") };
                all.push(if negated { Condition::Not(Box::new(found)) } else { found });
                negated = false;
            }
        }
    }
    if all.is_empty() {
        let message = format!("search term must be longer than one character: {wanted}");
        return Err(ApiError::new(400, "MALFORMED_SEARCH", message));
    }
    any.push(Condition::All(all));
    Ok(Condition::Any(any))
}

/// Words and quoted phrases as patterns, their backslashes gone.
fn split(wanted: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    let mut signs = wanted.chars();
    while let Some(sign) = signs.next() {
        let literal = match sign {
            '"' => {
                quoted = !quoted;
                continue;
            }
            ' ' | '(' | ')' if !quoted => {
                words.push(String::new());
                continue;
            }
            '*' | '?' => {
                if let Some(word) = words.last_mut() {
                    word.push(if sign == '*' { '%' } else { '_' });
                }
                continue;
            }
            '\\' => signs.next().unwrap_or('\\'),
            other => other,
        };
        let Some(word) = words.last_mut() else { continue };
        match literal {
            '@' | '.' | '-' | ',' => word.push(' '),
            '%' | '_' => word.extend(['\\', literal]),
            other => word.push(other),
        }
    }
    words.into_iter().map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect()
}

fn closing(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, sign)| {
        let ends = sign == '}' && !escaped;
        escaped = sign == '\\' && !escaped;
        ends.then_some(at)
    })
}

/// Where a search looks that does not say where.
pub(crate) fn searchable(schema: &[OrgObject]) -> impl Iterator<Item = &OrgObject> {
    schema.iter().filter(|object| object.writable)
}

pub(crate) fn by_id(object: &str) -> Query {
    let selected = vec![Selected::Field { path: "Id".to_owned(), alias: None }];
    Query {
        selected,
        object: object.to_owned(),
        alias: None,
        condition: None,
        groups: Vec::new(),
        having: None,
        order: Vec::new(),
        limit: None,
        offset: 0,
    }
}
