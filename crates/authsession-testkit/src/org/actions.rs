//! `/actions`: invocable actions, standard ones and the org's own flows and Apex methods.

use crate::org::api_error::ApiError;
use crate::org::call::Call;
use crate::wire::Reply;
use http::Method;
use serde_json::Value;
use serde_json::json;

/// Somebody can invoke it: where it is found, its name, and the inputs it cannot be without.
#[derive(Clone)]
pub(crate) struct Action {
    pub(crate) folder: String,
    pub(crate) name: String,
    pub(crate) inputs: Vec<String>,
}

impl Action {
    pub(crate) fn new(folder: &str, name: &str, inputs: &[&str]) -> Self {
        let inputs = inputs.iter().map(|input| (*input).to_owned()).collect();
        Self { folder: folder.to_owned(), name: name.to_owned(), inputs }
    }

    /// Those every org has.
    pub(crate) fn standard() -> Vec<Self> {
        vec![
            Self::new("standard", "chatterPost", &["text", "subjectNameOrId"]),
            Self::new("standard", "emailSimple", &["emailAddresses", "emailSubject", "emailBody"]),
            Self::new("custom/flow", "LargeOrder", &["Amount"]),
            Self::new("custom/apex", "Echo", &["text"]),
        ]
    }

    fn kind(&self) -> String {
        match self.folder.strip_prefix("custom/") {
            Some(kind) => kind.to_uppercase(),
            None => self.name.to_uppercase(),
        }
    }

    fn listed(&self, base: &str) -> Value {
        let url = format!("{base}/actions/{}/{}", self.folder, self.name);
        json!({ "label": self.name, "name": self.name, "type": self.kind(), "url": url })
    }

    fn described(&self) -> Value {
        let parameter = |name: &str, required: bool| {
            json!({
                "byteLength": 0,
                "description": null,
                "label": name,
                "maxOccurs": 1,
                "name": name,
                "picklistValues": null,
                "required": required,
                "sobjectType": null,
                "type": "STRING",
            })
        };
        json!({
            "category": null,
            "description": null,
            "inputs": self.inputs.iter().map(|name| parameter(name, true)).collect::<Vec<_>>(),
            "label": self.name,
            "name": self.name,
            "outputs": self.inputs.iter().map(|name| parameter(name, false)).collect::<Vec<_>>(),
            "standard": self.folder == "standard",
            "targetEntityName": null,
            "type": self.kind(),
        })
    }

    /// One input's result: it gives back what it was given.
    fn invoked(&self, input: &Value) -> Value {
        let missing = self.inputs.iter().find(|name| input.get(name).is_none_or(Value::is_null));
        let mut output = input.clone();
        if self.folder == "custom/flow" {
            output["Flow__InterviewStatus"] = "Finished".into();
        }
        let errors = missing.map(|name| {
            let message = format!("Missing required input parameter: {name}");
            json!([{ "statusCode": "REQUIRED_FIELD_MISSING", "message": message, "fields": [] }])
        });
        json!({
            "actionName": self.name,
            "errors": errors,
            "isSuccess": missing.is_none(),
            "outputValues": if missing.is_none() { output } else { Value::Null },
            "invocationId": null,
            "outcome": null,
            "sortOrder": -1,
            "version": 1,
        })
    }
}

pub(crate) fn answer(call: &Call<'_>, rest: &[&str]) -> Result<Reply, ApiError> {
    let reads = call.method() == Method::GET;
    let actions = call.tenant.actions().clone();
    let url = |folder: &str| format!("{}/actions/{folder}", call.base);
    let list = |folder: &str| {
        let within = actions.iter().filter(|action| action.folder == folder);
        json!({ "actions": within.map(|action| action.listed(call.base)).collect::<Vec<_>>() })
    };
    match rest {
        [] if reads => Ok(Reply::json(200, &json!({ "standard": url("standard"), "custom": url("custom") }))),
        ["standard"] if reads => Ok(Reply::json(200, &list("standard"))),
        ["custom"] if reads => {
            Ok(Reply::json(200, &json!({ "flow": url("custom/flow"), "apex": url("custom/apex") })))
        }
        ["custom", kind @ ("flow" | "apex")] if reads => {
            Ok(Reply::json(200, &list(&format!("custom/{kind}"))))
        }
        ["standard", name] => one(call, &actions, "standard", name),
        ["custom", kind, name] => one(call, &actions, &format!("custom/{kind}"), name),
        _ => Err(ApiError::not_found()),
    }
}

fn one(call: &Call<'_>, actions: &[Action], folder: &str, name: &str) -> Result<Reply, ApiError> {
    let found = actions.iter().find(|action| action.folder == folder && action.name == name);
    let action = found.ok_or_else(ApiError::not_found)?;
    match *call.method() {
        Method::GET => Ok(Reply::json(200, &action.described())),
        Method::POST => {
            let asked = call.json()?;
            let inputs = asked.get("inputs").and_then(Value::as_array);
            let missing = || ApiError::new(400, "JSON_PARSER_ERROR", "The inputs are missing");
            let results: Vec<Value> =
                inputs.ok_or_else(missing)?.iter().map(|one| action.invoked(one)).collect();
            let good = results.iter().all(|result| result["isSuccess"] == true);
            Ok(Reply::json(if good { 200 } else { 400 }, &results.into()))
        }
        _ => Err(ApiError::method()),
    }
}
