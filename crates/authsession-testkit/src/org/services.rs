//! Which of the services beyond records and queries a path under `/services/data/vXX.0` is of.

use crate::org::actions;
use crate::org::api_error::ApiError;
use crate::org::call::Call;
use crate::org::deployments::request;
use crate::org::jobs::ingest;
use crate::org::jobs::query;
use crate::org::limits;
use crate::wire::Reply;
use http::Method;

/// The answer; none if the path is none of these.
pub(crate) fn answer(call: &Call<'_>, rest: &[&str]) -> Option<Result<Reply, ApiError>> {
    Some(match rest {
        ["jobs", "ingest", rest @ ..] => ingest::answer(call, rest),
        ["jobs", "query", rest @ ..] => query::answer(call, rest),
        ["limits"] if call.method() == Method::GET => Ok(limits::answer(call)),
        ["metadata", "deployRequest", rest @ ..] => request::answer(call, rest),
        ["actions", rest @ ..] => actions::answer(call, rest),
        _ => return None,
    })
}
