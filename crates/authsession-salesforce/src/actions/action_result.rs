//! What an action made of one input.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::composite::CompositeError;
use crate::error::salesforce_error::SalesforceError;
use crate::error::{CirrusError, CirrusResult};
use crate::nullable;

/// What an action made of one input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ActionResult<O = Value> {
    /// The action's name.
    #[serde(default)]
    pub action_name: Option<String>,
    /// Whether it was done.
    pub is_success: bool,
    /// What it gave; nothing where it failed or gives nothing.
    #[serde(default = "Option::default")]
    pub output_values: Option<O>,
    /// What is wrong.
    #[serde(default, deserialize_with = "nullable::or_default")]
    pub errors: Vec<CompositeError>,
}

impl<O> ActionResult<O> {
    /// What it gave.
    ///
    /// # Errors
    /// [`CirrusError::Api`] with what is wrong, where it failed; [`CirrusError::InvalidResponse`] where it was done and gave nothing.
    pub fn output(&self) -> CirrusResult<&O> {
        match &self.output_values {
            Some(output) if self.is_success => Ok(output),
            _ if self.is_success => Err(CirrusError::InvalidResponse(
                "the action was done and gives nothing: look at is_success only".to_owned(),
            )),
            _ => Err(self.refusal()),
        }
    }

    fn refusal(&self) -> CirrusError {
        let error = |error: &CompositeError| SalesforceError {
            message: error.message.clone(),
            error_code: error.status_code.clone(),
            fields: error.fields.clone(),
            ..SalesforceError::default()
        };
        CirrusError::Api {
            status: 400,
            errors: self.errors.iter().map(error).collect(),
            raw: None,
            retry_after: None,
            verdict: None,
            repeated: false,
        }
    }
}
