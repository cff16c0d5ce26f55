//! What a path such as `Account.Owner.Name` names, and the tables it leads through.

use crate::org::api_error::ApiError;
use crate::org::field::Kind;
use crate::org::field::OrgField;
use crate::org::object::OrgObject;

/// The tables of one query: its object's, and those of the parents its paths go by.
pub(crate) struct Joins<'a> {
    schema: &'a [OrgObject],
    pub(crate) root: &'a OrgObject,
    alias: Option<String>,
    /// What the tables are called in SQL, before a number.
    prefix: String,
    joined: Vec<Join<'a>>,
}

struct Join<'a> {
    relationships: Vec<String>,
    object: &'a OrgObject,
    table: String,
    on: String,
}

/// A field, where it was found.
pub(crate) struct Resolved<'a> {
    pub(crate) relationships: Vec<String>,
    pub(crate) field: &'a OrgField,
    pub(crate) sql: String,
}

/// A parent on the way to a field.
pub(crate) struct Parent {
    pub(crate) relationships: Vec<String>,
    pub(crate) object: String,
    pub(crate) id: String,
}

impl<'a> Joins<'a> {
    pub(crate) fn new(
        schema: &'a [OrgObject],
        object: &str,
        alias: Option<String>,
        prefix: &str,
    ) -> Result<Self, ApiError> {
        let root = schema.iter().find(|one| one.name.eq_ignore_ascii_case(object));
        let root = root.ok_or_else(|| ApiError::no_such_object(object))?;
        Ok(Self { schema, root, alias, prefix: prefix.to_owned(), joined: Vec::new() })
    }

    pub(crate) fn schema(&self) -> &'a [OrgObject] {
        self.schema
    }

    pub(crate) fn table(&self) -> &str {
        &self.prefix
    }

    pub(crate) fn resolve(&mut self, path: &str) -> Result<Resolved<'a>, ApiError> {
        let mut names: Vec<&str> = path.split('.').collect();
        let is_ours = |name: &&str| {
            let alias = self.alias.as_deref().unwrap_or(&self.root.name);
            name.eq_ignore_ascii_case(alias) && self.root.parent(name).is_none()
        };
        if names.len() > 1 && names.first().is_some_and(is_ours) {
            names.remove(0);
        }
        let name = names.pop().unwrap_or_default();
        let mut here = (self.root, self.prefix.clone());
        let mut relationships = Vec::new();
        for relationship in names {
            here = self.step(here, relationship, &mut relationships)?;
        }
        let (object, table) = here;
        let field = object.find(name).ok_or_else(|| no_such_column(&object.name, name))?;
        Ok(Resolved { relationships, field, sql: column(&table, &field.name) })
    }

    fn step(
        &mut self,
        (object, table): (&'a OrgObject, String),
        name: &str,
        relationships: &mut Vec<String>,
    ) -> Result<(&'a OrgObject, String), ApiError> {
        let unknown = || {
            let message = format!(
                "Didn't understand relationship '{name}' in field path. If you are attempting to use a custom relationship, be \
                 sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call \
                 for the appropriate names."
            );
            ApiError::new(400, "INVALID_FIELD", message)
        };
        let field = object.parent(name).ok_or_else(unknown)?;
        let Kind::Reference { to, relationship, .. } = &field.kind else { return Err(unknown()) };
        relationships.push(relationship.clone());
        if let Some(join) = self.joined.iter().find(|join| join.relationships == *relationships) {
            return Ok((join.object, join.table.clone()));
        }
        let parent = self.schema.iter().find(|one| one.name == *to).ok_or_else(unknown)?;
        let joined = format!("{}{}", self.prefix, self.joined.len());
        let on = format!("{} = {}", column(&joined, "Id"), column(&table, &field.name));
        let join = Join { relationships: relationships.clone(), object: parent, table: joined.clone(), on };
        self.joined.push(join);
        Ok((parent, joined))
    }

    /// `"Contact" AS t`.
    pub(crate) fn root_table(&self) -> String {
        format!("{} AS {}", quoted(&self.root.name), self.prefix)
    }

    /// `LEFT JOIN "Account" AS t0 ON …`.
    pub(crate) fn sql(&self) -> String {
        self.joined
            .iter()
            .map(|join| format!(" LEFT JOIN {} AS {} ON {}", quoted(&join.object.name), join.table, join.on))
            .collect()
    }

    /// The parents joined so far, nearest first.
    pub(crate) fn parents(&self) -> Vec<Parent> {
        self.joined
            .iter()
            .map(|join| Parent {
                relationships: join.relationships.clone(),
                object: join.object.name.clone(),
                id: column(&join.table, "Id"),
            })
            .collect()
    }
}

pub(crate) fn no_such_column(object: &str, name: &str) -> ApiError {
    let message = format!(
        "No such column '{name}' on entity '{object}'. If you are attempting to use a custom field, be sure to append the '__c' \
         after the custom field name. Please reference your WSDL or the describe call for the appropriate names."
    );
    ApiError::new(400, "INVALID_FIELD", message)
}

pub(crate) fn column(table: &str, name: &str) -> String {
    format!("{table}.{}", quoted(name))
}

/// A name in SQL.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
