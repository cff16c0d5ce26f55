//! What a query selects: columns, in the order they were asked for.

use crate::org::api_error::ApiError;
use crate::org::field::Kind;
use crate::org::object::OrgObject;
use crate::org::soql::FieldGroup;
use crate::org::soql::Query;
use crate::org::soql::Selected;
use crate::org::soql::filter::Filter;

/// One column of the answer.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// The relationships to the parent it is of.
    pub(crate) relationships: Vec<String>,
    /// Its name in that record.
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) sql: String,
    pub(crate) is_aggregate: bool,
}

impl Column {
    /// Such as `Account.Name`.
    pub(crate) fn path(&self) -> String {
        let mut path = self.relationships.join(".");
        if !path.is_empty() {
            path.push('.');
        }
        path + &self.name
    }
}

impl Filter<'_, '_> {
    pub(crate) fn columns(&mut self, query: &Query, grouped: bool) -> Result<Vec<Column>, ApiError> {
        let mut columns: Vec<Column> = Vec::new();
        let mut expressions = 0;
        for selected in &query.selected {
            match selected {
                Selected::Field { path, alias } => columns.push(self.field(path, alias, grouped)?),
                Selected::Aggregate { operand, alias } => {
                    let term = self.term(operand)?;
                    let name = alias.clone().unwrap_or_else(|| format!("expr{expressions}"));
                    expressions += usize::from(alias.is_none());
                    let relationships = Vec::new();
                    let (kind, sql) = (term.kind, term.sql);
                    columns.push(Column { relationships, name, kind, sql, is_aggregate: true });
                }
                Selected::Fields(group) => {
                    bounded(*group, query.limit)?;
                    for name in members(self.joins.root, *group) {
                        columns.push(self.field(&name, &None, false)?);
                    }
                }
                Selected::Count | Selected::Children(_) => {}
            }
        }
        for (at, column) in columns.iter().enumerate() {
            if columns.iter().take(at).any(|earlier| earlier.path() == column.path()) {
                let message = format!("duplicate field selected: {}", column.name);
                return Err(ApiError::new(400, "INVALID_FIELD", message));
            }
        }
        Ok(columns)
    }

    fn field(&mut self, path: &str, alias: &Option<String>, grouped: bool) -> Result<Column, ApiError> {
        if alias.is_some() && !grouped {
            return Err(ApiError::malformed_query("only aggregate expressions use field aliasing"));
        }
        let found = self.joins.resolve(path)?;
        let name = alias.clone().unwrap_or_else(|| found.field.name.clone());
        let relationships = if grouped { Vec::new() } else { found.relationships };
        Ok(Column {
            relationships,
            name,
            kind: found.field.kind.clone(),
            sql: found.sql,
            is_aggregate: false,
        })
    }
}

fn bounded(group: FieldGroup, limit: Option<u64>) -> Result<(), ApiError> {
    if group != FieldGroup::Standard && limit.is_none_or(|limit| limit > 200) {
        let message = "The SOQL FIELDS function must have a LIMIT of at most 200";
        return Err(ApiError::malformed_query(message));
    }
    Ok(())
}

fn members(object: &OrgObject, group: FieldGroup) -> Vec<String> {
    object
        .fields
        .iter()
        .filter(|field| match group {
            FieldGroup::All => true,
            FieldGroup::Standard => !field.is_custom(),
            FieldGroup::Custom => field.is_custom(),
        })
        .map(|field| field.name.clone())
        .collect()
}
