//! Grants that can be made again: client credentials, assertions, exchanges, and clocks that are apart.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use authsession_core::assertion::Assertion;
use authsession_core::client_auth::{Client, ClientAuth};
use authsession_core::clock::Timestamp;
use authsession_core::error::{Error, OAuthError};
use authsession_core::grant::Grant;
use authsession_core::grant::client_credentials::ClientCredentials;
use authsession_core::grant::refresh_token::RefreshToken;
use authsession_core::grant::token_exchange::{TokenExchange, token_type};
use authsession_core::grant_mint::{GrantMaker, GrantMint, SignedAssertion};
use authsession_core::provider::{Endpoints, Provider};
use authsession_core::signer::{Signer, SigningKey};
use authsession_core::token_cache::Mint;
use authsession_core::token_endpoint::TokenEndpoint;
use authsession_testkit::assertion_issuer::AssertionIssuer;
use authsession_testkit::client::Client as Registered;
use authsession_testkit::clock::VirtualClock;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::key_pair::KeyPair;
use authsession_testkit::keys::SigningAlgorithm;
use authsession_testkit::script::Answer;

use crate::parties::{Parties, clock_of};
use crate::verdict::hint;

const ROBOT: &str = "robot@project.example";
const TEN_MINUTES: Duration = Duration::from_secs(600);

/// A provider that knows the key of a robot and of a client, and ourselves, by a clock of our own.
struct Stage {
    parties: Parties,
    ours: VirtualClock,
    key: Arc<dyn Signer>,
}

impl Stage {
    async fn set() -> Self {
        Self::with(SigningAlgorithm::Es256).await
    }

    async fn with(algorithm: SigningAlgorithm) -> Self {
        let key = KeyPair::generate(algorithm).unwrap();
        let public = key.public_key().unwrap();
        let parties = Parties::meet_with(|builder| {
            builder
                .client(Registered::confidential("client", "secret"))
                .client(Registered::with_key("batch", public.clone()))
                .assertion_issuer(AssertionIssuer::new(ROBOT, public))
        })
        .await;
        let key = Arc::new(SigningKey::from_pem(key.private_key_pem().unwrap()).unwrap());
        Self { ours: VirtualClock::halted(), parties, key }
    }

    fn endpoint(&self, client: Client) -> TokenEndpoint {
        let (http, clock) = (self.parties.http.clone(), clock_of(&self.ours));
        let issuer = self.parties.opposite.issuer();
        let provider = Provider::discover(issuer, Endpoints::default(), http.clone(), clock.clone()).unwrap();
        TokenEndpoint::new(Arc::new(provider), client, http, clock)
    }

    fn nobody(&self) -> TokenEndpoint {
        self.endpoint(Client { id: String::new(), auth: ClientAuth::Omitted })
    }

    fn batch(&self) -> TokenEndpoint {
        let auth = ClientAuth::PrivateKeyJwt(Arc::clone(&self.key));
        self.endpoint(Client { id: "batch".to_owned(), auth })
    }

    fn assertion(&self) -> SignedAssertion {
        let assertion = Assertion::new(ROBOT, "alice", self.parties.opposite.issuer());
        SignedAssertion { assertion, signer: Arc::clone(&self.key), scope: Some("read".to_owned()) }
    }

    fn robot(&self) -> GrantMint {
        GrantMint::new(self.nobody(), Arc::new(self.assertion()))
    }

    fn asked(&self) -> usize {
        self.parties.opposite.journal().count(Endpoint::Token)
    }

    /// Redeems twice; how often that was refused, and how often the provider was asked.
    async fn asked_for_two(&self, mint: &GrantMint) -> (usize, usize) {
        for _ in 0..2 {
            let tokens = mint.mint().await.unwrap();
            assert!(self.parties.opposite.live_access_token(tokens.access_token.expose()));
            assert_eq!(tokens.received_at, clock_of(&self.ours).now(), "lifetimes count by our clock");
        }
        let asked = self.parties.opposite.journal().requests(Endpoint::Token);
        (asked.iter().filter(|one| one.status != Some(200)).count(), asked.len())
    }
}

#[tokio::test]
async fn client_credentials_bring_a_token_each_time() {
    let stage = Stage::set().await;
    let grant = ClientCredentials { scope: Some("read".to_owned()), ..ClientCredentials::default() };
    let mint = GrantMint::new(stage.endpoint(stage.parties.client()), Arc::new(grant));
    let (one, other) = (mint.mint().await.unwrap(), mint.mint().await.unwrap());
    assert_ne!(one.access_token, other.access_token);
    assert_eq!(one.scope.as_deref(), Some("read"));
    assert!(mint.is_repeatable());
}

#[tokio::test]
async fn assertions_bring_a_token_each_time_whatever_the_key() {
    for algorithm in [SigningAlgorithm::Rs256, SigningAlgorithm::Es256, SigningAlgorithm::EdDsa] {
        let stage = Stage::with(algorithm).await;
        assert_eq!(stage.asked_for_two(&stage.robot()).await, (0, 2), "{algorithm:?}");
    }
}

