//! Many records at once.

use crate::org::api_error::ApiError;
use crate::org::database::store::Store;
use crate::org::field::Kind;
use crate::org::identifier::identifier;
use crate::org::soql::joins::quoted;

impl Store {
    /// Many records at once, called `<object> <number>`; of the fields that are required, those that are text are filled.
    pub(crate) fn fill(&mut self, object: &str, count: usize) -> Result<(), ApiError> {
        let object = self.object(object)?;
        let table = quoted(&object.name);
        let first: i64 = self.connection.query_row(
            &format!("SELECT ifnull(max(rowid), 0) + 1 FROM {table}"),
            [],
            |row| row.get(0),
        )?;
        let last = first + i64::try_from(count).unwrap_or_default();
        let id = identifier(&object.prefix, 0);
        let (head, tail) = (id.get(..5).unwrap_or_default(), id.get(15..).unwrap_or_default());
        let mut columns = vec!["rowid".to_owned(), "Id".to_owned()];
        let mut values = vec!["n".to_owned(), format!("'{head}' || printf('%010d', n) || '{tail}'")];
        for field in &object.fields {
            let value = match (&field.kind, field.name.as_str()) {
                (Kind::DateTime, "CreatedDate" | "LastModifiedDate" | "SystemModstamp") => {
                    format!("'{}'", self.now())
                }
                (_, "OwnerId" | "CreatedById" | "LastModifiedById") => format!("'{}'", identifier("005", 1)),
                (_, "Name" | "LastName") => format!("'{} ' || n", object.name.replace('\'', "")),
                (Kind::Date, _) if field.required => {
                    format!("'{}'", self.now().get(..10).unwrap_or_default())
                }
                (kind, name) if field.required && kind.is_text() => format!("'{name} ' || n"),
                _ => continue,
            };
            columns.push(quoted(&field.name));
            values.push(value);
        }
        self.connection.execute_batch(&format!(
            "WITH RECURSIVE numbers(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {last}) \
             INSERT INTO {table} ({}) SELECT {} FROM numbers WHERE n < {last}",
            columns.join(", "),
            values.join(", ")
        ))?;
        Ok(())
    }
}
