//! A program that acts as itself, as a daemon at Microsoft Entra: client credentials, and an API called with what they bring.
//!
//! `cargo run --example client_credentials`. It runs offline, with the testkit's provider. For Entra, the issuer is
//! `https://login.microsoftonline.com/<tenant id>/v2.0` (the id, not the domain name), the client id is the application's, the
//! scope is `https://graph.microsoft.com/.default`, and the API is `https://graph.microsoft.com/v1.0/users`.

use std::error::Error;
use std::sync::Arc;

use authsession_core::client_auth::ClientAuth;
use authsession_core::signer::SigningKey;
use authsession_core::token_source::TokenSource;
use authsession_testkit::client::Client;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::key_pair::KeyPair;
use authsession_testkit::keys::SigningAlgorithm;
use authsession_testkit::provider::Provider;

/// One for the whole program. It asks the provider for a token when the first call needs one.
pub(crate) fn tokens(issuer: &str, client_id: &str, auth: ClientAuth) -> Result<TokenSource, Box<dyn Error>> {
    let settings = TokenSource::builder().issuer(issuer).client(client_id, auth);
    Ok(settings.scope("https://graph.microsoft.com/.default").client_credentials().build()?)
}

/// How the program proves who it is by a key that never leaves it (`private_key_jwt`), in place of a secret. Entra finds the key
/// by its certificate: `SigningKey::with_certificate`.
pub(crate) fn by_key(pem: &str, key_id: &str) -> Result<ClientAuth, Box<dyn Error>> {
    Ok(ClientAuth::PrivateKeyJwt(Arc::new(SigningKey::from_pem(pem)?.with_key_id(key_id))))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let key = KeyPair::generate(SigningAlgorithm::Rs256)?;
    let registered = Client::confidential("daemon", "its secret").public_key(key.public_key()?);
    let provider = Provider::builder().client(registered).start().await?;
    let (secret, api) = (ClientAuth::Secret("its secret".into()), provider.endpoint(Endpoint::Api));
    for auth in [secret, by_key(&key.private_key_pem()?, key.key_id())?] {
        // Attaches the token to each request to that API, and to none that leaves it; after a 401, once more with a new one.
        let client = tokens(provider.issuer(), "daemon", auth)?.api_client(&api)?;
        eprintln!("the API answers {}", client.get(format!("{api}/users")).send().await?.status());
    }
    Ok(())
}
