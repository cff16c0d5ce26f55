//! What the body of an error says, whichever API it is of: a list of errors, one, or one in XML (REST API Developer Guide, "Status
//! Codes and Error Responses"; SOAP API Developer Guide, "API Fault Element"; Bulk API 2.0 and Bulk API Developer Guide, "Errors").

use serde_json::{Map, Value};

use crate::error::salesforce_error::SalesforceError;

/// The names different APIs have for the name of an error, and for the sentence.
const CODES: [&str; 3] = ["errorCode", "statusCode", "exceptionCode"];
const MESSAGES: [&str; 3] = ["message", "exceptionMessage", "error_description"];
/// A name in OAuth's answers, a sentence in CometD's.
const ERROR: &str = "error";
const XML_CODES: [&str; 3] = ["errorCode", "exceptionCode", "faultcode"];
const XML_MESSAGES: [&str; 3] = ["message", "exceptionMessage", "faultstring"];
/// Nobody reads more.
const MOST: usize = 200;

/// One error as a body tells it.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    /// What is called `error`, be it a name or a sentence.
    pub(crate) error: Option<String>,
    /// What else there is.
    pub(crate) more: Map<String, Value>,
}

impl Told {
    fn into_error(mut self) -> SalesforceError {
        if self.code.is_none() && self.error.is_some() {
            self.more.remove(ERROR);
            self.code = self.error;
        }
        let fields = match self.more.remove("fields") {
            Some(Value::Array(fields)) => {
                fields.into_iter().filter_map(|field| field.as_str().map(str::to_owned)).collect()
            }
            _ => Vec::new(),
        };
        SalesforceError {
            message: self.message.unwrap_or_default(),
            error_code: self.code.unwrap_or_default(),
            fields,
            extra: self.more,
        }
    }

    fn is_something(&self) -> bool {
        self.code.is_some() || self.message.is_some() || self.error.is_some()
    }
}

/// The errors in a body. None where it is something else.
pub(crate) fn read(text: &str) -> Vec<SalesforceError> {
    let told = match trimmed(text) {
        xml if xml.starts_with('<') => told_by_xml(xml).into_iter().collect(),
        json => serde_json::from_str(json).map_or_else(|_| Vec::new(), told_by_value),
    };
    told.into_iter().map(Told::into_error).collect()
}

/// The errors in a JSON value: a list of them, one, or those of a tree's records, each with its `referenceId`.
pub(crate) fn read_value(value: Value) -> Vec<SalesforceError> {
    told_by_value(value).into_iter().map(Told::into_error).collect()
}

/// What the beginning of a body tells; of JSON that is cut off, the first error. `None` where it is neither JSON nor XML.
pub(crate) fn told(text: &str) -> Option<Vec<Told>> {
    let text = trimmed(text);
    match text.bytes().next() {
        Some(b'<') => Some(told_by_xml(text).into_iter().collect()),
        Some(b'[' | b'{') => Some(match serde_json::from_str(text) {
            Ok(value) => told_by_value(value),
            Err(_) => told_first(text).into_iter().collect(),
        }),
        _ => None,
    }
}

fn trimmed(text: &str) -> &str {
    text.trim_start_matches('\u{feff}').trim()
}

fn told_by_value(value: Value) -> Vec<Told> {
    match value {
        Value::Array(items) => items.into_iter().take(MOST).filter_map(told_by_json).collect(),
        Value::Object(mut members) if members.contains_key("hasErrors") => match members.remove("results") {
            Some(Value::Array(results)) => results.iter().flat_map(told_of_tree).take(MOST).collect(),
            _ => Vec::new(),
        },
        item => told_by_json(item).into_iter().collect(),
    }
}

fn told_of_tree(result: &Value) -> impl Iterator<Item = Told> {
    const REFERENCE: &str = "referenceId";
    let errors = result.get("errors").and_then(Value::as_array);
    errors.into_iter().flatten().filter_map(|error| {
        let mut told = told_by_json(error.clone())?;
        let reference = result.get(REFERENCE).cloned().unwrap_or_default();
        told.more.insert(REFERENCE.to_owned(), reference);
        Some(told)
    })
}

fn told_by_json(item: Value) -> Option<Told> {
    let Value::Object(mut more) = item else { return None };
    let mut take = |names: &[&str]| {
        let name = names.iter().find(|name| more.get(**name).is_some_and(Value::is_string))?;
        match more.remove(*name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        }
    };
    let (code, message) = (take(&CODES), take(&MESSAGES));
    let error = more.get(ERROR).and_then(Value::as_str).map(str::to_owned);
    Some(Told { code, message, error, more }).filter(Told::is_something)
}

/// The first error of JSON that breaks off.
fn told_first(json: &str) -> Option<Told> {
    let first = |names: &[&str]| names.iter().find_map(|name| text_after(json, name)).map(str::to_owned);
    let (code, message, error) = (first(&CODES), first(&MESSAGES), first(&[ERROR]));
    Some(Told { code, message, error, more: Map::new() }).filter(Told::is_something)
}

/// The text of the first `"name": "text"`. A quote within a JSON text has a backslash before it, so a name found so is one.
fn text_after<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = json.split_once(&format!("\"{name}\""))?;
    let text = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    Some(text.split('"').next().unwrap_or(text))
}

/// `<Errors><Error><errorCode>…`, Bulk's `<error>`, a SOAP fault.
fn told_by_xml(text: &str) -> Option<Told> {
    let first = |names: &[&str]| names.iter().find_map(|name| element(text, name));
    let (code, message) = (first(&XML_CODES), first(&XML_MESSAGES));
    // A fault's code has a prefix, and some faults have it in their sentence alone.
    let code = code.map(|code| code.rsplit(':').next().unwrap_or(code));
    let in_words = message.filter(|message| message.starts_with("INVALID_SESSION_ID:"));
    let code = in_words.map_or(code, |_| Some("INVALID_SESSION_ID")).map(str::to_owned);
    Some(Told { code, message: message.map(str::to_owned), ..Told::default() }).filter(Told::is_something)
}

/// The text of the first element of that name, whatever its prefix and attributes.
fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    xml.match_indices(name).find_map(|(at, _)| {
        let opens = xml[..at].ends_with(['<', ':']) && !xml[..at].ends_with("</");
        let rest = &xml[at + name.len()..];
        let (attributes, content) = rest.split_once('>')?;
        let is_it = opens && (attributes.is_empty() || attributes.starts_with(char::is_whitespace));
        is_it.then(|| content.split('<').next().unwrap_or(content).trim())
    })
}
