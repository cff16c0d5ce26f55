//! What one login asks beyond every other of its client (OpenID Connect Core §3.1.2.1, §5.5.1.1).

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::error::Error;
use crate::scope::asks_for_id_token;

/// Parameters this library sets itself; an extra one of that name would undo a check.
const RESERVED: [&str; 13] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "response_mode",
    "request",
    "request_uri",
    "max_age",
    "client_secret",
];

/// What one login asks beyond every other of its client. Each is a parameter of the authorization request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct LoginParameters {
    /// `login_hint`: who the user probably is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login_hint: Option<String>,
    /// `prompt`: `none`, `login`, `consent`, `select_account`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// `max_age`: how old the user's authentication may be, in whole seconds. Verified in the ID token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age: Option<Duration>,
    /// `acr_values`: how strongly the user should authenticate, in order of preference. The provider may answer with less.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr_values: Option<String>,
    /// How strongly the user must authenticate: any of these `acr`, in order of preference. Asked for as an essential claim
    /// (`claims`) and, for providers that do not read it, as `acr_values`, in place of those above. Verified in the ID token.
    /// To demand one and name none is a mistake that [`check`](Self::check) finds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub essential_acr: Option<Vec<String>>,
    /// `ui_locales`: the user's languages, in order of preference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ui_locales: Option<String>,
    /// Further parameters the provider understands, in place of those of every login.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extra: Vec<(String, String)>,
}

impl LoginParameters {
    /// Demands any of these `acr`, in order of preference: [`essential_acr`](Self::essential_acr).
    pub fn demand_acr(&mut self, values: impl IntoIterator<Item = impl Into<String>>) {
        self.essential_acr = Some(values.into_iter().map(Into::into).collect());
    }

    /// Checks that they make sense in a request for that scope.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] when they ask for what only an ID token proves and the scope has no `openid`, an `acr` demanded
    /// is no word, or a further parameter is one this library sets itself.
    pub fn check(&self, scope: &str) -> Result<(), Error> {
        check_extra(&self.extra)?;
        let needs_id_token = self.max_age.is_some() || self.essential_acr.is_some();
        if needs_id_token && !asks_for_id_token(scope) {
            return Err(Error::misconfigured(
                "max_age and an essential acr are verified in the ID token: ask for the scope openid too",
            ));
        }
        let no_word = |acr: &String| acr.is_empty() || acr.contains(char::is_whitespace);
        if self.essential_acr.as_ref().is_some_and(|values| values.is_empty() || values.iter().any(no_word)) {
            return Err(Error::misconfigured("name at least one acr to demand, each a word without blanks"));
        }
        Ok(())
    }

    /// As they go out, those in `extra` left aside. `claims` is what the request asks for under that name already.
    pub(crate) fn pairs(&self, claims: Option<&str>) -> Result<Vec<(&'static str, String)>, Error> {
        let (acr_values, claims) = match &self.essential_acr {
            None => (self.acr_values.clone(), None),
            Some(values) => (Some(values.join(" ")), Some(demand(values, claims)?)),
        };
        let pairs = [
            ("login_hint", self.login_hint.clone()),
            ("prompt", self.prompt.clone()),
            ("max_age", self.max_age.map(|age| age.as_secs().to_string())),
            ("acr_values", acr_values),
            ("ui_locales", self.ui_locales.clone()),
            ("claims", claims),
        ];
        Ok(pairs.into_iter().filter_map(|(name, value)| Some((name, value?))).collect())
    }
}

/// The `claims` parameter that demands one of these `acr` beside what else is asked for.
fn demand(acr: &[String], beside: Option<&str>) -> Result<String, Error> {
    let wrong = || {
        Error::misconfigured(
            "the authorization parameter claims must be a JSON object: the essential acr goes into its id_token",
        )
    };
    let mut claims: Map<String, Value> = match beside {
        Some(text) => serde_json::from_str(text).map_err(|_| wrong())?,
        None => Map::new(),
    };
    let of_id_token = claims.entry("id_token").or_insert(Value::Null);
    if of_id_token.is_null() {
        *of_id_token = json!({});
    }
    let of_id_token = of_id_token.as_object_mut().ok_or_else(wrong)?;
    of_id_token.insert("acr".to_owned(), json!({ "essential": true, "values": acr }));
    Ok(Value::Object(claims).to_string())
}

/// Checks that none of these parameters is one this library sets itself.
///
/// # Errors
/// [`Error::Misconfigured`] naming the parameter.
pub fn check_extra(extra: &[(String, String)]) -> Result<(), Error> {
    match extra.iter().find(|(name, _)| RESERVED.contains(&name.as_str())) {
        None => Ok(()),
        Some((name, _)) => {
            Err(Error::misconfigured(format!("the authorization parameter {name} is set by the library")))
        }
    }
}
