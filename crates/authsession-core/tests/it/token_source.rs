//! The facade: each way to a token, end to end, and what it says when a setting is missing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use authsession_core::assertion::Assertion;
use authsession_core::bearer::BearerTokens;
use authsession_core::client_auth::ClientAuth;
use authsession_core::device_authorization::PendingDevice;
use authsession_core::error::{Error, Fault, OAuthError};
use authsession_core::grant::client_credentials::ClientCredentials;
use authsession_core::grant::token_exchange::{TokenExchange, token_type};
use authsession_core::http::{HttpClient, client_builder};
use authsession_core::signer::{Signer, SigningKey};
use authsession_core::token_set::TokenSet;
use authsession_core::token_source::TokenSource;
use authsession_core::token_source::builder::TokenSourceBuilder;
use authsession_core::token_store::file::FileTokenStore;
use authsession_core::token_store::memory::MemoryTokenStore;
use authsession_core::token_store::{StoredTokens, TokenLock, TokenStore};
use authsession_testkit::assertion_issuer::AssertionIssuer;
use authsession_testkit::client::Client as Registered;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::key_pair::KeyPair;
use authsession_testkit::keys::SigningAlgorithm;
use authsession_testkit::script::Answer;
use http::header::AUTHORIZATION;
use serde_json::json;

use crate::parties::{Parties, SCOPE};
use crate::refresh_stage::{Busy, busy};
use crate::token_store::Folder;
use crate::verdict::{fault, hint, refusal};

const ROBOT: &str = "robot@project.example";
const TENANT: &str = "https://login.example.com/tenant";

fn secret() -> ClientAuth {
    ClientAuth::Secret("its secret".into())
}

/// Nothing is asked of anybody: the provider need not exist.
fn elsewhere() -> TokenSourceBuilder {
    TokenSource::builder().issuer(TENANT).client("client", secret())
}

fn own() -> Arc<ClientCredentials> {
    Arc::new(ClientCredentials::default())
}

impl Parties {
    /// All but the grant.
    fn settings(&self) -> TokenSourceBuilder {
        self.settings_without_client().client(self.client().id, self.client().auth)
    }

    fn settings_without_client(&self) -> TokenSourceBuilder {
        TokenSource::builder().issuer(self.opposite.issuer()).clock(self.clock())
    }

    /// Calls the API; the status.
    async fn call(&self, tokens: &TokenSource) -> u16 {
        let value = BearerTokens::authorization(tokens).await.unwrap();
        let api = format!("{}/orders", self.opposite.endpoint(Endpoint::Api));
        let request = client_builder().build().unwrap().get(api).header(AUTHORIZATION, &value);
        let status = request.send().await.unwrap().status();
        if status == 401 {
            tokens.refused(&value).await;
        }
        status.as_u16()
    }

    /// The token opens the API; one that was refused is replaced by one that does.
    async fn opens_the_api(&self, tokens: &TokenSource) {
        assert_eq!(self.call(tokens).await, 200);
        let before = tokens.token().await.unwrap();
        self.opposite.revoke_access_tokens();
        assert_eq!((self.call(tokens).await, self.call(tokens).await), (401, 200));
        assert_ne!(tokens.token().await.unwrap().expose(), before.expose());
    }
}

#[test]
fn a_missing_setting_is_named() {
    let nothing = TokenSource::builder();
    assert!(hint(nothing.clone().client_credentials().build()).contains("no provider is set"));
    assert!(hint(nothing.issuer(TENANT).client_credentials().build()).contains("no client is set"));
    assert!(hint(elsewhere().build()).contains("no grant is set"));
    assert!(hint(elsewhere().stored_login().build()).contains("token store"));
    let device_only =
        TokenSource::builder().device_authorization_endpoint("https://login.example.com/device");
    assert!(
        hint(device_only.client("client", secret()).client_credentials().build()).contains("token endpoint")
    );
}

