//! A query as statements of SQL: one that finds the rows, one that reads a page of them.

use crate::org::api_error::ApiError;
use crate::org::field::Kind;
use crate::org::object::OrgObject;
use crate::org::soql::Query;
use crate::org::soql::Selected;
use crate::org::soql::columns::Column;
use crate::org::soql::condition::Operand;
use crate::org::soql::filter::Filter;
use crate::org::soql::joins::Joins;
use crate::org::soql::joins::Parent;
use crate::org::soql::joins::column;
use rusqlite::types::Value;
use std::sync::Arc;

/// The day a query is asked on, and whether it sees what was deleted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) today: i64,
    pub(crate) include_deleted: bool,
}

/// A query, ready to be run.
pub(crate) struct Plan {
    pub(crate) object: String,
    pub(crate) shape: Shape,
    pub(crate) columns: Vec<Column>,
    pub(crate) parents: Vec<Parent>,
    pub(crate) children: Vec<Children>,
    /// Of records: their row numbers, in order. Of groups and counts: the answer.
    pub(crate) find: String,
    /// Of records: the columns, then the ids of the parents, then the record's own id; of the row numbers in a JSON array.
    pub(crate) read: String,
    pub(crate) parameters: Vec<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Records,
    Count,
    Groups,
}

/// A subquery; the last parameter of its `find` is the id of the parent.
pub(crate) struct Children {
    pub(crate) relationship: String,
    pub(crate) plan: Arc<Plan>,
}

impl Plan {
    pub(crate) fn new(query: &Query, schema: &[OrgObject], moment: Moment) -> Result<Self, ApiError> {
        Self::of(query, schema, moment, None)
    }

    fn of(
        query: &Query,
        schema: &[OrgObject],
        moment: Moment,
        foreign_key: Option<&str>,
    ) -> Result<Self, ApiError> {
        let mut joins = Joins::new(schema, &query.object, query.alias.clone(), "t")?;
        let mut parameters = Vec::new();
        let shape = shape(query)?;
        let mut filter = Filter { joins: &mut joins, parameters: &mut parameters, moment };
        let columns = filter.columns(query, shape == Shape::Groups)?;
        let mut wanted = Vec::new();
        if let Some(condition) = &query.condition {
            wanted.push(filter.sql(condition)?);
        }
        if !moment.include_deleted {
            wanted.push("t.IsDeleted = 0".to_owned());
        }
        let tail = filter.tail(query, shape, &columns)?;
        let object = filter.joins.root;
        if let Some(foreign_key) = foreign_key {
            wanted.push(format!("{} = ?{}", column("t", foreign_key), parameters.len() + 1));
        }
        let condition =
            if wanted.is_empty() { String::new() } else { format!(" WHERE {}", wanted.join(" AND ")) };
        let from = format!("{}{}{condition}{tail}", joins.root_table(), joins.sql());
        let selected: Vec<&str> = columns.iter().map(|column| column.sql.as_str()).collect();
        let find = match shape {
            Shape::Records => format!("SELECT t.rowid FROM {from}"),
            Shape::Count => format!("SELECT count(*) FROM (SELECT 1 FROM {from})"),
            Shape::Groups => format!("SELECT {} FROM {from}", selected.join(", ")),
        };
        let parents = joins.parents();
        let ids = parents.iter().map(|parent| parent.id.as_str());
        let all: Vec<&str> = selected.into_iter().chain(ids).chain(["t.Id"]).collect();
        let read = format!(
            "SELECT {} FROM json_each(?1) AS k CROSS JOIN {} ON t.rowid = k.value{} ORDER BY k.key",
            all.join(", "),
            joins.root_table(),
            joins.sql()
        );
        let children = children(query, object, schema, moment)?;
        Ok(Self { object: object.name.clone(), shape, columns, parents, children, find, read, parameters })
    }
}

