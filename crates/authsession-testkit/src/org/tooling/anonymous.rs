//! `executeAnonymous`: Apex that is run once. It is looked at, not run: its end, and whether it throws.

use crate::org::api_error::ApiError;
use crate::org::calendar::written;
use crate::org::call::Call;
use crate::wire::Reply;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

/// What became of it, and for what reason.
struct Outcome {
    line: i32,
    column: i32,
    problem: Option<&'static str>,
    exception: Option<&'static str>,
}

pub(crate) fn run(call: &Call<'_>) -> Result<Reply, ApiError> {
    let apex = call.parameter("anonymousBody").unwrap_or_default().trim();
    let outcome = outcome(apex);
    log(call, apex, &outcome)?;
    let trace = outcome.exception.map(|_| format!("AnonymousBlock: line {}, column 1", outcome.line));
    Ok(Reply::json(
        200,
        &json!({
            "line": outcome.line,
            "column": outcome.column,
            "compiled": outcome.problem.is_none(),
            "success": outcome.problem.is_none() && outcome.exception.is_none(),
            "compileProblem": outcome.problem,
            "exceptionMessage": outcome.exception,
            "exceptionStackTrace": trace,
        }),
    ))
}

fn outcome(apex: &str) -> Outcome {
    let line_of = |text: &str| {
        let before = apex.split(text).next().filter(|before| before.len() < apex.len())?;
        i32::try_from(before.matches('\n').count() + 1).ok()
    };
    let good = Outcome { line: -1, column: -1, problem: None, exception: None };
    if !apex.is_empty() && !apex.ends_with([';', '}']) {
        let line = i32::try_from(apex.lines().count()).unwrap_or(1);
        return Outcome { line, column: 1, problem: Some("Unexpected token '<EOF>'."), ..good };
    }
    let thrown = [
        ("System.assert(false", "System.AssertException: Assertion Failed"),
        ("throw ", "System.TypeException: thrown by the block"),
    ];
    let thrown = thrown.into_iter().find_map(|(text, exception)| Some((line_of(text)?, exception)));
    match thrown {
        Some((line, exception)) => Outcome { line, column: 1, exception: Some(exception), ..good },
        None => good,
    }
}

fn log(call: &Call<'_>, apex: &str, outcome: &Outcome) -> Result<(), ApiError> {
    let status = outcome.problem.or(outcome.exception).unwrap_or("Success");
    let lines: String = apex.lines().map(|line| format!("Execute Anonymous: {line}\n")).collect();
    let text =
        format!("{}.0 APEX_CODE,DEBUG;SYSTEM,DEBUG\n{lines}EXECUTION_FINISHED|{status}\n", call.version);
    let fields = json!({
        "Application": "Unknown",
        "DurationMilliseconds": 1,
        "Location": "Monitoring",
        "LogUserId": call.tenant.user_id(&call.purpose.username),
        "Operation": "API",
        "Request": "API",
        "StartTime": written(call.tenant.clock.now()),
        "Status": status,
        "Body": STANDARD.encode(text),
    });
    call.tenant.tooling.insert("ApexLog", fields.as_object().cloned().unwrap_or_default())?;
    Ok(())
}
