//! The least that calls Salesforce: reqwest, serde_json, a token, and another one when that is refused.

use std::sync::Arc;

use arc_swap::ArcSwap;
use authsession_salesforce::{Bytes, DEFAULT_CONNECT_TIMEOUT, DEFAULT_READ_TIMEOUT};
use authsession_testkit::org::Org;
use authsession_testkit::org::endpoint::OrgEndpoint;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Request, Response, StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;

use crate::salesforce::Failure;

/// What is queried.
pub(crate) const OBJECT: &str = "Shipment__c";
pub(crate) const VERSION: &str = "v66.0";

/// One of its records.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "read as a program would, and then dropped")]
pub(crate) struct Shipment {
    id: String,
    name: String,
    owner_id: String,
    created_date: String,
    #[serde(rename = "City__c")]
    city: String,
    #[serde(rename = "Street__c")]
    street: String,
    #[serde(rename = "Due__c")]
    due: String,
    #[serde(rename = "Amount__c")]
    amount: Option<f64>,
}

/// A page of them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Page<R> {
    pub(crate) records: Vec<R>,
    pub(crate) next_records_url: Option<String>,
}

impl<R: DeserializeOwned> Page<R> {
    /// Looks for UTF-8 once, not in every string.
    pub(crate) fn read(answer: &[u8]) -> Result<Self, Failure> {
        Ok(serde_json::from_str(std::str::from_utf8(answer)?)?)
    }
}

/// The query for so many of them.
pub(crate) fn soql(records: usize) -> String {
    format!(
        "SELECT Id, Name, OwnerId, CreatedDate, City__c, Street__c, Due__c, Amount__c FROM {OBJECT} LIMIT {records}"
    )
}

/// A client that knows its requests beforehand.
pub(crate) struct ByHand {
    client: reqwest::Client,
    instance: Url,
    token_endpoint: String,
    form: String,
    token: ArcSwap<HeaderValue>,
    renewal: Mutex<()>,
}

impl ByHand {
    /// `timeouts`: those that our client has by itself.
    pub(crate) async fn new(org: &Org, timeouts: bool) -> Result<Self, Failure> {
        let (key, secret) = (org.consumer_key(), org.consumer_secret());
        let mut client = reqwest::Client::builder().no_proxy();
        if timeouts {
            client = client.connect_timeout(DEFAULT_CONNECT_TIMEOUT).read_timeout(DEFAULT_READ_TIMEOUT);
        }
        let by_hand = Self {
            client: client.build()?,
            instance: Url::parse(org.instance_url())?,
            token_endpoint: org.endpoint(OrgEndpoint::Token),
            form: format!("grant_type=client_credentials&client_id={key}&client_secret={secret}"),
            token: ArcSwap::from_pointee(HeaderValue::from_static("none")),
            renewal: Mutex::new(()),
        };
        by_hand.renew().await?;
        Ok(by_hand)
    }

    /// Where a path leads.
    pub(crate) fn url(&self, path: &str) -> Result<Url, Failure> {
        Ok(self.instance.join(path)?)
    }

    /// Where the query's first page is.
    pub(crate) fn query(&self, records: usize) -> Result<Url, Failure> {
        let mut url = self.url(&format!("/services/data/{VERSION}/query"))?;
        url.query_pairs_mut().append_pair("q", &soql(records));
        Ok(url)
    }

    /// What is there.
    pub(crate) async fn get(&self, url: &Url) -> Result<Bytes, Failure> {
        let token = self.token.load_full();
        let mut answer = self.send(url, &token).await?;
        if answer.status() == StatusCode::UNAUTHORIZED {
            let only_one = self.renewal.lock().await;
            if **self.token.load() == *token {
                self.renew().await?;
            }
            drop(only_one);
            answer = self.send(url, &self.token.load_full()).await?;
        }
        Ok(answer.error_for_status()?.bytes().await?)
    }

    async fn send(&self, url: &Url, token: &HeaderValue) -> Result<Response, Failure> {
        let mut request = Request::new(Method::GET, url.clone());
        request.headers_mut().insert(AUTHORIZATION, token.clone());
        Ok(self.client.execute(request).await?)
    }

    async fn renew(&self) -> Result<(), Failure> {
        let request = self.client.post(&self.token_endpoint).body(self.form.clone());
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = request.send().await?.error_for_status()?.bytes().await?;
        let answer: serde_json::Value = serde_json::from_slice(&answer)?;
        let token = answer["access_token"].as_str().ok_or("no token")?;
        self.token.store(Arc::new(HeaderValue::try_from(format!("Bearer {token}"))?));
        Ok(())
    }
}