#[test]
fn a_wrong_setting_is_named() {
    let granted = |settings: TokenSourceBuilder| hint(settings.client_credentials().build());
    assert!(granted(elsewhere().issuer("login.example.com")).contains("https://login.example.com"));
    assert!(granted(elsewhere().issuer("http://login.example.com")).contains("https"));
    assert!(granted(elsewhere().token_endpoint("/token")).contains("token endpoint is not a URL"));
    assert!(granted(elsewhere().device_authorization_endpoint("")).contains("device authorization endpoint"));
    for auth in [ClientAuth::None, ClientAuth::Omitted] {
        assert!(granted(elsewhere().client("client", auth)).contains("prove who it is"));
    }
    for (id, auth) in [("", secret()), ("", ClientAuth::None), ("client", ClientAuth::SecretPost("".into()))]
    {
        assert!(hint(elsewhere().client(id, auth).refresh_token("one").build()).contains("empty"));
    }
    let plain = TokenSource::builder().token_endpoint("http://login.example.com/token");
    assert!(granted(plain.client("client", secret())).contains("https"));
}

#[test]
fn a_setting_of_no_use_is_named() {
    let aimed = elsewhere().audience("https://api.example.com");
    for settings in [aimed.clone(), elsewhere().resource("https://api.example.com")] {
        for built in [settings.clone().refresh_token("one").build(), settings.grants(own()).build()] {
            assert!(hint(built).contains("client credentials or a token exchange only"));
        }
    }
    assert!(aimed.client_credentials().build().is_ok());
    assert!(hint(elsewhere().scope("read").grants(own()).build()).contains("what scope they ask for"));
}

#[test]
fn settings_and_source_do_not_show_their_secrets() {
    let settings = elsewhere().refresh_token("its refresh token");
    let shown = format!("{settings:?} {:?}", settings.clone().build());
    assert!(!shown.contains("its secret") && !shown.contains("its refresh token"), "{shown}");
}

#[tokio::test]
async fn a_client_acts_as_itself() {
    let parties = Parties::meet().await;
    let tokens = parties.settings().scope("read write").client_credentials().build().unwrap();
    assert_eq!(parties.opposite.journal().all().len(), 0, "nothing is asked before there is a need");
    parties.opens_the_api(&tokens).await;
    assert_eq!(tokens.token().await.unwrap().tokens().scope.as_deref(), Some("read write"));
    assert_eq!(parties.opposite.journal().count(Endpoint::Discovery), 1);
}

#[tokio::test]
async fn a_provider_without_discovery_is_described_by_hand() {
    let parties = Parties::meet_with(|builder| builder.plain_oauth2(true)).await;
    let tokens = TokenSource::builder()
        .token_endpoint(parties.opposite.endpoint(Endpoint::Token))
        .client(parties.client().id, parties.client().auth)
        .clock(parties.clock())
        .client_credentials()
        .build()
        .unwrap();
    parties.opens_the_api(&tokens).await;
    assert_eq!(parties.opposite.journal().count(Endpoint::Discovery), 0);
}

#[tokio::test]
async fn a_client_with_a_key_acts_as_itself() {
    for algorithm in [SigningAlgorithm::Rs256, SigningAlgorithm::Ps256, SigningAlgorithm::Es256] {
        let key = KeyPair::generate(algorithm).unwrap();
        let registered = Registered::with_key("batch", key.public_key().unwrap());
        let parties = Parties::meet_with(|builder| builder.client(registered)).await;
        let tokens = parties
            .settings_without_client()
            .client("batch", ClientAuth::PrivateKeyJwt(signer(&key)))
            .client_credentials()
            .build()
            .unwrap();
        parties.opens_the_api(&tokens).await;
    }
}

fn signer(key: &KeyPair) -> Arc<dyn Signer> {
    let read = SigningKey::from_pem(key.private_key_pem().unwrap()).unwrap().with_key_id(key.key_id());
    let named = key.algorithm();
    Arc::new(if named == SigningAlgorithm::Ps256 {
        read.with_algorithm(authsession_core::jws::Algorithm::Ps256).unwrap()
    } else {
        read
    })
}