fn shape(query: &Query) -> Result<Shape, ApiError> {
    let counts = query.selected.contains(&Selected::Count);
    if counts && (query.selected.len() > 1 || !query.groups.is_empty()) {
        return Err(ApiError::malformed_query("COUNT() must be the only element in the SELECT list"));
    }
    let aggregates = query.selected.iter().any(|one| matches!(one, Selected::Aggregate { .. }));
    Ok(match (counts, aggregates || !query.groups.is_empty()) {
        (true, _) => Shape::Count,
        (_, true) => Shape::Groups,
        _ => Shape::Records,
    })
}

fn children(
    query: &Query,
    parent: &OrgObject,
    schema: &[OrgObject],
    moment: Moment,
) -> Result<Vec<Children>, ApiError> {
    let mut all = Vec::new();
    for selected in &query.selected {
        let Selected::Children(inner) = selected else { continue };
        let found = schema.iter().find_map(|object| {
            object.fields.iter().find_map(|field| match &field.kind {
                Kind::Reference { to, children: Some(name), .. }
                    if *to == parent.name && name.eq_ignore_ascii_case(&inner.object) =>
                {
                    Some((object, field.name.as_str(), name.clone()))
                }
                _ => None,
            })
        });
        let Some((object, foreign_key, relationship)) = found else {
            let message = format!(
                "Didn't understand relationship '{}' in FROM part of query call. If you are attempting to use a custom \
                 relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or \
                 the describe call for the appropriate names.",
                inner.object
            );
            return Err(ApiError::new(400, "INVALID_TYPE", message));
        };
        let inner = Query { object: object.name.clone(), ..(**inner).clone() };
        let plan = Arc::new(Plan::of(&inner, schema, moment, Some(foreign_key))?);
        all.push(Children { relationship, plan });
    }
    Ok(all)
}

impl Filter<'_, '_> {
    /// `GROUP BY … HAVING … ORDER BY … LIMIT …`.
    fn tail(&mut self, query: &Query, shape: Shape, columns: &[Column]) -> Result<String, ApiError> {
        let mut tail = String::new();
        let mut groups = Vec::new();
        for path in &query.groups {
            groups.push(self.term(&Operand::Path(path.clone()))?.sql);
        }
        if let Some(stray) = columns
            .iter()
            .find(|one| shape == Shape::Groups && !one.is_aggregate && !groups.contains(&one.sql))
        {
            let message = format!("Field must be grouped or aggregated: {}", stray.name);
            return Err(ApiError::malformed_query(message));
        }
        if !groups.is_empty() {
            tail = format!(" GROUP BY {}", groups.join(", "));
        }
        if let Some(having) = &query.having {
            tail = format!("{tail} HAVING {}", self.sql(having)?);
        }
        let mut order = Vec::new();
        for one in &query.order {
            let term = self.term(&one.operand)?;
            if matches!(term.kind, Kind::LongText(_) | Kind::Blob { .. }) {
                let message = format!("field '{}' can not be sorted in a query call", term.name);
                return Err(ApiError::malformed_query(message));
            }
            let direction = if one.descends { "DESC" } else { "ASC" };
            let nulls = if one.nulls_last { "LAST" } else { "FIRST" };
            order.push(format!("{} {direction} NULLS {nulls}", term.sql));
        }
        if shape == Shape::Records {
            order.push("t.rowid".to_owned());
        }
        if !order.is_empty() {
            tail = format!("{tail} ORDER BY {}", order.join(", "));
        }
        if query.offset > 2000 {
            let message = "Maximum SOQL offset allowed is 2000";
            return Err(ApiError::new(400, "NUMBER_OUTSIDE_VALID_RANGE", message));
        }
        if query.limit.is_some() || query.offset > 0 {
            let limit = query.limit.map_or(-1, |limit| i64::try_from(limit).unwrap_or(i64::MAX));
            tail = format!("{tail} LIMIT {limit} OFFSET {}", query.offset);
        }
        Ok(tail)
    }
}
