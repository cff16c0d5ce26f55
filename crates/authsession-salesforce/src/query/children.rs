//! Lists within records, such as the contacts of an account: Salesforce sends the first of a long one, and says where the rest is
//! (SOQL and SOSL Reference, "Using Relationship Queries").

use std::fmt;
use std::pin::Pin;

use memchr::memmem;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::client::Cirrus;
use crate::error::{CirrusError, CirrusResult};
use crate::exchange::answer::Answer;
use crate::query::page::{self, QueryOptions, QueryResult};
use crate::query::trail::{QueryTrail, lost};

const DONE: &str = "done";
const RECORDS: &str = "records";
const NEXT: &str = "nextRecordsUrl";
/// As deep as `serde_json` reads.
const DEEPEST: usize = 128;

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
    // Of numbers, values would keep 17 digits.
    let page: QueryResult<Box<RawValue>> = answer.json()?;
    let mut records = Vec::with_capacity(page.records.len());
    for record in page.records {
        let mut whole = String::with_capacity(record.get().len());
        write_whole(client, &record, options, 0, &mut whole).await?;
        records.push(serde_json::from_str(&whole)?);
    }
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
        let Value::Object(list) = value else { return Ok(()) };
        if list.get(DONE) != Some(&Value::Bool(false)) {
            return Ok(());
        }
        let next = list.get(NEXT).and_then(Value::as_str).map(str::to_owned);
        let Some(Value::Array(records)) = list.get_mut(RECORDS) else { return Ok(()) };
        let mut further = "[".to_owned();
        write_rest(client, next, options, 0, &mut further).await?;
        further.push(']');
        records.append(&mut serde_json::from_str(&further)?);
        list.insert(DONE.to_owned(), true.into());
        list.remove(NEXT);
        Ok(())
    })
}

/// Writes a value as it came but for the lists in it, which are whole, in the order of [`complete`].
fn write_whole<'a>(
    client: &'a Cirrus,
    value: &'a RawValue,
    options: &'a QueryOptions,
    depth: usize,
    out: &'a mut String,
) -> Pin<Box<dyn Future<Output = CirrusResult<()>> + Send + 'a>> {
    Box::pin(async move {
        let text = value.get();
        if unfinished_in(text.as_bytes()) == 0 {
            out.push_str(text);
            return Ok(());
        }
        if depth == DEEPEST {
            let fault = "a record is nested deeper than JSON is read: leave its lists as they come";
            return Err(CirrusError::InvalidResponse(fault.into()));
        }
        if text.starts_with('[') {
            out.push('[');
            for item in serde_json::from_str::<Vec<&RawValue>>(text)? {
                separate(out);
                write_whole(client, item, options, depth + 1, out).await?;
            }
            out.push(']');
            return Ok(());
        }
        let Members(members) = serde_json::from_str(text)?;
        let find = |name| members.iter().find(|(member, _)| member == name).map(|(_, value)| value.get());
        let goes_on =
            find(DONE) == Some("false") && find(RECORDS).is_some_and(|records| records.starts_with('['));
        out.push('{');
        for (name, value) in &members {
            if goes_on && name == NEXT {
                continue;
            }
            separate(out);
            out.push_str(&serde_json::to_string(name)?);
            out.push(':');
            if goes_on && name == DONE {
                out.push_str("true");
                continue;
            }
            write_whole(client, value, options, depth + 1, out).await?;
            if goes_on && name == RECORDS {
                let next = find(NEXT).and_then(|next| serde_json::from_str(next).ok());
                out.truncate(out.len() - 1);
                write_rest(client, next, options, depth + 1, out).await?;
                out.push(']');
            }
        }
        out.push('}');
        Ok(())
    })
}

/// Writes the records of all pages of a list that follow its first.
async fn write_rest(
    client: &Cirrus,
    mut next: Option<String>,
    options: &QueryOptions,
    depth: usize,
    out: &mut String,
) -> CirrusResult<()> {
    let mut trail = QueryTrail::default();
    loop {
        let here = next.filter(|next| trail.leads_on_to(next)).ok_or_else(lost)?;
        let page: QueryResult<Box<RawValue>> = page::next(client, &here, options).await?;
        if page.records.is_empty() {
            return Err(lost());
        }
        for record in &page.records {
            separate(out);
            write_whole(client, record, options, depth + 1, out).await?;
        }
        if page.done {
            return Ok(());
        }
        next = page.next_records_url;
    }
}

/// The comma before what is not the first.
fn separate(out: &mut String) {
    if !out.ends_with(['[', '{']) {
        out.push(',');
    }
}

/// An object's members in their order, each as it was written.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading;

        impl<'de> Visitor<'de> for Reading {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Reading)
    }
}
