//! One action: what it takes, and having it done.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::actions::action_description::ActionDescription;
use crate::actions::action_result::ActionResult;
use crate::client::Cirrus;
use crate::error::{CirrusError, CirrusResult};
use crate::exchange::answer::Answer;
use crate::exchange::call::Call;

/// One action.
///
/// # Errors
/// Of its methods: as those of [`Cirrus::post`]. An input that fails is no error of the call's: its result says so. An answer that is
/// not to every input is [`CirrusError::InvalidResponse`].
#[derive(Clone, Debug)]
pub struct ActionHandler<'a> {
    client: &'a Cirrus,
    path: String,
}

impl<'a> ActionHandler<'a> {
    pub(super) const fn new(client: &'a Cirrus, path: String) -> Self {
        Self { client, path }
    }

    /// What it takes and gives.
    pub async fn describe(&self) -> CirrusResult<ActionDescription> {
        self.client.call_json(Call::get(&self.path)).await
    }

    /// Has it done once for each input; the results are in their order. For an action that takes nothing, the input is `{}`.
    ///
    /// One that fails leaves the others as they are, unless the action itself takes them together. It is not sent again once it may
    /// have been received.
    pub async fn invoke<I: Serialize>(&self, inputs: &[I]) -> CirrusResult<Vec<ActionResult>> {
        self.invoke_as::<Value, I>(inputs).await
    }

    /// The same with outputs of a type of yours.
    pub async fn invoke_as<O, I>(&self, inputs: &[I]) -> CirrusResult<Vec<ActionResult<O>>>
    where
        O: DeserializeOwned,
        I: Serialize,
    {
        if inputs.is_empty() {
            return Err(CirrusError::invalid_input(
                "inputs",
                "are none: give `{}` for an action that takes nothing",
            ));
        }
        let call = Call::post(&self.path).json(&Inputs { inputs })?;
        let results: Vec<_> = self.client.call_accepting(call, has_results).await?.json()?;
        if results.len() != inputs.len() {
            return Err(CirrusError::InvalidResponse(
                "the answer has not one result for each input: see what was done".to_owned(),
            ));
        }
        Ok(results)
    }
}

#[derive(Serialize)]
struct Inputs<'a, I> {
    inputs: &'a [I],
}

/// With one input that failed the whole answer's status is 400, whatever became of the others.
fn has_results(refusal: &Answer) -> bool {
    refusal.status.as_u16() == 400
        && refusal.json::<Vec<ActionResult>>().is_ok_and(|results| !results.is_empty())
}
