//! The tables, and what finds a record in them.

use crate::clock::VirtualClock;
use crate::org::api_error::ApiError;
use crate::org::calendar::DAY;
use crate::org::calendar::seconds;
use crate::org::calendar::written_instant;
use crate::org::database::Fields;
use crate::org::database::cursor::Cursor;
use crate::org::field::Kind;
use crate::org::field::OrgField;
use crate::org::identifier::identifier;
use crate::org::identifier::whole;
use crate::org::object::OrgObject;
use crate::org::schema::standard;
use crate::org::soql::joins::quoted;
use crate::org::user::OrgUser;
use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::params_from_iter;
use rusqlite::types::Value as Sql;
use serde_json::json;
use std::collections::BTreeMap;

/// An open database.
pub(crate) struct Store {
    pub(crate) connection: Connection,
    pub(crate) clock: VirtualClock,
    pub(crate) schema: Vec<OrgObject>,
    pub(crate) cursors: BTreeMap<String, Cursor>,
    pub(crate) cursors_opened: u64,
    /// When the schema last changed, in seconds since 1970.
    pub(crate) schema_changed: i64,
    users: Vec<(String, String, bool)>,
}

impl Store {
    /// Every standard object, two accounts and a contact.
    pub(crate) fn new(clock: VirtualClock, organization: &str) -> Result<Self, ApiError> {
        let mut store = Self::of(clock, standard())?;
        store.savepoint("open")?;
        store.put("Organization", 1, &organization_row(organization))?;
        for fields in [
            json!({ "Name": "Acme", "Industry": "Manufacturing" }),
            json!({ "Name": "Globex", "Industry": "Energy" }),
        ] {
            store.insert("Account", members(fields))?;
        }
        store.insert("Contact", members(json!({ "FirstName": "Ada", "LastName": "Lovelace" })))?;
        store.release("open")?;
        Ok(store)
    }

    /// These objects, without a record.
    pub(crate) fn of(clock: VirtualClock, objects: Vec<OrgObject>) -> Result<Self, ApiError> {
        let schema_changed = seconds(clock.now());
        let mut store = Self {
            connection: Connection::open_in_memory()?,
            clock,
            schema: Vec::new(),
            cursors: BTreeMap::new(),
            cursors_opened: 0,
            schema_changed,
            users: Vec::new(),
        };
        store.savepoint("open")?;
        for object in objects {
            store.create_table(object)?;
        }
        store.release("open")?;
        Ok(store)
    }

    /// Adds an object; of one that is there, the fields it does not have yet.
    pub(crate) fn define(&mut self, object: OrgObject) -> Result<(), ApiError> {
        self.schema_changed = seconds(self.clock.now());
        let Ok(known) = self.object(&object.name) else { return self.create_table(object) };
        let (name, mut fields) = (known.name.clone(), known.fields.clone());
        for field in object.fields {
            if known.find(&field.name).is_none() {
                let column = format!("ALTER TABLE {} ADD COLUMN {}", quoted(&name), declared(&field));
                self.connection.execute_batch(&column)?;
                fields.push(field);
            }
        }
        if let Some(known) = self.schema.iter_mut().find(|one| one.name == name) {
            known.fields = fields;
        }
        Ok(())
    }

    fn create_table(&mut self, object: OrgObject) -> Result<(), ApiError> {
        let columns: Vec<String> = object.fields.iter().map(declared).collect();
        let table = quoted(&object.name);
        let mut statements = format!("CREATE TABLE {table} ({});", columns.join(", "));
        for field in &object.fields {
            let is_children = matches!(&field.kind, Kind::Reference { children: Some(_), .. });
            if field.kind == Kind::Id || field.external_id || field.unique || is_children {
                let index = quoted(&format!("{}.{}", object.name, field.name));
                statements += &format!("CREATE INDEX {index} ON {table} ({});", quoted(&field.name));
            }
        }
        self.connection.execute_batch(&statements)?;
        self.schema.push(object);
        Ok(())
    }

    /// The object of that name, however its letters are written.
    pub(crate) fn object(&self, name: &str) -> Result<&OrgObject, ApiError> {
        let found = self.schema.iter().find(|object| object.name.eq_ignore_ascii_case(name));
        found.ok_or_else(ApiError::not_found)
    }

    /// The object whose ids begin as this one does.
    pub(crate) fn object_of(&self, id: &str) -> Option<&OrgObject> {
        self.schema.iter().find(|object| id.starts_with(&object.prefix))
    }

    /// The object of a child relationship, and its field that names the parent.
    pub(crate) fn child(&self, parent: &str, name: &str) -> Option<(String, String)> {
        self.schema.iter().find_map(|object| {
            let leads = |kind: &Kind| match kind {
                Kind::Reference { to, children: Some(children), .. } => to == parent && children == name,
                _ => false,
            };
            let field = object.fields.iter().find(|field| leads(&field.kind))?;
            Some((object.name.clone(), field.name.clone()))
        })
    }

