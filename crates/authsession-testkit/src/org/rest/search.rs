//! `search` and `parameterizedSearch`.

use crate::org::api_error::ApiError;
use crate::org::database::Fields;
use crate::org::database::store::Store;
use crate::org::rest::request::Request;
use crate::org::rest::sobjects::reads;
use crate::org::soql::Query;
use crate::org::sosl::MOST;
use crate::org::sosl::Search;
use crate::org::sosl::look;
use crate::org::sosl::searchable;
use crate::wire::Reply;
use http::Method;
use serde_json::Value;
use serde_json::json;

/// `search?q=FIND…`.
pub(crate) fn answer(request: &Request<'_>, store: &Store) -> Result<Reply, ApiError> {
    reads(request)?;
    let text = request.query_value("q").unwrap_or_default();
    let search = Search::parse(text, &store.schema)?;
    found(request, store, &search)
}

/// `parameterizedSearch`: the same by parameters, or by a JSON body.
pub(crate) fn parameterized(request: &Request<'_>, store: &Store) -> Result<Reply, ApiError> {
    let asked = match request.method {
        Method::GET => by_query(request),
        Method::POST => request.fields()?,
        _ => return Err(ApiError::method()),
    };
    let text = |name: &str| asked.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let wanted = text("q");
    if wanted.is_empty() {
        return Err(ApiError::new(400, "MISSING_ARGUMENT", "The parameter q is required"));
    }
    let scope = Some(text("in")).filter(|scope| !scope.is_empty()).unwrap_or_else(|| "ALL".to_owned());
    let objects = asked.get("sobjects").and_then(Value::as_array).cloned().unwrap_or_default();
    let objects = if objects.is_empty() {
        searchable(&store.schema).map(|object| json!({ "name": object.name })).collect()
    } else {
        objects
    };
    let mut queries = Vec::new();
    for object in &objects {
        let mut query = Query::parse(&soql(object, &asked))?;
        look(&mut query, &wanted, &scope, &store.schema)?;
        queries.push(query);
    }
    let limit = asked.get("overallLimit").and_then(number).unwrap_or(MOST);
    found(request, store, &Search { queries, limit })
}

fn found(request: &Request<'_>, store: &Store, search: &Search) -> Result<Reply, ApiError> {
    let mut records = Vec::new();
    for query in &search.queries {
        let plan = store.plan_of(query, false)?;
        let mut rows = store.found(&plan, None)?;
        rows.truncate(search.limit - records.len());
        records.extend(store.read(&plan, &rows, &request.base(), Store::nested)?);
    }
    Ok(Reply::json(200, &json!({ "searchRecords": records })))
}

/// The parameters of a GET as the body of a POST has them.
fn by_query(request: &Request<'_>) -> Fields {
    let mut asked = Fields::new();
    let mut objects = Vec::new();
    for (name, value) in &request.query {
        match name.as_str() {
            "sobject" => objects.push(json!({ "name": value })),
            "fields" => {
                asked.insert(name.clone(), value.split(',').map(str::trim).collect());
            }
            _ => {
                asked.insert(name.clone(), json!(value));
            }
        }
    }
    for object in &mut objects {
        let of = |what: &str| request.query_value(&format!("{}.{what}", object["name"].as_str()?));
        let (fields, limit, condition) = (of("fields"), of("limit"), of("where"));
        if let Some(fields) = fields {
            object["fields"] = fields.split(',').map(str::trim).collect();
        }
        if let Some(limit) = limit {
            object["limit"] = json!(limit);
        }
        if let Some(condition) = condition {
            object["where"] = json!(condition);
        }
    }
    asked.insert("sobjects".to_owned(), Value::Array(objects));
    asked
}

fn soql(object: &Value, asked: &Fields) -> String {
    let own = object.get("fields").and_then(Value::as_array).filter(|fields| !fields.is_empty());
    let fields = own.or_else(|| asked.get("fields").and_then(Value::as_array));
    let fields: Vec<&str> = fields.into_iter().flatten().filter_map(Value::as_str).collect();
    let fields = if fields.is_empty() { "Id".to_owned() } else { fields.join(", ") };
    let mut soql = format!("SELECT {fields} FROM {}", object["name"].as_str().unwrap_or_default());
    for (name, words) in [("where", "WHERE"), ("orderBy", "ORDER BY")] {
        if let Some(text) = object.get(name).and_then(Value::as_str) {
            soql = format!("{soql} {words} {text}");
        }
    }
    if let Some(limit) = object.get("limit").or_else(|| asked.get("defaultLimit")).and_then(number) {
        soql = format!("{soql} LIMIT {limit}");
    }
    soql
}

fn number(value: &Value) -> Option<usize> {
    match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64().and_then(|number| usize::try_from(number).ok()),
    }
}