#[tokio::test]
async fn a_service_account_needs_no_client() {
    let key = KeyPair::generate(SigningAlgorithm::Rs256).unwrap();
    let robot = AssertionIssuer::new(ROBOT, key.public_key().unwrap());
    let parties = Parties::meet_with(|builder| builder.plain_oauth2(true).assertion_issuer(robot)).await;
    let token_uri = parties.opposite.endpoint(Endpoint::Token);
    let assertion = Assertion::new(ROBOT, ROBOT, &token_uri).claim("scope", "read");
    let tokens = TokenSource::builder()
        .token_endpoint(&token_uri)
        .clock(parties.clock())
        .jwt_bearer(assertion, signer(&key))
        .build()
        .unwrap();
    parties.opens_the_api(&tokens).await;
    let asked = parties.opposite.journal().last(Endpoint::Token).unwrap();
    assert_eq!((asked.form_value("client_id"), asked.header("authorization")), (None, None));
    assert_eq!(tokens.token().await.unwrap().tokens().scope.as_deref(), Some("read"));
}

#[tokio::test]
async fn a_token_is_exchanged_for_somebody() {
    let parties = Parties::meet_with(|builder| builder.audience("billing")).await;
    let theirs = parties.sign_in().await.unwrap().tokens.access_token;
    let exchange = TokenExchange::new(theirs, token_type::ACCESS_TOKEN);
    let settings = parties.settings().scope("email").token_exchange(exchange);
    let tokens = settings.clone().audience("billing").build().unwrap();
    assert_eq!(parties.call(&tokens).await, 200);
    let asked = parties.opposite.journal().last(Endpoint::Token).unwrap();
    assert_eq!((asked.form_value("audience"), asked.form_value("scope")), (Some("billing"), Some("email")));
    let elsewhere = settings.resource("https://elsewhere.example").build().unwrap();
    assert!(hint(elsewhere.token().await).contains("invalid_target"));
}

#[tokio::test]
async fn a_refresh_token_serves_as_long_as_the_program_runs() {
    let parties = Parties::meet().await;
    let start = parties.sign_in().await.unwrap().tokens.refresh_token.unwrap();
    let tokens = parties.settings().refresh_token(start.clone()).build().unwrap();
    parties.opens_the_api(&tokens).await;
    assert!(parties.opposite.refresh_family_alive(start.expose()));
}

#[tokio::test]
async fn grants_of_ones_own_are_presented() {
    let parties = Parties::meet().await;
    let tokens = parties.settings().grants(own()).build().unwrap();
    parties.opens_the_api(&tokens).await;
}

#[tokio::test]
async fn lifetimes_are_assumed_and_limited_as_set() {
    let parties = Parties::meet_with(|builder| builder.expires_in_stated(false)).await;
    let minute = Duration::from_secs(60);
    let settings = parties.settings().client_credentials();
    let end = async |settings: TokenSourceBuilder| {
        settings.build().unwrap().token().await.unwrap().expires_at().map(|at| at.since(parties.now()))
    };
    assert_eq!(end(settings.clone()).await, None);
    assert_eq!(end(settings.clone().assumed_lifetime(minute * 3)).await, Some(minute * 3));
    assert_eq!(end(settings.assumed_lifetime(minute * 3).longest_lifetime(minute)).await, Some(minute));
}

/// A provider whose devices may ask every few milliseconds.
async fn eager() -> Parties {
    let parties = Parties::meet_with(|builder| builder.device_pace_enforced(false)).await;
    let eagerly = Answer::tampered(|body| body["interval"] = json!(0.005));
    parties.opposite.always(Endpoint::DeviceAuthorization, eagerly);
    parties
}

