//! The web server flow for command lines: the browser comes back to this very machine (RFC 8252 §7.3).

use authsession_core::loopback::LoopbackListener;
use url::Url;

use crate::auth::completed_session::CompletedSession;
use crate::auth::web_server::WebServerFlow;
use crate::error::CirrusResult;

impl WebServerFlow {
    /// Signs a user in by a browser on this machine: `open` has it open the URL, or shows the URL to the user. The flow's
    /// redirect URI is listened on for up to five minutes, such as `http://localhost:1717/callback`: Salesforce compares the port
    /// too, so choose one that is free. The browser is told how it ended.
    ///
    /// ```no_run
    /// use authsession_salesforce::auth::WebServerFlow;
    ///
    /// # async fn example() -> authsession_salesforce::CirrusResult<()> {
    /// let flow = WebServerFlow::builder()
    ///     .consumer_key("3MVG9...")
    ///     .redirect_uri("http://localhost:1717/callback")
    ///     .scopes(["api", "refresh_token"])
    ///     .build()?;
    /// let session = flow.sign_in_by_browser(|url| println!("Open {url}")).await?;
    /// println!("signed in at {}", session.instance_url);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`CirrusError::Misconfigured`](crate::error::CirrusError::Misconfigured) when the redirect URI cannot be listened on, that
    /// the user said no or took too long, and as [`complete`](Self::complete).
    ///
    /// # Panics
    /// Outside a tokio runtime with IO and time.
    pub async fn sign_in_by_browser(&self, open: impl FnOnce(&str) + Send) -> CirrusResult<CompletedSession> {
        let wanted = Url::parse(&self.request.redirect_uri)?;
        let listener = LoopbackListener::bind(&wanted)?;
        let mut flow = self.clone();
        // As it is registered, to the letter, unless the port was only found here.
        if *listener.redirect_uri() != wanted {
            flow.request.redirect_uri = listener.redirect_uri().to_string();
        }
        let (url, pending) = flow.start()?;
        open(&url);
        let arrival = listener.arrival(&pending.pending.state).await?;
        let outcome = flow.complete_callback(pending, arrival.query().expose()).await;
        arrival.answer(outcome.is_ok()).await;
        outcome
    }
}
