//! A command line, as GitHub's: its user signs in in a browser, and is remembered in a file.
//!
//! `cargo run --example device_login`. It runs offline, with the testkit's provider. For GitHub, the client id is that of an
//! application with device flow enabled, the scope is `read:user`, and the two URLs are `https://github.com/login/device/code`
//! and `https://github.com/login/oauth/access_token`. Calls are made as in `client_credentials`.

use std::path::Path;
use std::sync::Arc;

use authsession_core::client_auth::ClientAuth;
use authsession_core::device_authorization::PendingDevice;
use authsession_core::error::Error;
use authsession_core::token_source::TokenSource;
use authsession_core::token_source::builder::TokenSourceBuilder;
use authsession_core::token_store::file::FileTokenStore;
use authsession_testkit::builder::ProviderBuilder;
use authsession_testkit::client::Client;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider;

pub(crate) fn settings(provider: &Provider, file: &Path) -> TokenSourceBuilder {
    TokenSource::builder()
        .device_authorization_endpoint(provider.endpoint(Endpoint::DeviceAuthorization))
        .token_endpoint(provider.endpoint(Endpoint::Token))
        .client("cli", ClientAuth::None)
        .token_store(Arc::new(FileTokenStore::at(file)))
}

/// Whoever signed in before is still signed in. The file may serve several processes at a time, refreshes included.
pub(crate) async fn log_in(
    settings: TokenSourceBuilder,
    show: impl FnOnce(&PendingDevice) + Send,
) -> Result<TokenSource, Error> {
    let stored = settings.clone().stored_login().build()?;
    match stored.token().await {
        Ok(_) => Ok(stored),
        // Nobody did, or it is over.
        Err(Error::GrantRefused { .. }) => settings.scope("read:user").sign_in_by_device(show).await,
        Err(error) => Err(error),
    }
}

pub(crate) fn provider() -> ProviderBuilder {
    Provider::builder().plain_oauth2(true).client(Client::public("cli")).interactive(true)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let provider = provider().start().await?;
    let file = std::env::temp_dir().join(format!("device_login-{}.json", provider.address().port()));
    for start in ["first", "second"] {
        let show = |pending: &PendingDevice| {
            eprintln!("open {} and enter {}", pending.verification_uri, pending.user_code);
        };
        let tokens = log_in(settings(&provider, &file), show).await?;
        eprintln!("{start} start: signed in, as {} remembers", file.display());
        eprintln!("an Authorization header, hidden from logs: {:?}", tokens.token().await?.authorization());
    }
    Ok(())
}