#[tokio::test]
async fn a_user_signs_in_on_a_device_once_and_is_remembered() {
    let (parties, folder) = (eager().await, Folder::new());
    let store: Arc<dyn TokenStore> = Arc::new(FileTokenStore::at(folder.path("login.json")));
    let settings = parties.settings().token_store(store);
    let approve = |pending: &PendingDevice| assert!(parties.opposite.approve_device(&pending.user_code));
    let tokens = settings.clone().scope(SCOPE).sign_in_by_device(approve).await.unwrap();
    parties.opens_the_api(&tokens).await;
    let grants = parties.opposite.journal().count(Endpoint::Token);
    let next_day = settings.stored_login().build().unwrap();
    assert_eq!(parties.call(&next_day).await, 200);
    assert_eq!(parties.opposite.journal().count(Endpoint::Token), grants, "adopted from the file");
    parties.opens_the_api(&next_day).await;
    let asked = parties.opposite.journal().last(Endpoint::Token).unwrap();
    assert_eq!(asked.form_value("scope"), None, "a refresh asks for what was granted");
}

#[tokio::test]
async fn a_second_sign_in_replaces_the_first() {
    let parties = eager().await;
    let store = MemoryTokenStore::default();
    let settings = parties.settings().token_store(Arc::new(store.clone()));
    let approve = |pending: &PendingDevice| assert!(parties.opposite.approve_device(&pending.user_code));
    let first = settings.clone().sign_in_by_device(approve).await.unwrap();
    let one = first.token().await.unwrap();
    let second = settings.sign_in_by_device(approve).await.unwrap();
    let other = second.token().await.unwrap();
    assert_ne!(one.expose(), other.expose());
    first.invalidate(one.expose());
    assert_eq!(
        first.token().await.unwrap().expose(),
        other.expose(),
        "and whoever held the first moves over"
    );
}

#[tokio::test]
async fn a_user_who_says_no_leaves_what_was_kept() {
    let (parties, store) = (eager().await, MemoryTokenStore::default());
    let kept = parties.sign_in().await.unwrap().tokens;
    store.compare_and_swap(None, &kept).await.unwrap();
    let settings = parties.settings().token_store(Arc::new(store.clone()));
    let deny = |pending: &PendingDevice| assert!(parties.opposite.deny_device(&pending.user_code));
    assert_eq!(refusal(settings.sign_in_by_device(deny).await), OAuthError::AccessDenied);
    assert!(store.load().await.unwrap().is_some_and(|now| now.tokens == kept));
}

#[tokio::test]
async fn a_store_that_cannot_keep_a_login_says_so_before_the_user_is_troubled() {
    let (parties, folder) = (eager().await, Folder::new());
    std::fs::write(folder.path("broken.json"), "{").unwrap();
    for name in ["no such folder/login.json", "broken.json"] {
        let settings = parties.settings().token_store(Arc::new(FileTokenStore::at(folder.path(name))));
        let outcome = settings.sign_in_by_device(|_| panic!("nobody is asked")).await;
        assert!(matches!(outcome, Err(Error::TokenStore { .. })), "{outcome:?}");
    }
    assert_eq!(parties.opposite.journal().all().len(), 0);
}

#[tokio::test]
async fn who_signs_out_is_signed_out_here_and_at_the_provider() {
    let parties = eager().await;
    let store: Arc<dyn TokenStore> = Arc::new(MemoryTokenStore::default());
    let seed = parties.sign_in().await.unwrap().tokens.refresh_token.unwrap();
    let tokens =
        parties.settings().refresh_token(seed.clone()).token_store(Arc::clone(&store)).build().unwrap();
    parties.opens_the_api(&tokens).await;

    tokens.sign_out().await.unwrap();

    assert_eq!(store.load().await.unwrap(), None);
    assert!(tokens.cache().at_once().is_none());
    let asked = parties.opposite.journal().grants("refresh_token");
    assert_eq!(refusal(tokens.token().await), OAuthError::LoginRequired);
    assert_eq!(parties.opposite.journal().grants("refresh_token"), asked, "nobody is asked any more");
    let again = parties.settings().refresh_token(seed).build().unwrap();
    assert_eq!(refusal(again.token().await), OAuthError::InvalidGrant);
}

#[tokio::test]
async fn a_sign_out_that_did_not_reach_the_provider_changes_nothing() {
    let parties = eager().await;
    let seed = parties.sign_in().await.unwrap().tokens.refresh_token.unwrap();
    let tokens = parties.settings().refresh_token(seed).build().unwrap();
    tokens.token().await.unwrap();
    parties.opposite.enqueue(Endpoint::Revocation, Answer::status(503));
    assert!(tokens.sign_out().await.unwrap_err().is_transient());
    parties.opens_the_api(&tokens).await;
}

