//! Lists within records, such as an account's contacts: a long one is cut, and goes on under a locator of its own.

use crate::org::api_error::ApiError;
use crate::org::database::Fields;
use crate::org::database::store::Store;
use crate::org::rest::query::children_size;
use crate::org::rest::query::holder;
use crate::org::rest::query::next_url;
use crate::org::rest::request::Request;
use crate::org::soql::compile::Plan;
use serde_json::Value;
use serde_json::json;
use std::sync::Arc;

/// Cuts the lists within these records, which are of the list with that locator.
pub(super) fn cut(
    request: &Request<'_>,
    store: &mut Store,
    plan: &Plan,
    records: &mut [Fields],
    locator: &str,
) -> Result<(), ApiError> {
    let size = children_size(request);
    for record in records.iter_mut().filter(|_| !plan.children.is_empty()) {
        let id = id_of(record);
        for children in &plan.children {
            let Some(Value::Object(list)) = record.get_mut(&children.relationship) else { continue };
            let mut own = String::new();
            if list.get("records").and_then(Value::as_array).map_or(0, Vec::len) > size {
                let rows = store.found(&children.plan, Some(&id))?;
                let holder = holder(request, Some(locator.to_owned()));
                (own, _) = store.keep(Arc::clone(&children.plan), rows, holder);
                list.insert("done".to_owned(), json!(false));
                list.insert("nextRecordsUrl".to_owned(), json!(next_url(request, &own, size)));
            }
            if let Some(Value::Array(shown)) = list.get_mut("records") {
                shown.truncate(size);
                let mut inner: Vec<Fields> = shown.iter().filter_map(Value::as_object).cloned().collect();
                cut(request, store, &children.plan, &mut inner, &own)?;
                *shown = inner.into_iter().map(Value::Object).collect();
            }
        }
    }
    Ok(())
}

/// A record's id, by its URL.
fn id_of(record: &Fields) -> String {
    let url = record.get("attributes").and_then(|attributes| attributes["url"].as_str());
    url.and_then(|url| url.rsplit('/').next()).unwrap_or_default().to_owned()
}
