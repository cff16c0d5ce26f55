//! A service account, as Google's: a JSON key file is all there is, and signed assertions bring the tokens.
//!
//! `cargo run --example service_account`. It runs offline, with the testkit's provider. For Google, the key file is the one the
//! console hands out, with `https://oauth2.googleapis.com/token` in it, and the scope is
//! `https://www.googleapis.com/auth/devstorage.read_only`. Calls are made as in `client_credentials`.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use authsession_core::assertion::Assertion;
use authsession_core::secret::Secret;
use authsession_core::signer::SigningKey;
use authsession_core::token_source::TokenSource;
use authsession_testkit::assertion_issuer::AssertionIssuer;
use authsession_testkit::builder::ProviderBuilder;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::key_pair::KeyPair;
use authsession_testkit::keys::SigningAlgorithm;
use authsession_testkit::provider::Provider;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct KeyFile<'text> {
    client_email: &'text str,
    private_key_id: &'text str,
    /// Owned: in JSON its newlines are escaped.
    private_key: String,
    token_uri: &'text str,
}

/// The account's own tokens; with a subject, those of a user who is to be acted for (domain-wide delegation).
pub(crate) fn tokens(key_file: &Secret, scope: &str) -> Result<TokenSource, Box<dyn Error>> {
    let file: KeyFile<'_> = serde_json::from_str(key_file.expose())?;
    let key = SigningKey::from_pem(&file.private_key)?.with_key_id(file.private_key_id);
    let assertion = Assertion::new(file.client_email, file.client_email, file.token_uri)
        .without_subject()
        .lifetime(Duration::from_secs(3600))
        .claim("scope", scope);
    Ok(TokenSource::builder().token_endpoint(file.token_uri).jwt_bearer(assertion, Arc::new(key)).build()?)
}

/// A provider that knows one robot, and the robot's key.
pub(crate) fn provider() -> Result<(ProviderBuilder, KeyPair), Box<dyn Error>> {
    let key = KeyPair::generate(SigningAlgorithm::Rs256)?;
    let robot = AssertionIssuer::new("robot@project.example", key.public_key()?).subject_optional();
    Ok((Provider::builder().plain_oauth2(true).assertion_issuer(robot), key))
}

pub(crate) fn key_file(provider: &Provider, key: &KeyPair) -> Result<Secret, Box<dyn Error>> {
    let file = json!({
        "type": "service_account",
        "client_email": "robot@project.example",
        "private_key_id": key.key_id(),
        "private_key": key.private_key_pem()?,
        "token_uri": provider.endpoint(Endpoint::Token),
    });
    Ok(Secret::from(file.to_string()))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (provider, key) = provider()?;
    let provider = provider.start().await?;
    let tokens = tokens(&key_file(&provider, &key)?, "storage.read")?;
    let token = tokens.token().await?;
    eprintln!("a token for {:?} until {:?}", token.tokens().scope, token.expires_at());
    Ok(())
}
