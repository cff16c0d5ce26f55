//! Apex that is run and not kept (Tooling API Developer Guide, "executeAnonymous").

use serde::{Deserialize, Serialize};

use crate::client::Cirrus;
use crate::error::{CirrusError, CirrusResult};
use crate::exchange::call::Call;
use crate::exchange::retry::Replay;
use crate::nullable;

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecuteAnonymousResult {
    /// Whether it compiles.
    pub compiled: bool,
    /// Why it does not.
    #[serde(rename = "compileProblem", default)]
    pub compile_problem: Option<String>,
    /// Whether it ran to its end.
    pub success: bool,
    /// The line that is wrong; -1 if none is.
    #[serde(default, deserialize_with = "nullable::or_default")]
    pub line: i32,
    /// The column that is wrong; -1 if none is.
    #[serde(default, deserialize_with = "nullable::or_default")]
    pub column: i32,
    /// The exception it ended with.
    #[serde(rename = "exceptionMessage", default)]
    pub exception_message: Option<String>,
    /// Where it was thrown.
    #[serde(rename = "exceptionStackTrace", default)]
    pub exception_stack_trace: Option<String>,
}

pub(super) async fn run(client: &Cirrus, apex: &str) -> CirrusResult<ExecuteAnonymousResult> {
    if apex.trim().is_empty() {
        return Err(CirrusError::invalid_input("apex", "is empty: write a statement"));
    }
    let call = Call::get("tooling/executeAnonymous").parameter("anonymousBody", apex);
    client.call_json(call.replay(Replay::Never)).await
}
