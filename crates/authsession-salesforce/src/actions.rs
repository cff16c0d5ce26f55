//! Invocable actions: Salesforce's own, and the org's flows and Apex methods (Actions Developer Guide).

mod action;
mod action_description;
mod action_list;
mod action_result;

use crate::client::Cirrus;
use crate::error::CirrusResult;
use crate::exchange::address::segment;
use crate::exchange::call::Call;

pub use crate::actions::action::ActionHandler;
pub use crate::actions::action_description::{ActionDescription, ActionParameter};
pub use crate::actions::action_list::ActionSummary;
pub use crate::actions::action_result::ActionResult;

use crate::actions::action_list::{ActionKinds, ActionList};

const STANDARD: &str = "actions/standard";
const CUSTOM: &str = "actions/custom";

impl Cirrus {
    /// Invocable actions.
    #[must_use]
    pub const fn actions(&self) -> ActionsHandler<'_> {
        ActionsHandler { client: self }
    }
}

/// Finds actions: Salesforce's own by their name, the org's by their kind and name.
///
/// # Errors
/// Of all its methods: as those of [`Cirrus::get`], and a name that is none.
///
/// ```no_run
/// # async fn example(salesforce: authsession_salesforce::Cirrus) -> authsession_salesforce::CirrusResult<()> {
/// use serde_json::json;
///
/// let discount = salesforce.actions().flow("Calculate_Discount")?;
/// for result in discount.invoke(&[json!({ "amount": 100 }), json!({ "amount": 900 })]).await? {
///     println!("{:?}", result.output()?["discount"]);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ActionsHandler<'a> {
    client: &'a Cirrus,
}

impl<'a> ActionsHandler<'a> {
    /// Salesforce's own.
    pub async fn list_standard(&self) -> CirrusResult<Vec<ActionSummary>> {
        self.list(STANDARD.to_owned()).await
    }

    /// The kinds of the org's own, such as `apex`, `flow` and `quickAction`.
    pub async fn custom_kinds(&self) -> CirrusResult<Vec<String>> {
        let ActionKinds(kinds) = self.client.call_json(Call::get(CUSTOM)).await?;
        Ok(kinds)
    }

    /// The org's own of one kind.
    pub async fn list_custom(&self, kind: &str) -> CirrusResult<Vec<ActionSummary>> {
        self.list(format!("{CUSTOM}/{}", segment("kind", kind)?)).await
    }

    /// One of Salesforce's own, such as `emailSimple`.
    ///
    /// # Errors
    /// A name that is none.
    pub fn standard(&self, name: &str) -> CirrusResult<ActionHandler<'a>> {
        Ok(ActionHandler::new(self.client, format!("{STANDARD}/{}", segment("name", name)?)))
    }

    /// One of the org's flows, by its API name.
    ///
    /// # Errors
    /// A name that is none.
    pub fn flow(&self, name: &str) -> CirrusResult<ActionHandler<'a>> {
        self.custom("flow", name)
    }

    /// One of the org's Apex classes with an invocable method, by its name, with its package's namespace and `__` before it.
    ///
    /// # Errors
    /// A name that is none.
    pub fn apex(&self, name: &str) -> CirrusResult<ActionHandler<'a>> {
        self.custom("apex", name)
    }

    /// One of the org's own of any kind.
    ///
    /// # Errors
    /// A kind or name that is none.
    pub fn custom(&self, kind: &str, name: &str) -> CirrusResult<ActionHandler<'a>> {
        let path = format!("{CUSTOM}/{}/{}", segment("kind", kind)?, segment("name", name)?);
        Ok(ActionHandler::new(self.client, path))
    }

    async fn list(&self, path: String) -> CirrusResult<Vec<ActionSummary>> {
        let ActionList { actions } = self.client.call_json(Call::get(path)).await?;
        Ok(actions)
    }
}