#[tokio::test]
async fn a_program_that_acts_as_itself_signs_out_by_its_access_token() {
    let parties = eager().await;
    let tokens = parties.settings().client_credentials().build().unwrap();
    let before = tokens.token().await.unwrap();
    tokens.sign_out().await.unwrap();
    assert_eq!(parties.opposite.journal().count(Endpoint::Revocation), 1);
    assert_ne!(tokens.token().await.unwrap().expose(), before.expose());
}

#[tokio::test]
async fn the_login_of_one_provider_or_client_is_not_shown_to_another() {
    let (parties, elsewhere) = (eager().await, eager().await);
    let store: Arc<dyn TokenStore> = Arc::new(MemoryTokenStore::default());
    let seed = parties.sign_in().await.unwrap().tokens.refresh_token.unwrap();
    let own = parties.settings().refresh_token(seed).token_store(Arc::clone(&store)).build().unwrap();
    own.token().await.unwrap();
    let other_client = parties.settings().client("another", secret());
    for settings in [elsewhere.settings(), other_client] {
        let tokens = settings.stored_login().token_store(Arc::clone(&store)).build().unwrap();
        assert!(hint(tokens.token().await).contains("another provider or client"));
    }
    assert_eq!(elsewhere.opposite.journal().count(Endpoint::Token), 0);
    own.invalidate(own.token().await.unwrap().expose());
    own.token().await.unwrap();
}

#[tokio::test]
async fn a_login_without_a_refresh_token_serves_until_it_is_refused() {
    let parties = eager().await;
    let no_refresh = |body: &mut serde_json::Value| {
        let members = body.as_object_mut().unwrap();
        members.retain(|name, _| !matches!(name.as_str(), "refresh_token" | "expires_in"));
    };
    parties.opposite.enqueue(Endpoint::Token, Answer::tampered(no_refresh));
    let approve = |pending: &PendingDevice| assert!(parties.opposite.approve_device(&pending.user_code));
    let tokens = parties.settings().sign_in_by_device(approve).await.unwrap();
    assert_eq!(parties.call(&tokens).await, 200);
    parties.opposite.revoke_access_tokens();
    assert_eq!(parties.call(&tokens).await, 401);
    assert_eq!(refusal(tokens.token().await), OAuthError::LoginRequired);
}

#[tokio::test]
async fn a_login_that_was_never_made_says_to_sign_in() {
    let parties = Parties::meet().await;
    let settings = parties.settings().token_store(Arc::new(MemoryTokenStore::default()));
    let tokens = settings.stored_login().build().unwrap();
    assert_eq!(refusal(tokens.token().await), OAuthError::LoginRequired);
    assert!(tokens.token().await.unwrap_err().to_string().contains("sign in"));
}

#[tokio::test]
async fn one_http_client_serves_for_everything() {
    let parties = Parties::meet().await;
    let http = HttpClient::builder().timeout(Duration::from_millis(50)).build().unwrap();
    let slow = Answer::normal().after(Duration::from_secs(5));
    parties.opposite.enqueue(Endpoint::Discovery, slow);
    let tokens = parties.settings().http(http).client_credentials().build().unwrap();
    assert!(tokens.token().await.unwrap_err().is_transient(), "its timeout counts");
}

#[tokio::test]
async fn failures_are_forgotten_where_the_caller_knows_better() {
    let parties = Parties::meet().await;
    let tokens = parties.settings().client_credentials().build().unwrap();
    parties.opposite.enqueue(Endpoint::Token, Answer::status(503).retry_after(60));
    assert!(tokens.token().await.unwrap_err().is_transient());
    assert!(tokens.token().await.is_err(), "a minute has to be waited for");

    tokens.reset_failures();

    tokens.token().await.unwrap();
    assert_eq!(parties.opposite.journal().count(Endpoint::Token), 2);
}

