//! The data of an ingest job: its rows written one by one, and what became of each.

use crate::org::jobs::dialect::Dialect;
use crate::org::jobs::rows;
use crate::org::tenant::Tenant;
use bytes::Bytes;
use csv::ByteRecord;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use std::io::Cursor;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    Written { id: String, created: bool },
    Refused { id: String, error: String },
}

#[derive(Default)]
pub(crate) struct Load {
    pub(crate) external_id: Option<String>,
    pub(crate) assignment_rule: Option<String>,
    pub(crate) data: Option<Bytes>,
    /// Of the rows processed, in their order.
    pub(crate) outcomes: Arc<Vec<Outcome>>,
    /// Where in the data the next row is.
    pub(crate) offset: usize,
}

impl Load {
    pub(crate) fn refused(&self) -> usize {
        self.outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Refused { .. })).count()
    }

    /// The first half of the rows, unless the data cannot be of this job at all.
    pub(crate) fn begin(
        &mut self,
        tenant: &Tenant,
        operation: &str,
        object: &str,
        dialect: Dialect,
    ) -> Result<(), String> {
        let Some(data) = self.data.clone() else { return Ok(()) };
        if !dialect.fits(&data) {
            return Err(format!(
                "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is {}",
                dialect.line_ending()
            ));
        }
        let columns = columns(&data, dialect);
        if matches!(operation, "delete" | "hardDelete") && columns.iter().any(|name| !is_id(name)) {
            return Err(format!("InvalidBatch : The '{operation}' batch must contain only ids"));
        }
        if operation == "update" && !columns.iter().any(|name| is_id(name)) {
            return Err("InvalidBatch : Field name not found : Id".to_owned());
        }
        if let Some(unknown) =
            columns.iter().find(|name| !is_id(name) && !rows::has_field(tenant, object, name))
        {
            return Err(format!("InvalidBatch : Field name not found : {unknown}"));
        }
        self.advance(tenant, operation, object, dialect, data.len() / 2);
        Ok(())
    }

    /// The rows up to that byte.
    pub(crate) fn advance(
        &mut self,
        tenant: &Tenant,
        operation: &str,
        object: &str,
        dialect: Dialect,
        until: usize,
    ) {
        let Some(data) = self.data.clone() else { return };
        let columns = columns(&data, dialect);
        let begun = self.offset > 0;
        let mut reader =
            dialect.reader().has_headers(!begun).from_reader(Cursor::new(data.slice(self.offset..)));
        if !begun && reader.byte_headers().is_err() {
            return;
        }
        let start = self.offset;
        let outcomes = Arc::make_mut(&mut self.outcomes);
        let mut record = ByteRecord::new();
        let mut batch = Vec::new();
        while self.offset < until && reader.read_byte_record(&mut record).unwrap_or(false) {
            self.offset = start + usize::try_from(reader.position().byte()).unwrap_or(usize::MAX);
            batch.push(fields(&columns, &record));
        }
        let external_id = self.external_id.as_deref();
        outcomes.extend(rows::write(tenant, operation, object, external_id, batch));
    }
}

pub(crate) fn is_id(name: &str) -> bool {
    name.eq_ignore_ascii_case("Id")
}

fn columns(data: &Bytes, dialect: Dialect) -> Vec<String> {
    let mut reader = dialect.reader().from_reader(Cursor::new(data.clone()));
    let names = reader.byte_headers().cloned().unwrap_or_default();
    names.iter().map(|name| String::from_utf8_lossy(name).trim_start_matches('\u{feff}').to_owned()).collect()
}

/// Nothing between two delimiters changes nothing; `#N/A` empties a field; `Account.Code__c` names a parent.
fn fields(columns: &[String], record: &ByteRecord) -> Map<String, Value> {
    let mut fields = Map::new();
    for (name, value) in columns.iter().zip(record).filter(|(_, value)| !value.is_empty()) {
        let value = String::from_utf8_lossy(value);
        let value = if value == "#N/A" { Value::Null } else { value.into_owned().into() };
        match name.split_once('.') {
            Some((parent, field)) => fields.insert(parent.to_owned(), json!({ field: value })),
            None => fields.insert(name.clone(), value),
        };
    }
    fields
}
