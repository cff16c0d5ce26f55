//! Queries are run, and their rows shown.

use crate::org::api_error::ApiError;
use crate::org::database::Fields;
use crate::org::database::shown::shown;
use crate::org::database::store::Store;
use crate::org::field::Kind;
use crate::org::soql::Query;
use crate::org::soql::compile::Moment;
use crate::org::soql::compile::Plan;
use crate::org::soql::compile::Shape;
use crate::org::soql::joins::quoted;
use rusqlite::Row;
use rusqlite::params_from_iter;
use rusqlite::types::Value as Sql;
use serde_json::Value;
use serde_json::json;

/// The answer to a query, flat: a parent's field is called `Account.Name`.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) records: Vec<Fields>,
    /// How many there are; of `COUNT()`, which has no records, the count.
    pub(crate) total: usize,
}

impl Store {
    pub(crate) fn plan(&self, soql: &str, include_deleted: bool) -> Result<Plan, ApiError> {
        self.plan_of(&Query::parse(soql)?, include_deleted)
    }

    pub(crate) fn plan_of(&self, query: &Query, include_deleted: bool) -> Result<Plan, ApiError> {
        Plan::new(query, &self.schema, Moment { today: self.today(), include_deleted })
    }

    /// All rows of a query at once.
    pub(crate) fn run(&self, soql: &str, include_deleted: bool) -> Result<Rows, ApiError> {
        let plan = self.plan(soql, include_deleted)?;
        let (records, total) = match plan.shape {
            Shape::Count => (Vec::new(), self.counted(&plan)?),
            Shape::Groups => {
                let groups = self.groups(&plan)?;
                let total = groups.len();
                (groups, total)
            }
            Shape::Records => {
                let rows = self.found(&plan, None)?;
                let total = rows.len();
                (self.read(&plan, &rows, "/services/data/v66.0", Self::flat)?, total)
            }
        };
        Ok(Rows { records, total })
    }

    /// The row numbers a query finds, in order; of a subquery, those of this parent.
    pub(crate) fn found(&self, plan: &Plan, parent: Option<&str>) -> Result<Vec<i64>, ApiError> {
        let parent = parent.map(|id| Sql::Text(id.to_owned()));
        let parameters = params_from_iter(plan.parameters.iter().cloned().chain(parent));
        let mut statement = self.connection.prepare_cached(&plan.find)?;
        let rows = statement.query_map(parameters, |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(rows)
    }

    pub(crate) fn counted(&self, plan: &Plan) -> Result<usize, ApiError> {
        let count: i64 = self.connection.query_row(
            &plan.find,
            params_from_iter(plan.parameters.iter().cloned()),
            |row| row.get(0),
        )?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    /// The answer to a grouped query.
    pub(crate) fn groups(&self, plan: &Plan) -> Result<Vec<Fields>, ApiError> {
        let mut statement = self.connection.prepare_cached(&plan.find)?;
        let mut rows = statement.query(params_from_iter(plan.parameters.iter().cloned()))?;
        let mut groups = Vec::new();
        while let Some(row) = rows.next()? {
            let mut group = Fields::new();
            for (at, column) in plan.columns.iter().enumerate() {
                let value = shown(&column.kind, row.get_ref(at)?, String::new);
                group.insert(column.name.clone(), value);
            }
            groups.push(group);
        }
        Ok(groups)
    }

    /// These rows, each made into what is wanted by `show`.
    pub(crate) fn read<T>(
        &self,
        plan: &Plan,
        rows: &[i64],
        base: &str,
        show: impl Fn(&Self, &Plan, &Row<'_>, &str) -> Result<T, ApiError>,
    ) -> Result<Vec<T>, ApiError> {
        let numbers = json!(rows).to_string();
        let mut statement = self.connection.prepare_cached(&plan.read)?;
        let mut found = statement.query([numbers])?;
        let mut records = Vec::with_capacity(rows.len());
        while let Some(row) = found.next()? {
            records.push(show(self, plan, row, base)?);
        }
        Ok(records)
    }

    /// A record flat: a parent's field is called `Account.Name`.
    pub(crate) fn flat(&self, plan: &Plan, row: &Row<'_>, base: &str) -> Result<Fields, ApiError> {
        let mut record = Fields::new();
        let id: String = row.get(plan.columns.len() + plan.parents.len())?;
        for (at, column) in plan.columns.iter().enumerate() {
            let link = || format!("{base}/sobjects/{}/{id}/{}", plan.object, column.name);
            record.insert(column.path(), shown(&column.kind, row.get_ref(at)?, link));
        }
        Ok(record)
    }

    /// A record as the REST API shows it: parents nested, and everything with its `attributes`.
    pub(crate) fn nested(&self, plan: &Plan, row: &Row<'_>, base: &str) -> Result<Fields, ApiError> {
        let id: String = row.get(plan.columns.len() + plan.parents.len())?;
        let mut record = Fields::new();
        record.insert("attributes".to_owned(), attributes(base, &plan.object, &id));
        for (at, parent) in plan.parents.iter().enumerate() {
            let id: Option<String> = row.get(plan.columns.len() + at)?;
            let own = id.map(|id| json!({ "attributes": attributes(base, &parent.object, &id) }));
            let selected = |relationships: &[String]| relationships.starts_with(&parent.relationships);
            if plan.columns.iter().any(|column| selected(&column.relationships)) {
                place(&mut record, &parent.relationships, own.unwrap_or(Value::Null));
            }
        }
        for (at, column) in plan.columns.iter().enumerate() {
            let link = || format!("{base}/sobjects/{}/{id}/{}", plan.object, column.name);
            let value = shown(&column.kind, row.get_ref(at)?, link);
            let path: Vec<String> = column.relationships.iter().chain([&column.name]).cloned().collect();
            place(&mut record, &path, value);
        }
        for children in &plan.children {
            let rows = self.found(&children.plan, Some(&id))?;
            let records = self.read(&children.plan, &rows, base, Self::nested)?;
            let answer = json!({ "totalSize": records.len(), "done": true, "records": records });
            let answer = if rows.is_empty() { Value::Null } else { answer };
            record.insert(children.relationship.clone(), answer);
        }
        Ok(record)
    }

    /// The bytes of a blob field.
    pub(crate) fn blob(&self, object: &str, id: &str, field: &str) -> Result<Vec<u8>, ApiError> {
        let object = self.object(object)?;
        let field = object.find(field).filter(|field| matches!(field.kind, Kind::Blob { .. }));
        let column = quoted(&field.ok_or_else(ApiError::not_found)?.name);
        let row = self.row(object, id)?;
        let statement = format!("SELECT {column} FROM {} WHERE rowid = ?1", quoted(&object.name));
        let bytes: Option<Vec<u8>> = self.connection.query_row(&statement, [row], |row| row.get(0))?;
        Ok(bytes.unwrap_or_default())
    }
}

pub(crate) fn attributes(base: &str, object: &str, id: &str) -> Value {
    json!({ "type": object, "url": format!("{base}/sobjects/{object}/{id}") })
}

/// Puts a value where a path leads, unless that is inside of nothing.
fn place(record: &mut Fields, path: &[String], value: Value) {
    let Some((name, parents)) = path.split_last() else { return };
    let mut here = record;
    for parent in parents {
        let Some(Value::Object(inner)) = here.get_mut(parent) else { return };
        here = inner;
    }
    here.insert(name.clone(), value);
}