#[tokio::test]
async fn a_program_without_a_token_signs_out_and_asks_nobody() {
    let parties = Parties::meet().await;
    let tokens = parties.settings().client_credentials().build().unwrap();

    tokens.sign_out().await.unwrap();

    assert_eq!(parties.opposite.journal().all().len(), 0);
    assert!(!tokens.token().await.unwrap().expose().is_empty(), "it may go on");
}

/// Takes nothing while it is told to.
#[derive(Debug, Default)]
struct Full {
    store: MemoryTokenStore,
    is_full: AtomicBool,
}

#[async_trait]
impl TokenStore for Full {
    async fn load(&self) -> Result<Option<StoredTokens>, Error> {
        self.store.load().await
    }

    async fn compare_and_swap(&self, seen: Option<u64>, tokens: &TokenSet) -> Result<Option<u64>, Error> {
        let is_announcement = tokens.extras.get("authsession.doubt").is_some();
        if self.is_full.load(Ordering::SeqCst) && !is_announcement {
            return Err(Error::TokenStore { doing: "save on a full disk", cause: None });
        }
        self.store.compare_and_swap(seen, tokens).await
    }

    async fn clear(&self, seen: u64) -> Result<bool, Error> {
        self.store.clear(seen).await
    }

    async fn lock(&self) -> Result<TokenLock, Error> {
        self.store.lock().await
    }
}

#[tokio::test]
async fn a_login_the_store_would_not_take_is_saved_before_a_shutdown() {
    let (parties, store) = (Parties::meet().await, Arc::new(Full::default()));
    let seed = parties.sign_in().await.unwrap().tokens.refresh_token.unwrap();
    let settings = parties.settings().token_store(Arc::clone(&store) as Arc<dyn TokenStore>);
    let tokens = settings.refresh_token(seed).build().unwrap();
    store.is_full.store(true, Ordering::SeqCst);
    assert!(matches!(tokens.token().await, Err(Error::TokenStore { .. })));
    assert!(tokens.save_pending().await.is_err(), "and who asks is told");
    store.is_full.store(false, Ordering::SeqCst);

    tokens.save_pending().await.unwrap();

    let kept = store.load().await.unwrap().unwrap().tokens;
    assert!(parties.opposite.live_refresh_token(kept.refresh_token.unwrap().expose()));
}

#[tokio::test]
async fn a_program_without_a_login_has_nothing_to_save() {
    assert!(elsewhere().client_credentials().build().unwrap().save_pending().await.is_ok());
}

#[cfg(feature = "reqwest-middleware")]
#[tokio::test]
async fn a_client_for_an_api_brings_the_token_there_and_nowhere_else_and_a_new_one_after_a_401() {
    let (parties, stranger) = (Parties::meet().await, Parties::meet().await);
    let tokens = parties.settings().client_credentials().build().unwrap();
    let api = parties.opposite.endpoint(Endpoint::Api);
    let client = tokens.api_client(&api).unwrap();
    assert_eq!(client.get(format!("{api}/orders")).send().await.unwrap().status(), 200);
    parties.opposite.revoke_access_tokens();
    assert_eq!(client.get(format!("{api}/orders")).send().await.unwrap().status(), 200);

    let theirs = stranger.opposite.endpoint(Endpoint::Api);
    assert_eq!(client.get(theirs).send().await.unwrap().status(), 401);

    assert_eq!(stranger.opposite.journal().last(Endpoint::Api).unwrap().header("authorization"), None);
    assert!(hint(tokens.api_client("http://api.example.com")).contains("https"));
}

#[tokio::test]
async fn what_a_vendor_means_by_its_errors_counts() {
    let parties = Parties::meet().await;
    let seed = parties.sign_in().await.unwrap().tokens.refresh_token.unwrap();
    let settings = parties.settings().refresh_token(seed).refusals(Arc::new(Busy));
    let tokens = settings.build().unwrap();
    parties.opposite.always(Endpoint::Token, busy());

    assert_eq!(fault(tokens.token().await), Fault::AlreadyInProcess);
}