#[tokio::test]
async fn a_token_is_exchanged_each_time() {
    let stage = Stage::set().await;
    let theirs = stage.parties.sign_in().await.unwrap().tokens.access_token;
    let exchange = TokenExchange::new(theirs, token_type::ACCESS_TOKEN);
    let mint = GrantMint::new(stage.endpoint(stage.parties.client()), Arc::new(exchange));
    let tokens = mint.mint().await.unwrap();
    assert!(stage.parties.opposite.live_access_token(tokens.access_token.expose()));
    assert_eq!(tokens.extras.get("issued_token_type"), Some(token_type::ACCESS_TOKEN));
}

#[tokio::test]
async fn a_clock_that_is_ten_minutes_slow_costs_one_refusal() {
    let stage = Stage::set().await;
    stage.parties.time.advance(TEN_MINUTES);
    assert_eq!(stage.asked_for_two(&stage.robot()).await, (1, 3), "refused once, then right each time");
}

#[tokio::test]
async fn a_clock_that_is_ten_minutes_fast_costs_one_refusal() {
    let stage = Stage::set().await;
    stage.ours.advance(TEN_MINUTES);
    assert_eq!(stage.asked_for_two(&stage.robot()).await, (1, 3), "refused once, then right each time");
}

#[tokio::test]
async fn a_clock_that_is_off_costs_a_client_with_a_key_one_refusal() {
    for slow in [true, false] {
        let stage = Stage::set().await;
        let clock = if slow { &stage.parties.time } else { &stage.ours };
        clock.advance(TEN_MINUTES);
        let mint = GrantMint::new(stage.batch(), Arc::new(ClientCredentials::default()));
        assert_eq!(stage.asked_for_two(&mint).await, (1, 3), "slow: {slow}");
    }
}

#[tokio::test]
async fn a_clock_that_is_set_right_costs_one_refusal_again() {
    let stage = Stage::set().await;
    let mint = stage.robot();
    stage.parties.time.advance(TEN_MINUTES);
    mint.mint().await.unwrap();
    stage.ours.advance(TEN_MINUTES);
    mint.mint().await.unwrap();
    assert_eq!(stage.asked(), 4);
}

#[tokio::test]
async fn a_refusal_is_not_repeated_when_the_clocks_agree() {
    let stage = Stage::set().await;
    stage.parties.time.advance(Duration::from_secs(20));
    let mut assertion = stage.assertion();
    assertion.assertion = Assertion::new("nobody@project.example", "alice", stage.parties.opposite.issuer());
    let mint = GrantMint::new(stage.nobody(), Arc::new(assertion));
    assert!(
        hint(mint.mint().await)
            .contains("(invalid_grant): check the assertion's issuer, subject and audience")
    );
    assert_eq!(stage.asked(), 1);
}

#[tokio::test]
async fn a_refusal_for_another_reason_is_repeated_once_at_most() {
    let stage = Stage::set().await;
    stage.parties.time.advance(TEN_MINUTES);
    let wrong = Client { id: "client".to_owned(), auth: ClientAuth::Secret("wrong".into()) };
    let mint = GrantMint::new(stage.endpoint(wrong), Arc::new(ClientCredentials::default()));
    for asked in [2, 3, 4] {
        assert!(hint(mint.mint().await).contains("invalid_client"));
        assert_eq!(stage.asked(), asked, "the clocks were no longer news");
    }
}

#[tokio::test]
async fn a_provider_that_is_away_is_not_asked_again_at_once() {
    let stage = Stage::set().await;
    stage.parties.time.advance(TEN_MINUTES);
    stage.parties.opposite.enqueue(Endpoint::Token, Answer::status(503));
    assert!(stage.robot().mint().await.unwrap_err().is_transient());
    assert_eq!(stage.asked(), 1);
}

/// Knows several refresh tokens, and tries the next when one is refused.
#[derive(Debug)]
struct Several {
    tokens: Vec<String>,
    next: AtomicUsize,
}

#[async_trait]
impl GrantMaker for Several {
    async fn grant(&self, _now: Timestamp) -> Result<Box<dyn Grant>, Error> {
        let refresh_token =
            self.tokens[self.next.fetch_add(1, Ordering::SeqCst) % self.tokens.len()].as_str();
        Ok(Box::new(RefreshToken { refresh_token: refresh_token.into(), scope: None }))
    }

    fn is_worth_another(&self, refusal: &Error) -> bool {
        matches!(refusal, Error::GrantRefused { code: OAuthError::InvalidGrant, .. })
    }
}

#[tokio::test]
async fn a_maker_of_ones_own_may_ask_for_another_attempt() {
    let stage = Stage::set().await;
    let good = stage.parties.sign_in().await.unwrap().tokens.refresh_token.unwrap();
    stage.parties.opposite.journal().clear();
    let tokens = vec!["spent".to_owned(), good.expose().to_owned()];
    let maker = Arc::new(Several { tokens, next: AtomicUsize::new(0) });
    let mint = GrantMint::new(stage.endpoint(stage.parties.client()), maker);
    mint.mint().await.unwrap();
    assert_eq!(stage.asked(), 2);
}
