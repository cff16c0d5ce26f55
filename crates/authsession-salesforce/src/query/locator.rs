//! Where the next page of a query is: below one of the query resources of this org, and nowhere else.

use url::Url;

use crate::error::{CirrusError, CirrusResult};
use crate::exchange::address::is_version;

/// What has pages (REST API Developer Guide, "Query" and "QueryAll"; Tooling API, "REST Resources").
const RESOURCES: [&str; 4] = ["query", "queryAll", "tooling/query", "tooling/queryAll"];

/// The path of a `nextRecordsUrl`, which is one already, or a URL of the instance.
pub(crate) fn path_of<'a>(instance: &str, next_records_url: &'a str) -> CirrusResult<&'a str> {
    let path = match next_records_url.find("://") {
        None => next_records_url,
        Some(scheme) => {
            let instance = Url::parse(instance)?.origin();
            let is_here = |named: &Url| {
                named.origin() == instance && named.username().is_empty() && named.password().is_none()
            };
            if !Url::parse(next_records_url).is_ok_and(|named| is_here(&named)) {
                return Err(CirrusError::invalid_input(
                    "next_records_url",
                    "leads away from the instance: use what this org answered",
                ));
            }
            let path =
                next_records_url.get(scheme + 3..).and_then(|rest| rest.find('/').map(|at| &rest[at..]));
            path.unwrap_or_default()
        }
    };
    if is_of_a_query(path) {
        return Ok(path);
    }
    Err(CirrusError::invalid_input(
        "next_records_url",
        "is not of a query (/services/data/v66.0/query/01g…-2000): use an answer's nextRecordsUrl as it is",
    ))
}

fn is_of_a_query(path: &str) -> bool {
    let Some((version, rest)) = path.strip_prefix("/services/data/").and_then(|rest| rest.split_once('/'))
    else {
        return false;
    };
    let is_locator = |text: &str| {
        text.bytes().any(|byte| byte.is_ascii_alphanumeric())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))
    };
    let below = |resource: &&str| rest.strip_prefix(*resource).and_then(|rest| rest.strip_prefix('/'));
    is_version(version) && RESOURCES.iter().find_map(below).is_some_and(is_locator)
}
