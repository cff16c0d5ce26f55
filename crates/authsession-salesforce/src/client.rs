//! The client: a session, and the one road on which everything is asked with it.

pub mod builder;
pub mod raw;
mod verbs;

use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::auth::session::SharedAuth;
use crate::client::builder::CirrusBuilder;
use crate::error::CirrusResult;
use crate::exchange::answer::Answer;
use crate::exchange::byte_stream::ByteStream;
use crate::exchange::call::Call;
use crate::exchange::limit_info::LimitInfo;
use crate::exchange::retry::RetryPolicy;
use crate::exchange::{Exchange, within};

/// A client for the REST APIs of one Salesforce org. Cheap to clone; clones share connections and what they know of the limits.
///
/// It holds a [`SharedAuth`] and does not care how its tokens come. A token that Salesforce refuses is replaced, once a call,
/// and the call made again; callers never see it. The token goes nowhere but to the session's instance.
///
/// Every call may be dropped while it runs: it is given up, and a token refresh it waited for goes on.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use authsession_salesforce::Cirrus;
/// use authsession_salesforce::auth::StaticTokenAuth;
///
/// # async fn example() -> authsession_salesforce::CirrusResult<()> {
/// let auth = Arc::new(StaticTokenAuth::new("00Dxx!AQ...", "https://acme.my.salesforce.com"));
/// let salesforce = Cirrus::builder().auth(auth).build()?;
/// let account: serde_json::Value = salesforce.get("sobjects/Account/001xx000003DGbYAAW").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Cirrus {
    pub(crate) exchange: Arc<Exchange>,
    limit: Option<Duration>,
}

impl Cirrus {
    /// Begins one; it needs [`auth`](CirrusBuilder::auth), and nothing else.
    pub fn builder() -> CirrusBuilder {
        CirrusBuilder::new()
    }

    pub(crate) fn over(exchange: Exchange) -> Self {
        Self { exchange: Arc::new(exchange), limit: None }
    }

    /// The same client, whose calls take that long at most, waits and retries included; of a download, until it begins.
    /// Beyond it they fail with [`CirrusError::TimedOut`](crate::error::CirrusError::TimedOut), and may have been done.
    ///
    /// ```no_run
    /// # async fn example(salesforce: authsession_salesforce::Cirrus) -> authsession_salesforce::CirrusResult<()> {
    /// use std::time::Duration;
    ///
    /// let limits: serde_json::Value = salesforce.with_timeout(Duration::from_secs(3)).get("limits").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { exchange: Arc::clone(&self.exchange), limit: Some(timeout) }
    }

    /// The API's version, as in `v66.0`.
    #[must_use]
    pub fn api_version(&self) -> &str {
        &self.exchange.settings.version
    }

    /// What requests are sent with.
    #[must_use]
    pub fn http_client(&self) -> &reqwest::Client {
        &self.exchange.settings.client
    }

    /// The session.
    #[must_use]
    pub fn auth(&self) -> &SharedAuth {
        &self.exchange.settings.auth
    }

    /// When calls are made again.
    #[must_use]
    pub fn retry_policy(&self) -> &RetryPolicy {
        &self.exchange.settings.policy
    }

    /// How much of the org's calls is used up, by the latest answer that told; `None` before the first.
    #[must_use]
    pub fn last_limit_info(&self) -> Option<LimitInfo> {
        self.exchange.settings.governor.latest()
    }

    /// The URL of these segments below the version, each of them encoded.
    ///
    /// # Errors
    /// An instance URL that cannot be used, and a segment that is empty, `.` or `..`.
    pub fn versioned_url(&self, segments: &[&str]) -> CirrusResult<String> {
        self.exchange.address().versioned(segments)
    }

    /// The whole answer to a call that was done.
    pub(crate) async fn call(&self, call: Call<'_>) -> CirrusResult<Answer> {
        within(self.limit, self.exchange.send(&call)).await
    }

    /// The same, read as JSON.
    pub(crate) async fn call_json<R: DeserializeOwned>(&self, call: Call<'_>) -> CirrusResult<R> {
        self.call(call).await?.json()
    }

    /// The whole answer, whatever its status.
    pub(crate) async fn call_for_any_answer(&self, call: Call<'_>) -> CirrusResult<Answer> {
        within(self.limit, self.exchange.send_whatever_comes(&call)).await
    }

    /// The whole answer to a call that was done, or whose refusal is one that is to be read as an answer.
    pub(crate) async fn call_accepting(
        &self,
        call: Call<'_>,
        accepts: impl Fn(&Answer) -> bool,
    ) -> CirrusResult<Answer> {
        within(self.limit, self.exchange.send_accepting(&call, accepts)).await
    }

    /// The answer's body as it comes.
    pub(crate) async fn download(&self, call: Call<'_>) -> CirrusResult<ByteStream> {
        let (response, turn) = within(self.limit, self.exchange.open(&call)).await?;
        Ok(ByteStream::new(response, turn))
    }
}
