//! Lists within records, such as the contacts of an account: Salesforce sends the first of a long one, and says where the rest is
//! (SOQL and SOSL Reference, "Using Relationship Queries").

use std::pin::Pin;

use memchr::memmem;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::client::Cirrus;
use crate::error::{CirrusError, CirrusResult};
use crate::exchange::answer::Answer;
use crate::query_page::{self, QueryOptions, QueryResult};

const DONE: &str = "done";
const RECORDS: &str = "records";
const NEXT: &str = "nextRecordsUrl";

/// Whether a query may ask for lists within records: only then are answers looked through for them.
pub(crate) fn may_be_asked_for(soql: &str) -> bool {
    let is_query =
        |inner: &str| inner.trim_start().get(..6).is_some_and(|word| word.eq_ignore_ascii_case("select"));
    soql.split('(').skip(1).any(is_query)
}

/// The page that an answer is, once every list within its records is whole. All that costs nothing where they are.
pub(crate) async fn whole_page<R: DeserializeOwned>(
    client: &Cirrus,
    answer: &Answer,
    options: &QueryOptions,
) -> CirrusResult<QueryResult<R>> {
    let unfinished = unfinished_in(&answer.body);
    if unfinished < 2 {
        let page: QueryResult<R> = answer.json()?;
        // The only one that may go on is the page itself.
        if unfinished == 0 || !page.done {
            return Ok(page);
        }
    }
    let mut page: QueryResult<Value> = answer.json()?;
    for record in &mut page.records {
        complete(client, record, options).await?;
    }
    let records = page.records.into_iter().map(serde_json::from_value).collect::<Result<_, _>>()?;
    Ok(QueryResult {
        total_size: page.total_size,
        done: page.done,
        next_records_url: page.next_records_url,
        records,
    })
}

/// How many lists in a body go on elsewhere. A quote within a JSON text has a backslash before it, so a name found so is one.
fn unfinished_in(body: &[u8]) -> usize {
    let goes_on = |at: usize| {
        let value = body[at..].trim_ascii_start().strip_prefix(b":");
        value.is_some_and(|value| value.trim_ascii_start().starts_with(b"false"))
    };
    let name = b"\"done\"";
    memmem::find_iter(body, name).filter(|at| goes_on(at + name.len())).count()
}

/// Completes every list in a value, the innermost first: asking for more of a list ends what its records' own lists go on with.
pub(crate) fn complete<'a>(
    client: &'a Cirrus,
    value: &'a mut Value,
    options: &'a QueryOptions,
) -> Pin<Box<dyn Future<Output = CirrusResult<()>> + Send + 'a>> {
    Box::pin(async move {
        let within: Box<dyn Iterator<Item = &mut Value> + Send> = match value {
            Value::Array(items) => Box::new(items.iter_mut()),
            Value::Object(members) => Box::new(members.values_mut()),
            _ => return Ok(()),
        };
        for value in within.filter(|value| value.is_object() || value.is_array()) {
            complete(client, value, options).await?;
        }
        match value {
            Value::Object(list) if goes_on(list) => rest(client, list, options).await,
            _ => Ok(()),
        }
    })
}

fn goes_on(list: &Map<String, Value>) -> bool {
    list.get(DONE) == Some(&Value::Bool(false)) && list.get(RECORDS).is_some_and(Value::is_array)
}

/// Adds the rest of a list to it.
async fn rest(client: &Cirrus, list: &mut Map<String, Value>, options: &QueryOptions) -> CirrusResult<()> {
    while goes_on(list) {
        let next = list.get(NEXT).and_then(Value::as_str).ok_or_else(lost)?.to_owned();
        let page: QueryResult<Value> = query_page::next(client, &next, options).await?;
        if page.records.is_empty() || page.next_records_url.as_ref() == Some(&next) {
            return Err(lost());
        }
        let Some(Value::Array(records)) = list.get_mut(RECORDS) else { return Err(lost()) };
        for mut record in page.records {
            complete(client, &mut record, options).await?;
            records.push(record);
        }
        list.insert(DONE.to_owned(), page.done.into());
        list.insert(NEXT.to_owned(), page.next_records_url.into());
        if page.done {
            list.remove(NEXT);
        }
    }
    Ok(())
}

/// There is more of a list, and nobody knows where.
pub(crate) fn lost() -> CirrusError {
    CirrusError::InvalidResponse(
        "a page says that there are more records, and not where: run the query again".into(),
    )
}
