//! A program and the simulated org it calls.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use authsession_core::clock::Clock;
use authsession_salesforce::auth::{
    AuthSession, ClientCredentialsAuth, ClientCredentialsAuthBuilder, JwtAuth, JwtAuthBuilder,
    RefreshTokenAuth, RefreshTokenAuthBuilder, TokenExchangeFlow, TokenExchangeFlowBuilder, WebServerFlow,
    WebServerFlowBuilder,
};
use authsession_salesforce::{Cirrus, CirrusBuilder, CirrusError, RetryPolicy};
use authsession_testkit::browser::Browser;
use authsession_testkit::clock::VirtualClock;
use authsession_testkit::org::Org;
use authsession_testkit::org::builder::OrgBuilder;
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::script::Answer;
use http::Method;

pub(crate) const CALLBACK: &str = "https://app.example/callback";
pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// Somebody else's token, which the org takes in exchange.
pub(crate) const FOREIGN_TOKEN: &str = "foreign-token-of-the-test";

pub(crate) struct Stage {
    pub(crate) org: Org,
    pub(crate) time: VirtualClock,
    pub(crate) browser: Browser,
}

impl Stage {
    pub(crate) async fn set() -> Self {
        Self::set_with(|org| org).await
    }

    pub(crate) async fn set_with(edit: impl FnOnce(OrgBuilder) -> OrgBuilder) -> Self {
        Self::set_at(VirtualClock::halted(), edit).await
    }

    /// By that clock.
    pub(crate) async fn set_at(time: VirtualClock, edit: impl FnOnce(OrgBuilder) -> OrgBuilder) -> Self {
        let org = Org::builder().clock(time.clone()).subject_token(FOREIGN_TOKEN, "integration@acme.example");
        let org = edit(org).start().await.unwrap();
        Self { org, browser: Browser::with_clock(time.clone()).unwrap(), time }
    }

    /// The program's clock; at first it shows what the org's does.
    pub(crate) fn clock(&self) -> Clock {
        let time = self.time.clone();
        Clock::from_fn(move || time.now())
    }

    /// Another one, which is ahead of the org's.
    pub(crate) fn clock_ahead(&self, by: Duration) -> Clock {
        let time = self.time.clone();
        Clock::from_fn(move || time.now() + by)
    }

    /// Another one, which is behind.
    pub(crate) fn clock_behind(&self, by: Duration) -> Clock {
        let time = self.time.clone();
        Clock::from_fn(move || time.now() - by)
    }

    pub(crate) fn jwt(&self) -> JwtAuthBuilder {
        JwtAuth::builder()
            .consumer_key(self.org.consumer_key())
            .username(self.org.username())
            .private_key_pem_bytes(self.org.private_key_pem().as_bytes())
            .unwrap()
            .login_url(self.org.login_url())
            .clock(self.clock())
    }

    pub(crate) fn client_credentials(&self) -> ClientCredentialsAuthBuilder {
        ClientCredentialsAuth::builder()
            .consumer_key(self.org.consumer_key())
            .consumer_secret(self.org.consumer_secret())
            .login_url(self.org.login_url())
            .clock(self.clock())
    }

    pub(crate) fn refresh(&self, refresh_token: &str) -> RefreshTokenAuthBuilder {
        self.refresh_without_token().refresh_token(refresh_token)
    }

    pub(crate) fn refresh_without_token(&self) -> RefreshTokenAuthBuilder {
        RefreshTokenAuth::builder()
            .consumer_key(self.org.consumer_key())
            .consumer_secret(self.org.consumer_secret())
            .login_url(self.org.login_url())
            .clock(self.clock())
    }

    pub(crate) fn web_server(&self) -> WebServerFlowBuilder {
        WebServerFlow::builder()
            .consumer_key(self.org.consumer_key())
            .consumer_secret(self.org.consumer_secret())
            .redirect_uri(CALLBACK)
            .login_url(self.org.login_url())
            .scopes(["api", "openid", "refresh_token"])
            .clock(self.clock())
    }

    pub(crate) fn token_exchange(&self) -> TokenExchangeFlowBuilder {
        TokenExchangeFlow::builder()
            .consumer_key(self.org.consumer_key())
            .consumer_secret(self.org.consumer_secret())
            .login_url(self.org.login_url())
            .clock(self.clock())
    }

    /// A client whose session is the connected app's own, and which waits for nothing between retries.
    pub(crate) fn client(&self) -> Cirrus {
        self.client_builder().build().unwrap()
    }

    pub(crate) fn client_builder(&self) -> CirrusBuilder {
        let policy = RetryPolicy { base_delay: Duration::ZERO, ..RetryPolicy::default() };
        let auth = Arc::new(self.client_credentials().build().unwrap());
        Cirrus::builder().auth(auth).clock(self.clock()).retry_policy(policy)
    }

    /// How many tokens the client's session has asked for.
    pub(crate) fn grants(&self) -> usize {
        self.org.journal().grants("client_credentials")
    }

    /// How many calls have reached the REST API.
    pub(crate) fn calls(&self) -> usize {
        self.org.journal().count(OrgEndpoint::Rest)
    }

    /// A refresh token, as if the first user had signed in.
    pub(crate) fn approve(&self) -> String {
        self.org.approve(&self.org.username()).unwrap()
    }

    /// The next token request is answered by the org, and then edited.
    pub(crate) fn tamper(&self, edit: impl Fn(&mut serde_json::Value) + Send + Sync + 'static) {
        self.org.enqueue(OrgEndpoint::Token, Answer::tampered(edit));
    }

    /// The next token request is refused.
    pub(crate) fn refuse(&self, error: &str, description: &str) {
        self.org.enqueue(OrgEndpoint::Token, Answer::refusal(400, error, description));
    }

    /// What the org's REST API says to this token.
    pub(crate) async fn api_status(&self, token: &str) -> u16 {
        let authorization = format!("Bearer {token}");
        let url = format!("{}/services/data/v66.0", self.org.url());
        let headers = [("authorization", authorization.as_str())];
        self.browser.fetch_with(Method::GET, url, &headers, "").await.unwrap().status.as_u16()
    }

    /// That the session's token opens the org.
    pub(crate) async fn opens(&self, session: &impl AuthSession) {
        let token = session.access_token().await.unwrap().into_owned();
        assert_eq!(self.api_status(&token).await, 200);
        assert_eq!(session.instance_url(), self.org.instance_url());
    }

    /// How many tokens have been asked for by refresh tokens.
    pub(crate) fn refreshes(&self) -> usize {
        self.org.journal().grants("refresh_token")
    }
}

/// All that an error tells, down to its last cause.
pub(crate) fn told(error: &CirrusError) -> String {
    let mut text = format!("{error} {error:?}");
    let mut cause = StdError::source(error);
    while let Some(error) = cause {
        text.push_str(&format!(" {error} {error:?}"));
        cause = error.source();
    }
    text
}

pub(crate) const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}