    /// The row of a record that is there: of this object, and not deleted.
    pub(crate) fn row(&self, object: &OrgObject, id: &str) -> Result<i64, ApiError> {
        let id = whole(id).ok_or_else(|| ApiError::malformed_id(id))?;
        if !id.starts_with(&object.prefix) {
            return Err(ApiError::wrong_kind(&object.name, &id));
        }
        let statement = format!("SELECT rowid, IsDeleted FROM {} WHERE Id = ?1", quoted(&object.name));
        let found: Option<(i64, bool)> = self
            .connection
            .prepare_cached(&statement)?
            .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        match found {
            Some((row, false)) => Ok(row),
            Some(_) => Err(ApiError::deleted()),
            None => Err(ApiError::no_such_record()),
        }
    }

    /// The ids of the records, none of them deleted, whose field has this value.
    pub(crate) fn ids(
        &self,
        object: &OrgObject,
        field: &OrgField,
        value: Sql,
    ) -> Result<Vec<String>, ApiError> {
        let (table, column) = (quoted(&object.name), quoted(&field.name));
        let statement =
            format!("SELECT Id FROM {table} WHERE {column} = ?1 AND IsDeleted = 0 ORDER BY rowid");
        let mut statement = self.connection.prepare_cached(&statement)?;
        let ids = statement.query_map([value], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(ids)
    }

    /// Writes a row as it is, whatever the rules for clients say.
    pub(crate) fn put(&self, object: &str, row: i64, fields: &[(&str, Sql)]) -> Result<(), ApiError> {
        let names: Vec<String> = fields.iter().map(|(name, _)| quoted(name)).collect();
        let marks: Vec<String> = (2..fields.len() + 2).map(|at| format!("?{at}")).collect();
        let statement = format!(
            "INSERT OR REPLACE INTO {} (rowid, {}) VALUES (?1, {})",
            quoted(object),
            names.join(", "),
            marks.join(", ")
        );
        let values = [Sql::Integer(row)].into_iter().chain(fields.iter().map(|(_, value)| value.clone()));
        self.connection.prepare_cached(&statement)?.execute(params_from_iter(values))?;
        Ok(())
    }

    /// Brings the table of users up to date with the accounts there are.
    pub(crate) fn know_users(&mut self, users: &[OrgUser]) -> Result<(), ApiError> {
        let users: Vec<_> =
            users.iter().map(|user| (user.username.clone(), user.name.clone(), user.active)).collect();
        if users == self.users {
            return Ok(());
        }
        for (at, (username, name, active)) in (1..).zip(&users) {
            let row = [
                ("Id", Sql::Text(identifier("005", at))),
                ("IsDeleted", Sql::Integer(0)),
                ("Username", Sql::Text(username.clone())),
                ("Name", Sql::Text(name.clone())),
                ("Email", Sql::Text(username.clone())),
                ("IsActive", Sql::Integer(i64::from(*active))),
                ("CreatedDate", Sql::Text(self.now())),
                ("LastModifiedDate", Sql::Text(self.now())),
                ("SystemModstamp", Sql::Text(self.now())),
            ];
            self.put("User", i64::try_from(at).unwrap_or_default(), &row)?;
        }
        self.users = users;
        Ok(())
    }

    /// What the org's clock shows, as it is written.
    pub(crate) fn now(&self) -> String {
        written_instant(seconds(self.clock.now()))
    }

    pub(crate) fn today(&self) -> i64 {
        seconds(self.clock.now()).div_euclid(DAY)
    }
}

/// What is done together is undone together.
impl Store {
    pub(crate) fn savepoint(&self, name: &str) -> Result<(), ApiError> {
        Ok(self.connection.execute_batch(&format!("SAVEPOINT {}", quoted(name)))?)
    }

    pub(crate) fn release(&self, name: &str) -> Result<(), ApiError> {
        Ok(self.connection.execute_batch(&format!("RELEASE {}", quoted(name)))?)
    }

    /// Undoes everything since the savepoint.
    pub(crate) fn roll_back(&self, name: &str) -> Result<(), ApiError> {
        let name = quoted(name);
        Ok(self.connection.execute_batch(&format!("ROLLBACK TO {name}; RELEASE {name}"))?)
    }
}

fn declared(field: &OrgField) -> String {
    let name = quoted(&field.name);
    match &field.kind {
        Kind::Boolean => format!("{name} INTEGER NOT NULL DEFAULT 0"),
        Kind::Integer => format!("{name} INTEGER"),
        Kind::Number | Kind::Currency => format!("{name} REAL"),
        Kind::Blob { .. } => format!("{name} BLOB"),
        kind if kind.is_text() => format!("{name} TEXT COLLATE NOCASE"),
        _ => format!("{name} TEXT"),
    }
}

fn organization_row(id: &str) -> [(&'static str, Sql); 6] {
    [
        ("Id", Sql::Text(id.to_owned())),
        ("IsDeleted", Sql::Integer(0)),
        ("Name", Sql::Text("Acme".to_owned())),
        ("InstanceName", Sql::Text("TEST1".to_owned())),
        ("IsSandbox", Sql::Integer(0)),
        ("OrganizationType", Sql::Text("Developer Edition".to_owned())),
    ]
}

fn members(value: serde_json::Value) -> Fields {
    match value {
        serde_json::Value::Object(fields) => fields,
        _ => Fields::new(),
    }
}
