//! A hundred thousand rows into a Salesforce org and out again, as types of one's own.
//!
//! `cargo run --example salesforce_bulk`. It runs offline, with the testkit's org. The client is that of `salesforce_records`.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use authsession_salesforce::auth::ClientCredentialsAuth;
use authsession_salesforce::{
    BulkIngestSpec, BulkLoaded, BulkOperation, BulkQuerySpec, Cirrus, CirrusResult, CsvFormat,
};
use authsession_testkit::org::Org;
use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Widget {
    #[serde(rename = "Name")]
    pub(crate) name: String,
    #[serde(rename = "External_Id__c")]
    pub(crate) number: String,
}

/// By the widget's own number: loading the same rows twice leaves each of them there once. What was refused, and why, is in the
/// answer; jobs are cut to the size Salesforce takes.
pub(crate) async fn load(salesforce: &Cirrus, widgets: &[Widget]) -> CirrusResult<BulkLoaded<Widget>> {
    let spec =
        BulkIngestSpec::new("Widget__c", BulkOperation::Upsert).external_id_field_name("External_Id__c");
    salesforce
        .bulk()
        .ingest()
        .load(spec)
        .poll_every(Duration::from_millis(50), Duration::from_secs(10))
        .on_job(|id| eprintln!("job {id}"))
        .on_progress(|progress| eprintln!("{progress:?}"))
        .records(widgets)
        .await
}

/// Row by row: a result of any size takes the memory of a row, and a connection that breaks loses none.
pub(crate) async fn count(salesforce: &Cirrus) -> CirrusResult<usize> {
    let jobs = salesforce.bulk().query();
    let spec = BulkQuerySpec::new("SELECT Name, External_Id__c FROM Widget__c", BulkOperation::Query);
    let job = jobs.create(&spec).await?;
    jobs.wait(&job.id).poll_every(Duration::from_millis(50), Duration::from_secs(10)).await?.completed()?;
    let rows = jobs.rows::<Widget>(&job.id, CsvFormat::default())?;
    rows.try_fold(0, |count, _| async move { Ok(count + 1) }).await
}

pub(crate) fn client(org: &Org) -> CirrusResult<Cirrus> {
    let auth = ClientCredentialsAuth::builder()
        .consumer_key(org.consumer_key())
        .consumer_secret(org.consumer_secret())
        .login_url(org.login_url())
        .build()?;
    Cirrus::builder().auth(Arc::new(auth)).build()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let org = Org::builder().start().await?;
    let salesforce = client(&org)?;
    let widgets: Vec<_> = (0..100_000)
        .map(|number| Widget { name: format!("Widget {number}"), number: number.to_string() })
        .collect();
    let loaded = load(&salesforce, &widgets).await?;
    for failure in &loaded.failures {
        eprintln!("{}: {:?}", failure.record.number, failure.code());
    }
    eprintln!("{} loaded, {} there", loaded.successes.len(), count(&salesforce).await?);
    Ok(())
}
