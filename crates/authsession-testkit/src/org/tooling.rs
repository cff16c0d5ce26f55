//! The Tooling API: code, its logs, and Apex that is run once.

pub(crate) mod anonymous;

use crate::clock::VirtualClock;
use crate::org::api_error::ApiError;
use crate::org::call::Call;
use crate::org::database::store::Store;
use crate::org::field::Kind;
use crate::org::field::OrgField as Field;
use crate::org::object::OrgObject as Object;
use crate::org::rest::request::Request;
use crate::org::rest::resources;
use crate::wire::Reply;
use http::Method;
use serde_json::json;

pub(crate) fn answer(call: &Call<'_>, rest: &[&str]) -> Result<Reply, ApiError> {
    let reads = call.method() == Method::GET;
    match rest {
        [] if reads => Ok(Reply::json(200, &listed(call.base))),
        ["executeAnonymous"] if reads => anonymous::run(call),
        ["executeAnonymous"] => Err(ApiError::method()),
        ["sobjects", "ApexLog", id, "Body"] if reads => {
            let body = call.tenant.tooling.blob("ApexLog", id, "Body")?;
            Ok(Reply::text(200, "text/plain;charset=UTF-8", String::from_utf8_lossy(&body).into_owned()))
        }
        _ => {
            let parts: Vec<&str> = std::iter::once("tooling").chain(rest.iter().copied()).collect();
            let request = Request::of(call.tenant, call.inquiry, call.version, &parts);
            resources::answer(&request, call.tenant.tooling.open()?.store()?)
        }
    }
}

fn listed(base: &str) -> serde_json::Value {
    json!({
        "composite": format!("{base}/tooling/composite"),
        "executeAnonymous": format!("{base}/tooling/executeAnonymous"),
        "query": format!("{base}/tooling/query"),
        "search": format!("{base}/tooling/search"),
        "sobjects": format!("{base}/tooling/sobjects"),
    })
}

/// The objects of code, without a record.
pub(crate) fn store(clock: VirtualClock, _organization: &str) -> Result<Store, ApiError> {
    Store::of(
        clock,
        vec![code("ApexClass", "01p"), trigger(), log(), debug_level(), trace_flag(), container()],
    )
}

fn code(name: &str, prefix: &str) -> Object {
    Object::bare(name, prefix)
        .field(Field::text("Name", 255).required())
        .field(Field::long_text("Body", 1_000_000).required())
        .field(Field::number("ApiVersion"))
        .field(Field::picklist("Status", ["Active", "Inactive", "Deleted"]))
        .field(Field::text("NamespacePrefix", 15))
        .field(Field::boolean("IsValid"))
        .field(Field::new("LengthWithoutComments", Kind::Integer))
        .stamped()
}

fn trigger() -> Object {
    code("ApexTrigger", "01q").field(Field::text("TableEnumOrId", 40).required())
}

fn log() -> Object {
    Object::bare("ApexLog", "07L")
        .field(Field::text("Application", 40))
        .field(Field::new("DurationMilliseconds", Kind::Integer))
        .field(Field::text("Location", 40))
        .field(Field::new("LogLength", Kind::Integer).computed())
        .field(Field::text("LogUserId", 18))
        .field(Field::text("Operation", 255))
        .field(Field::text("Request", 40))
        .field(Field::datetime("StartTime"))
        .field(Field::text("Status", 255))
        .field(Field::new("Body", Kind::Blob { length: Some("LogLength") }))
        .stamped()
}

fn debug_level() -> Object {
    Object::bare("DebugLevel", "7dl")
        .field(Field::text("DeveloperName", 80).required())
        .field(Field::text("MasterLabel", 80).required())
        .field(Field::text("ApexCode", 40))
        .field(Field::text("Database", 40))
        .field(Field::text("System", 40))
        .stamped()
}

fn trace_flag() -> Object {
    Object::bare("TraceFlag", "7tf")
        .field(Field::lookup("DebugLevelId", "DebugLevel", "DebugLevel", "").required())
        .field(Field::text("LogType", 40).required())
        .field(Field::text("TracedEntityId", 18).required())
        .field(Field::datetime("StartDate"))
        .field(Field::datetime("ExpirationDate"))
        .stamped()
}

fn container() -> Object {
    Object::bare("MetadataContainer", "1dc").field(Field::text("Name", 32).required().unique()).stamped()
}
