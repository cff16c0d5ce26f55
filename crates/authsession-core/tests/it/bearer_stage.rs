//! An API that wants a token, and the two roads to it that bring one.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_trait::async_trait;
use authsession_core::bearer::BearerTokens;
use authsession_core::bearer::origin::Origins;
use authsession_core::bearer::reqwest_middleware::BearerMiddleware;
use authsession_core::bearer::tower_layer::BearerLayer;
use authsession_core::error::Error;
use authsession_core::grant::client_credentials::ClientCredentials;
use authsession_core::token_cache::{Mint, TokenCache};
use authsession_core::token_endpoint::TokenEndpoint;
use authsession_core::token_set::TokenSet;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider as Opposite;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Request, StatusCode};
use tower_layer::Layer;
use tower_service::Service;

use crate::parties::Parties;

/// How a request is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Road {
    Middleware,
    Tower,
}

pub(crate) const ROADS: [Road; 2] = [Road::Middleware, Road::Tower];

type RefusedWhen = fn(StatusCode, &HeaderMap) -> bool;

pub(crate) struct Stage {
    pub(crate) parties: Parties,
    pub(crate) tokens: Arc<dyn BearerTokens>,
    pub(crate) origins: Origins,
    pub(crate) client: reqwest::Client,
    pub(crate) refused_when: Option<RefusedWhen>,
    road: Road,
}

impl Stage {
    /// With a token in hand, and nothing sent yet.
    pub(crate) async fn set(road: Road) -> Self {
        let parties = Parties::meet().await;
        let mint = Arc::new(ByCredentials(parties.token_endpoint()));
        let tokens = Arc::new(TokenCache::builder(mint, parties.clock()).build());
        tokens.token().await.unwrap();
        let origins = Origins::of(parties.opposite.issuer()).unwrap();
        Self {
            parties,
            tokens,
            origins,
            client: client(reqwest::redirect::Policy::none()),
            refused_when: None,
            road,
        }
    }

    pub(crate) fn api(&self) -> String {
        self.parties.opposite.endpoint(Endpoint::Api)
    }

    pub(crate) fn opposite(&self) -> &Opposite {
        &self.parties.opposite
    }

    pub(crate) async fn get(&self) -> Result<u16, Error> {
        self.send(Request::get(self.api()).body(Bytes::new()).unwrap()).await
    }

    pub(crate) async fn send(&self, request: Request<Bytes>) -> Result<u16, Error> {
        let (tokens, origins) = (Arc::clone(&self.tokens), self.origins.clone());
        match self.road {
            Road::Middleware => {
                let mut bearer = BearerMiddleware::new(tokens, origins);
                if let Some(refused) = self.refused_when {
                    bearer = bearer.refused_when(refused);
                }
                let client = reqwest_middleware::ClientBuilder::new(self.client.clone()).with(bearer).build();
                let answer = client.execute(reqwest::Request::try_from(request).unwrap()).await;
                answer.map(|answer| answer.status().as_u16()).map_err(|error| match error {
                    reqwest_middleware::Error::Middleware(error) => error.downcast().unwrap(),
                    reqwest_middleware::Error::Reqwest(error) => panic!("{error}"),
                })
            }
            Road::Tower => {
                let mut bearer = BearerLayer::new(tokens, origins);
                if let Some(refused) = self.refused_when {
                    bearer = bearer.refused_when(refused);
                }
                let mut service = bearer.layer(Sender(self.client.clone()));
                poll_fn(|context| service.poll_ready(context)).await.unwrap();
                let answer = service.call(request).await;
                answer.map(|answer| answer.status().as_u16()).map_err(|error| *error.downcast().unwrap())
            }
        }
    }

    /// How often the API was asked, and how many tokens were handed out.
    pub(crate) fn counted(&self) -> (usize, usize) {
        let journal = self.opposite().journal();
        (journal.count(Endpoint::Api), journal.grants("client_credentials"))
    }
}

/// What that API was sent as `Authorization`, request by request.
pub(crate) fn authorizations(opposite: &Opposite) -> Vec<Option<String>> {
    let requests = opposite.journal().requests(Endpoint::Api);
    let header = |value: &http::HeaderValue| value.to_str().unwrap().to_owned();
    requests.iter().map(|request| request.headers.get(AUTHORIZATION).map(header)).collect()
}

#[expect(clippy::disallowed_methods, reason = "the client of who calls the API, not ours")]
pub(crate) fn client(redirects: reqwest::redirect::Policy) -> reqwest::Client {
    reqwest::Client::builder().redirect(redirects).build().unwrap()
}

#[derive(Debug)]
struct ByCredentials(TokenEndpoint);

#[async_trait]
impl Mint for ByCredentials {
    async fn mint(&self) -> Result<TokenSet, Error> {
        self.0.redeem(&ClientCredentials::default()).await
    }
}

/// A tower service that sends through reqwest.
#[derive(Clone, Debug)]
struct Sender(reqwest::Client);

impl Service<Request<Bytes>> for Sender {
    type Response = http::Response<reqwest::Body>;
    type Error = reqwest::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, reqwest::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), reqwest::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let request = reqwest::Request::try_from(request).unwrap();
        let answer = self.0.execute(request);
        Box::pin(async { answer.await.map(http::Response::from) })
    }
}

/// The same token for ever, whatever the API says.
#[derive(Debug)]
pub(crate) struct Unchanging(pub(crate) http::HeaderValue);

#[async_trait]
impl BearerTokens for Unchanging {
    fn authorization_at_once(&self) -> Option<http::HeaderValue> {
        Some(self.0.clone())
    }

    async fn authorization(&self) -> Result<http::HeaderValue, Error> {
        Ok(self.0.clone())
    }

    async fn refused(&self, _: &http::HeaderValue) {}
}
