//! One provider, and both clients at it.

use std::fmt::{Debug, Display};
use std::sync::Arc;

use authsession_core::authorization::{AuthorizationRequest, PendingAuthorization};
use authsession_core::clock::{Clock, Timestamp};
use authsession_core::http::HttpClient;
use authsession_core::provider::{Endpoints, Provider};
use authsession_testkit::builder::ProviderBuilder;
use authsession_testkit::clock::VirtualClock;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::keys::SigningAlgorithm;
use authsession_testkit::provider::Provider as Opposite;
use authsession_testkit::script::Answer;
use huskarl::core::client_auth::ClientSecret;
use huskarl::core::secrets::{ProvidedSecret, SecretString};
use huskarl::core::server_metadata::AuthorizationServerMetadata;
use huskarl::core::time::ManualTime;
use huskarl::grant::authorization_code::AuthorizationCodeGrant;
use huskarl_reqwest::ReqwestClient;
use serde_json::Value;

use crate::verdict::Verdict;

pub(crate) const REDIRECT_URI: &str = "https://app.example/auth/callback";

/// Both clients at one provider, on clocks that stand still.
pub(crate) struct Both {
    pub(crate) opposite: Opposite,
    pub(crate) time: VirtualClock,
    pub(crate) http: HttpClient,
    pub(crate) requests: ReqwestClient,
}

impl Both {
    pub(crate) async fn meet() -> Self {
        Self::meet_with(|builder| builder).await
    }

    pub(crate) async fn meet_with(edit: impl FnOnce(ProviderBuilder) -> ProviderBuilder) -> Self {
        let time = VirtualClock::halted();
        let builder = Opposite::builder().clock(time.clone()).signing_algorithm(SigningAlgorithm::Es256);
        let opposite = edit(builder).start().await.unwrap();
        let http = HttpClient::builder().build().unwrap();
        let requests = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        let requests = ReqwestClient::from(requests.build().unwrap());
        Self { opposite, time, http, requests }
    }

    /// What the provider itself publishes there.
    pub(crate) async fn published(&self, endpoint: Endpoint) -> Value {
        let answer = reqwest::get(self.opposite.endpoint(endpoint)).await.unwrap();
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    }

    /// What that endpoint says from now on, to both.
    pub(crate) fn says(&self, endpoint: Endpoint, answer: Answer) {
        self.opposite.always(endpoint, answer);
    }

    pub(crate) fn clock(&self) -> Clock {
        let time = self.time.clone();
        Clock::from_fn(move || time.now())
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock().now()
    }

    /// Our side of it.
    pub(crate) fn provider(&self) -> Result<Arc<Provider>, String> {
        let (http, clock) = (self.http.clone(), self.clock());
        Provider::discover(self.opposite.issuer(), Endpoints::default(), http, clock)
            .map(Arc::new)
            .map_err(said)
    }

    /// A login of ours, begun.
    pub(crate) async fn begin(
        &self,
        provider: &Provider,
        scope: &str,
    ) -> Result<PendingAuthorization, String> {
        let metadata = provider.metadata().await.map_err(said)?;
        let request = AuthorizationRequest::new(self.opposite.client_id(), REDIRECT_URI, scope);
        Ok(request.start(&metadata, self.now()).map_err(said)?.1)
    }

    /// Their clock.
    pub(crate) fn instant(&self) -> jiff::Timestamp {
        self.time.now().try_into().unwrap()
    }

    /// Their side of it.
    pub(crate) async fn metadata(&self) -> Result<AuthorizationServerMetadata, String> {
        let fetch = AuthorizationServerMetadata::oidc_fetch().http_client(&self.requests);
        fetch.issuer(self.opposite.issuer()).call().await.map_err(said)
    }

    /// Their side of it, to sign in at; `oidc` as their builder has it.
    pub(crate) async fn grant(&self, oidc: Option<bool>) -> Result<AuthorizationCodeGrant, String> {
        let secret = ProvidedSecret::new(SecretString::new(self.opposite.client_secret()));
        AuthorizationCodeGrant::builder_from_metadata(&self.metadata().await?)
            .map_err(said)?
            .clock(ManualTime::new(self.instant()))
            .client_id(self.opposite.client_id())
            .client_auth(ClientSecret::new(secret))
            .http_client(self.requests.clone())
            .redirect_uri(REDIRECT_URI)
            .maybe_oidc(oidc)
            .build()
            .await
            .map_err(said)
    }
}

/// An error's words and those of its causes.
pub(crate) fn said<E: Display + Debug>(error: E) -> String {
    format!("{error}: {error:?}").chars().take(300).collect()
}

/// What matters of an outcome.
pub(crate) fn verdict<T, E: Display + Debug>(outcome: Result<T, E>) -> Verdict {
    outcome.map(drop).map_err(said)
}
