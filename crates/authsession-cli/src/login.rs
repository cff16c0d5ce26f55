//! `authsession login`: a user signs in, and the login is kept in a file.

use std::sync::Arc;

use authsession_core::token_source::TokenSource;
use authsession_core::token_store::TokenStore as _;

use crate::arguments::login::LoginArguments;
use crate::errors::Error;
use crate::login_file::LoginFile;
use crate::notice::say;
use crate::origin::Origin;

/// Signs in.
pub(crate) async fn run(arguments: LoginArguments) -> Result<(), Error> {
    let LoginArguments { store, scopes, device, redirect_uri, issuer, client_id, proof, .. } = arguments;
    let origin = Origin { issuer: Some(issuer), token_endpoint: None, client_id: Some(client_id.clone()) };
    let file = Arc::new(LoginFile::at(&store, origin.clone()));
    let mut builder = origin
        .tell(TokenSource::builder())?
        .client(client_id, proof.read()?)
        .token_store(Arc::<LoginFile>::clone(&file));
    if !scopes.is_empty() {
        builder = builder.scope(scopes.join(" "));
    }
    let signed_in = if device {
        builder
            .sign_in_by_device(|pending| {
                say(format_args!("Open   {}", pending.verification_uri));
                say(format_args!("Enter  {}", pending.user_code));
                if let Some(url) = &pending.verification_uri_complete {
                    say(format_args!("\nBoth in one: {url}"));
                }
            })
            .await
    } else {
        let open = |url: &_| say(format_args!("Open   {url}\n\nin a browser on this machine."));
        builder.sign_in_by_browser(&redirect_uri, open).await
    };
    signed_in.map_err(|error| Error::no_login(&store, error))?;
    let broken = |cause| Error::LoginFile { store: store.clone(), cause };
    let kept = file.load().await.map_err(broken)?;
    say(format_args!("\nSigned in. `authsession token --store {}` prints a token.", store.display()));
    if kept.is_none_or(|kept| kept.tokens.refresh_token.is_none()) {
        say(format_args!(
            "warning: the provider issued no refresh token, so this login ends with its first token; most issue one \
             for --scope offline_access"
        ));
    }
    Ok(())
}
