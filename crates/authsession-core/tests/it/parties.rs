//! The provider, we, and the browser between us, on a clock that stands still.

use std::sync::Arc;

use authsession_core::authorization::{AuthorizationRequest, AuthorizationResponse, PendingAuthorization};
use authsession_core::claims::IdTokenClaims;
use authsession_core::client_auth::{Client, ClientAuth};
use authsession_core::clock::{Clock, Timestamp};
use authsession_core::error::Error;
use authsession_core::grant::authorization_code::AuthorizationCode;
use authsession_core::grant::refresh_token::RefreshToken;
use authsession_core::http::HttpClient;
use authsession_core::id_token::{IdTokenVerifier, LoginExpectations};
use authsession_core::provider::{Endpoints, Provider};
use authsession_core::secret::Secret;
use authsession_core::token_endpoint::TokenEndpoint;
use authsession_core::token_set::TokenSet;
use authsession_testkit::browser::Browser;
use authsession_testkit::builder::ProviderBuilder;
use authsession_testkit::clock::VirtualClock;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::keys::SigningAlgorithm;
use authsession_testkit::provider::Provider as Opposite;
use url::Url;

pub(crate) const REDIRECT_URI: &str = "https://app.example/auth/callback";
pub(crate) const SCOPE: &str = "openid profile email";

/// Who takes part in a login.
pub(crate) struct Parties {
    /// The other side, as the test scripts it.
    pub(crate) opposite: Opposite,
    /// The other side, as we know it.
    pub(crate) provider: Arc<Provider>,
    pub(crate) http: HttpClient,
    pub(crate) time: VirtualClock,
    browser: Browser,
}

/// A login half way: the browser came back.
pub(crate) struct Login {
    pub(crate) pending: PendingAuthorization,
    pub(crate) code: Secret,
}

/// A login that succeeded.
#[derive(Debug)]
pub(crate) struct SignedIn {
    pub(crate) tokens: TokenSet,
    pub(crate) claims: IdTokenClaims,
}

impl Parties {
    pub(crate) async fn meet() -> Self {
        Self::meet_with(|builder| builder).await
    }

    /// Signs with ES256, whose keys are quickly made, unless told otherwise.
    pub(crate) async fn meet_with(edit: impl FnOnce(ProviderBuilder) -> ProviderBuilder) -> Self {
        let time = VirtualClock::halted();
        let builder = Opposite::builder().clock(time.clone()).signing_algorithm(SigningAlgorithm::Es256);
        let opposite = edit(builder).start().await.unwrap();
        let http = HttpClient::builder().build().unwrap();
        let provider = discover(&opposite, Endpoints::default(), &http, &time);
        let browser = Browser::with_clock(time.clone()).unwrap();
        Self { opposite, provider: Arc::new(provider), http, time, browser }
    }

    /// The other side as somebody knows it who was never in touch with it, and who asks it through `http`.
    pub(crate) fn newcomer(&self, by_hand: Endpoints, http: &HttpClient) -> Provider {
        discover(&self.opposite, by_hand, http, &self.time)
    }

    pub(crate) fn clock(&self) -> Clock {
        clock_of(&self.time)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock().now()
    }

    pub(crate) fn unix(&self) -> i64 {
        self.now().unix_seconds()
    }

    /// Waits until this endpoint has received so many requests; the limit is only there so that no test hangs.
    pub(crate) async fn until_asked(&self, endpoint: Endpoint, count: usize) {
        let journal = self.opposite.journal();
        assert!(journal.reaches(endpoint, count).await, "no request came");
    }

    pub(crate) fn client(&self) -> Client {
        let secret = Secret::from(self.opposite.client_secret());
        Client { id: self.opposite.client_id().to_owned(), auth: ClientAuth::Secret(secret) }
    }

    pub(crate) fn token_endpoint(&self) -> TokenEndpoint {
        self.token_endpoint_as(self.client())
    }

    pub(crate) fn token_endpoint_as(&self, client: Client) -> TokenEndpoint {
        TokenEndpoint::new(Arc::clone(&self.provider), client, self.http.clone(), self.clock())
    }

    pub(crate) fn verifier(&self) -> IdTokenVerifier {
        IdTokenVerifier::new(self.opposite.client_id())
    }

    pub(crate) fn request(&self) -> AuthorizationRequest {
        AuthorizationRequest::new(self.opposite.client_id(), REDIRECT_URI, SCOPE)
    }

    /// Sends the browser out with this request; the query it comes back with.
    pub(crate) async fn send(&self, request: &AuthorizationRequest) -> (PendingAuthorization, String) {
        let metadata = self.provider.metadata().await.unwrap();
        let (url, pending) = request.start(&metadata, self.now()).unwrap();
        let page = self.browser.navigate_without_following(&url).await.unwrap();
        let back: Url = page.location().unwrap();
        (pending, back.query().unwrap_or_default().to_owned())
    }

    pub(crate) async fn log_in(&self) -> Login {
        self.log_in_with(&self.request()).await
    }

    pub(crate) async fn log_in_with(&self, request: &AuthorizationRequest) -> Login {
        let (pending, query) = self.send(request).await;
        let metadata = self.provider.metadata().await.unwrap();
        let code = AuthorizationResponse::parse(&query).unwrap().check(&pending, &metadata).unwrap();
        Login { pending, code }
    }

    pub(crate) async fn redeem(&self, login: &Login) -> Result<TokenSet, Error> {
        self.token_endpoint().redeem(&login.grant()).await
    }

    pub(crate) async fn refresh(&self, tokens: &TokenSet) -> Result<TokenSet, Error> {
        let refresh_token = tokens.refresh_token.clone().unwrap();
        self.token_endpoint().redeem(&RefreshToken { refresh_token, scope: None }).await
    }

    /// A whole login: out, back, redeemed, verified.
    pub(crate) async fn sign_in(&self) -> Result<SignedIn, Error> {
        self.sign_in_with(&self.request(), &self.verifier()).await
    }

    pub(crate) async fn sign_in_with(
        &self,
        request: &AuthorizationRequest,
        verifier: &IdTokenVerifier,
    ) -> Result<SignedIn, Error> {
        let login = self.log_in_with(request).await;
        let tokens = self.redeem(&login).await?;
        let claims = self.verify(verifier, &login, &tokens).await?;
        Ok(SignedIn { tokens, claims })
    }

    pub(crate) async fn verify(
        &self,
        verifier: &IdTokenVerifier,
        login: &Login,
        tokens: &TokenSet,
    ) -> Result<IdTokenClaims, Error> {
        let expected = LoginExpectations::of(&login.pending, &tokens.access_token, Some(&login.code));
        let id_token = tokens.id_token.clone().unwrap();
        verifier.verify_login(&self.provider, &id_token, self.now(), &expected).await
    }
}

impl Login {
    pub(crate) fn grant(&self) -> AuthorizationCode {
        AuthorizationCode {
            code: self.code.clone(),
            redirect_uri: Some(self.pending.redirect_uri.clone()),
            code_verifier: self.pending.code_verifier.clone(),
        }
    }
}

fn discover(opposite: &Opposite, by_hand: Endpoints, http: &HttpClient, time: &VirtualClock) -> Provider {
    Provider::discover(opposite.issuer(), by_hand, http.clone(), clock_of(time)).unwrap()
}

pub(crate) fn clock_of(time: &VirtualClock) -> Clock {
    let time = time.clone();
    Clock::from_fn(move || time.now())
}
