//! The little SOQL there is: `SELECT fields FROM object [WHERE field = value] [ORDER BY …] [LIMIT n]`, and `COUNT()`.

use crate::org::identifier::same;
use crate::org::rest::ApiError;
use crate::org::rest::records::Fields;
use crate::org::tenant::Tenant;
use crate::org::user::OrgUser;
use serde_json::Value;
use serde_json::json;

struct Query {
    fields: Vec<String>,
    object: String,
    condition: Option<(String, String)>,
    limit: usize,
}

/// The answer to a query.
pub(crate) fn run(tenant: &Tenant, base: &str, text: &str, columns: bool) -> Result<Value, ApiError> {
    let malformed = || ApiError(400, "MALFORMED_QUERY", format!("unexpected token: '{text}'"));
    let query = Query::parse(text).ok_or_else(malformed)?;
    let unsupported =
        || ApiError(400, "INVALID_TYPE", format!("sObject type '{}' is not supported.", query.object));
    let (object, rows) = rows(tenant, &query.object).ok_or_else(unsupported)?;
    let fits = |row: &Fields| {
        query.condition.as_ref().is_none_or(|(field, value)| {
            let own = member(row, field).and_then(Value::as_str).unwrap_or_default();
            own.eq_ignore_ascii_case(value) || field.eq_ignore_ascii_case("id") && same(own, value)
        })
    };
    let found: Vec<Fields> = rows.into_iter().filter(fits).take(query.limit).collect();
    if query.fields == ["COUNT()"] {
        return Ok(json!({ "totalSize": found.len(), "done": true, "records": [] }));
    }
    let records: Vec<Value> = found.iter().map(|row| shown(base, object, row, Some(&query.fields))).collect();
    let mut answer = json!({ "totalSize": records.len(), "done": true, "records": records });
    if columns {
        let column =
            |field: &String| json!({ "columnName": field, "displayName": field, "aggregate": false });
        answer["columnMetadata"] = query.fields.iter().map(column).collect();
    }
    Ok(answer)
}

/// One record, whole.
pub(crate) fn read(tenant: &Tenant, base: &str, object: &str, id: &str) -> Result<Value, ApiError> {
    let (object, rows) = rows(tenant, object).ok_or_else(ApiError::not_found)?;
    let is = |row: &&Fields| row.get("Id").and_then(Value::as_str).is_some_and(|own| same(own, id));
    let row = rows.iter().find(is).ok_or_else(ApiError::not_found)?;
    Ok(shown(base, object, row, None))
}

fn shown(base: &str, object: &str, row: &Fields, only: Option<&[String]>) -> Value {
    let id = row.get("Id").and_then(Value::as_str).unwrap_or_default();
    let url = format!("{base}/sobjects/{object}/{id}");
    let mut record = Fields::new();
    record.insert("attributes".to_owned(), json!({ "type": object, "url": url }));
    match only {
        None => record.extend(row.clone()),
        Some(fields) => {
            for field in fields {
                record.insert(field.clone(), member(row, field).cloned().unwrap_or_default());
            }
        }
    }
    Value::Object(record)
}

fn member<'a>(row: &'a Fields, field: &str) -> Option<&'a Value> {
    row.iter().find(|(name, _)| name.eq_ignore_ascii_case(field)).map(|(_, value)| value)
}

fn rows(tenant: &Tenant, object: &str) -> Option<(&'static str, Vec<Fields>)> {
    let kept = tenant.records().all(object);
    if kept.is_some() {
        return kept;
    }
    let rows = |value: Vec<Value>| {
        value.into_iter().filter_map(|row| row.as_object().cloned()).collect::<Vec<Fields>>()
    };
    if object.eq_ignore_ascii_case("Organization") {
        let row = json!({
            "Id": tenant.settings.organization,
            "Name": "Acme",
            "InstanceName": "TEST1",
            "IsSandbox": false,
            "TrialExpirationDate": null,
            "NamespacePrefix": null,
            "OrganizationType": "Developer Edition",
        });
        return Some(("Organization", rows(vec![row])));
    }
    if object.eq_ignore_ascii_case("User") {
        let users = tenant.orders().users.clone();
        let row = |user: &OrgUser| {
            json!({
                "Id": tenant.user_id(&user.username),
                "Username": user.username,
                "Name": user.name,
                "Email": user.username,
                "IsActive": user.active,
            })
        };
        return Some(("User", rows(users.iter().map(row).collect())));
    }
    None
}

impl Query {
    fn parse(text: &str) -> Option<Self> {
        let words = words(text)?;
        let mut words = words.iter().map(String::as_str).peekable();
        let is = |word: &str, wanted: &str| word.eq_ignore_ascii_case(wanted);
        is(words.next()?, "select").then_some(())?;
        let mut fields = Vec::new();
        loop {
            let field = words.next()?;
            fields.push(if is(field, "count()") { "COUNT()".to_owned() } else { field.to_owned() });
            match words.next()? {
                "," => {}
                word if is(word, "from") => break,
                _ => return None,
            }
        }
        let object = words.next()?.to_owned();
        let mut query = Self { fields, object, condition: None, limit: usize::MAX };
        while let Some(word) = words.next() {
            if is(word, "where") {
                let field = words.next()?.to_owned();
                is(words.next()?, "=").then_some(())?;
                query.condition = Some((field, words.next()?.trim_start_matches('\'').to_owned()));
            } else if is(word, "limit") {
                query.limit = words.next()?.parse().ok()?;
            } else if is(word, "order") {
                is(words.next()?, "by").then_some(())?;
                words.next()?;
            } else {
                return None;
            }
        }
        Some(query)
    }
}

/// Names, signs, and values in their quotes, without the backslashes.
fn words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            ' ' | '\t' | '\n' => {}
            ',' | '=' => words.push(sign.to_string()),
            '\'' => {
                let mut value = String::from("'");
                loop {
                    match signs.next()? {
                        '\\' => value.push(signs.next()?),
                        '\'' => break,
                        other => value.push(other),
                    }
                }
                words.push(value);
            }
            first => {
                let mut word = String::from(first);
                while let Some(next) =
                    signs.next_if(|next| !matches!(next, ' ' | '\t' | '\n' | ',' | '=' | '\''))
                {
                    word.push(next);
                }
                words.push(word);
            }
        }
    }
    Some(words)
}
