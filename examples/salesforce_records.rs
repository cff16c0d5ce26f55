//! Records of a Salesforce org, by a program of its own: created, asked for, changed together.
//!
//! `cargo run --example salesforce_records`. It runs offline, with the testkit's org; for a real one, the login URL is the org's
//! My Domain URL, and key and secret are those of a connected app that has the client credentials flow.

use std::error::Error;
use std::sync::Arc;

use authsession_salesforce::auth::ClientCredentialsAuth;
use authsession_salesforce::composite::reference;
use authsession_salesforce::soql::condition::Condition;
use authsession_salesforce::soql::select::Select;
use authsession_salesforce::{Cirrus, CirrusResult};
use authsession_testkit::org::Org;
use futures_util::TryStreamExt;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Contact {
    last_name: String,
    account: Account,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Account {
    name: String,
}

/// One client for the whole program: its clones share connections, the token and what is known of the org's limits.
pub(crate) fn client(org: &Org) -> CirrusResult<Cirrus> {
    let auth = ClientCredentialsAuth::builder()
        .consumer_key(org.consumer_key())
        .consumer_secret(org.consumer_secret())
        .login_url(org.login_url())
        .build()?;
    Cirrus::builder().auth(Arc::new(auth)).build()
}

/// An account and its first contact: both, or none.
pub(crate) async fn sign_up(salesforce: &Cirrus, company: &str, person: &str) -> CirrusResult<()> {
    let answer = salesforce
        .composite()
        .compose()
        .all_or_none(true)
        .create("Account", "account", &json!({ "Name": company }))
        .create("Contact", "contact", &json!({ "LastName": person }))
        .field_from("AccountId", &reference("account", "id"))
        .send()
        .await?;
    match answer.root_cause() {
        Some(cause) => Err(authsession_salesforce::CirrusError::InvalidResponse(format!(
            "the sign-up was undone, since {} was refused",
            cause.reference_id
        ))),
        None => Ok(()),
    }
}

/// Everybody whose name begins so, page by page, whatever is in the name.
pub(crate) async fn people(salesforce: &Cirrus, prefix: &str) -> CirrusResult<Vec<String>> {
    let soql = Select::new("Contact", ["LastName", "Account.Name"])
        .filter(Condition::starts_with("LastName", prefix))
        .order_by("LastName")
        .build()?;
    let found = salesforce.query_stream_as::<Contact>(&soql);
    found.map_ok(|person| format!("{} of {}", person.last_name, person.account.name)).try_collect().await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let org = Org::builder().start().await?;
    let salesforce = client(&org)?;
    sign_up(&salesforce, "Initech", "O'Hara").await?;
    for person in people(&salesforce, "O'H").await? {
        eprintln!("{person}");
    }
    if let Some(limits) = salesforce.last_limit_info() {
        eprintln!("{} calls are left of today's {}", limits.remaining(), limits.allowed);
    }
    Ok(())
}
