//! What one subrequest uses of another's answer: `@{account.id}` (REST API Developer Guide, "Composite").

use std::borrow::Cow;

use crate::error::CirrusResult;
use crate::exchange::address::{encode_path_segment, segment};

/// A value of the answer to an earlier subrequest, to be written into ids and bodies of later ones.
///
/// ```
/// use authsession_salesforce::reference;
///
/// assert_eq!(reference("account", "id"), "@{account.id}");
/// assert_eq!(reference("found", "records[0].Name"), "@{found.records[0].Name}");
/// ```
#[must_use]
pub fn reference(reference_id: &str, field: &str) -> String {
    format!("@{{{reference_id}.{field}}}")
}

/// A path segment: a reference as it is, anything else encoded.
pub(super) fn segment_of<'a>(name: &'static str, value: &'a str) -> CirrusResult<Cow<'a, str>> {
    match beginning(value) {
        Some(length) if length == value.len() => Ok(value.into()),
        _ => segment(name, value),
    }
}

/// A query's value: the references in it as they are, anything else encoded.
pub(super) fn query_of(text: &str) -> String {
    let mut written = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let at = rest.match_indices("@{").map(|(at, _)| at).find(|at| beginning(&rest[*at..]).is_some());
        let (plain, from) = rest.split_at(at.unwrap_or(rest.len()));
        written.push_str(&encode_path_segment(plain));
        let (reference, after) = from.split_at(beginning(from).unwrap_or(0));
        written.push_str(reference);
        rest = after;
    }
    written
}

/// The length of the reference the text begins with.
fn beginning(text: &str) -> Option<usize> {
    let (inside, _) = text.strip_prefix("@{")?.split_once('}')?;
    let is_path = |sign: u8| sign.is_ascii_alphanumeric() || b"_.[]".contains(&sign);
    (inside.contains('.') && inside.bytes().all(is_path)).then_some(inside.len() + 3)
}

#[cfg(test)]
mod tests {
    use super::{query_of, segment_of};

    #[test]
    fn references_stay_and_all_else_is_encoded() {
        assert_eq!(segment_of("id", "@{account.id}").unwrap(), "@{account.id}");
        assert_eq!(segment_of("id", "@{account.id}/x").unwrap(), "%40%7Baccount.id%7D%2Fx");
        assert_eq!(segment_of("id", "@{a/../b.c}").unwrap(), "%40%7Ba%2F..%2Fb.c%7D");
        assert_eq!(
            query_of("Id = '@{a.id}' AND x = '@{'"),
            "Id%20%3D%20%27@{a.id}%27%20AND%20x%20%3D%20%27%40%7B%27"
        );
    }
}
