//! How the client proves who it is: never by a secret on the command line, where every user of the machine can read it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use authsession_core::client_auth::ClientAuth;
use authsession_core::secret::Secret;
use authsession_core::signer::SigningKey;
use clap::Args;

use crate::errors::Error;

/// At most one of them; none is a public client.
#[derive(Args, Clone, Debug)]
pub(crate) struct ProofArguments {
    /// The environment variable that holds the client secret.
    #[arg(long, value_name = "NAME", group = "proof", help_heading = "The client")]
    client_secret_env: Option<String>,

    /// A file with the client secret.
    #[arg(long, value_name = "PATH", group = "proof", help_heading = "The client")]
    client_secret_file: Option<PathBuf>,

    /// A PEM file with the private key to sign with (private_key_jwt), for a client without a secret.
    #[arg(long, value_name = "PATH", group = "proof", help_heading = "The client")]
    private_key: Option<PathBuf>,

    /// What the provider calls that key (kid), if it knows several.
    #[arg(long, value_name = "ID", requires = "private_key", help_heading = "The client")]
    key_id: Option<String>,
}

impl ProofArguments {
    pub(crate) fn read(&self) -> Result<ClientAuth, Error> {
        if let Some(name) = &self.client_secret_env {
            return variable("--client-secret-env", name).map(ClientAuth::Secret);
        }
        if let Some(path) = &self.client_secret_file {
            return secret_in(path).map(ClientAuth::Secret);
        }
        let Some(path) = &self.private_key else { return Ok(ClientAuth::None) };
        let key = SigningKey::from_pem(secret_in(path)?.expose()).map_err(Error::Refused)?;
        Ok(ClientAuth::PrivateKeyJwt(Arc::new(match &self.key_id {
            Some(id) => key.with_key_id(id.as_str()),
            None => key,
        })))
    }
}

/// The secret in the environment variable that option names.
pub(crate) fn variable(option: &'static str, name: &str) -> Result<Secret, Error> {
    let text = std::env::var(name).ok().filter(|text| !text.is_empty());
    text.map(Secret::from).ok_or(Error::NoVariable(option))
}

/// The secret in that file.
pub(crate) fn secret_in(path: &Path) -> Result<Secret, Error> {
    let cannot = |cause| Error::Unreadable { path: path.to_owned(), cause };
    let text = Secret::from(std::fs::read_to_string(path).map_err(cannot)?);
    // An editor ends the last line.
    let secret = Secret::from(text.expose().trim_end_matches(['\r', '\n']));
    if secret.is_empty() { Err(Error::Empty(path.to_owned())) } else { Ok(secret) }
}
