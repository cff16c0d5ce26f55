//! `/metadata/deployRequest`: a deployment begun, asked about, cancelled, or made of a validation.

use crate::org::api_error::ApiError;
use crate::org::archive::names;
use crate::org::call::Call;
use crate::org::deployments::Author;
use crate::org::deployments::Status;
use crate::org::deployments::component::Component;
use crate::org::rest::multipart::boundary;
use crate::org::rest::multipart::parts;
use crate::wire::Reply;
use http::Method;
use serde_json::Value;
use serde_json::json;

pub(crate) fn answer(call: &Call<'_>, rest: &[&str]) -> Result<Reply, ApiError> {
    let boundary = boundary(call.inquiry.header("content-type").unwrap_or_default());
    match (rest, call.method()) {
        ([], &Method::POST) => boundary.map_or_else(|| quick(call), |boundary| begun(call, &boundary)),
        ([id], &Method::GET) => polled(call, id),
        ([id], &Method::PATCH) => cancelled(call, id),
        ([] | [_], _) => Err(ApiError::method()),
        _ => Err(ApiError::not_found()),
    }
}

fn author(call: &Call<'_>) -> Author {
    let username = &call.purpose.username;
    let name = call.tenant.user(username).map_or_else(String::new, |user| user.name);
    Author { id: call.tenant.user_id(username), name }
}

fn url(call: &Call<'_>, id: &str) -> String {
    format!("{}{}/metadata/deployRequest/{id}", call.tenant.settings.instance_url, call.base)
}

fn begun(call: &Call<'_>, boundary: &str) -> Result<Reply, ApiError> {
    let unreadable = |what: &str| ApiError::new(400, "JSON_PARSER_ERROR", format!("{what} cannot be read"));
    let parts = parts(&call.inquiry.exchange.body, boundary);
    // Its name is up to the client.
    let json = parts.iter().find(|part| part.is_record() || part.name.as_deref() == Some("json"));
    let json = json.and_then(|part| serde_json::from_slice::<Value>(part.body).ok());
    let json = json.ok_or_else(|| unreadable("The part with the options"))?;
    let zip = parts.iter().find(|part| part.name.as_deref() == Some("file")).map(|part| part.body);
    let zip = zip.ok_or_else(|| unreadable("The part named file"))?;
    let mut options = defaults();
    for (name, value) in json["deployOptions"].as_object().into_iter().flatten() {
        options[name] = value.clone();
    }
    let components = Component::of(&names(zip).unwrap_or_default());
    let mut deployments = call.tenant.deployments();
    let made = deployments.add(options, components, author(call), call.tenant.clock.now());
    Ok(Reply::json(201, &made.told(&url(call, &made.id), false)))
}

fn defaults() -> Value {
    json!({
        "allowMissingFiles": false,
        "autoUpdatePackage": false,
        "checkOnly": false,
        "ignoreWarnings": false,
        "performRetrieve": false,
        "purgeOnDelete": false,
        "rollbackOnError": true,
        "runTests": null,
        "singlePackage": false,
        "testLevel": "NoTestRun",
    })
}

fn quick(call: &Call<'_>) -> Result<Reply, ApiError> {
    let asked = call.json()?;
    let id = asked.get("validatedDeployRequestId").and_then(Value::as_str).unwrap_or_default();
    let mut deployments = call.tenant.deployments();
    let refused = || ApiError::new(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id");
    let validation = deployments.find(id).map_err(|_| refused())?;
    if !validation.is_check_only() || validation.status != Status::Succeeded {
        return Err(refused());
    }
    let (mut options, components) = (validation.options.clone(), validation.components.clone());
    let id = validation.id.clone();
    options["checkOnly"] = false.into();
    let made = deployments.add(options, components, author(call), call.tenant.clock.now());
    made.validated = Some(id);
    Ok(Reply::json(201, &made.told(&url(call, &made.id), false)))
}

fn polled(call: &Call<'_>, id: &str) -> Result<Reply, ApiError> {
    let mut deployments = call.tenant.deployments();
    let found = deployments.find(id)?;
    let told = found.told(&url(call, &found.id), call.parameter("includeDetails") == Some("true"));
    found.poll(call.tenant.clock.now());
    Ok(Reply::json(200, &told))
}

fn cancelled(call: &Call<'_>, id: &str) -> Result<Reply, ApiError> {
    let asked = call.json()?;
    let wanted = asked.get("deployResult").and_then(|result| result["status"].as_str());
    if wanted != Some("Canceling") {
        let message = "The only status to be set is Canceling";
        return Err(ApiError::new(400, "INVALID_FIELD", message));
    }
    let mut deployments = call.tenant.deployments();
    let found = deployments.find(id)?;
    if found.status.is_over() {
        let message = "Deployment already completed";
        return Err(ApiError::new(400, "INVALID_ID_FIELD", message));
    }
    found.cancel(author(call), call.tenant.clock.now());
    Ok(Reply::json(202, &found.told(&url(call, &found.id), false)))
}
