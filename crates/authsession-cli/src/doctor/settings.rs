//! What is examined: the provider, and the application as its client, from the command line and the environment.

use std::path::{Path, PathBuf};
use std::time::Duration;

use authsession_core::client_auth::{Client, ClientAuth};
use authsession_core::secret::Secret;

use crate::arguments::doctor::DoctorArguments;
use crate::arguments::proof::{secret_in, variable};
use crate::errors::Error;

/// What is examined.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) issuer: String,
    pub(crate) custom_ca_cert: Option<PathBuf>,
    pub(crate) clock_tolerance: Duration,
    pub(crate) client: Option<Client>,
    pub(crate) try_client: bool,
    pub(crate) redirect_uri: Option<String>,
    pub(crate) public_url: Option<String>,
    pub(crate) scopes: Vec<String>,
    /// Whether the provider's page posts its answer.
    pub(crate) form_post: bool,
    pub(crate) cookie_key: Option<Secret>,
}

impl Settings {
    pub(crate) fn read(arguments: DoctorArguments) -> Result<Self, Error> {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        let auth = match arguments.proof.read()? {
            ClientAuth::None => environment("AUTHSESSION_CLIENT_SECRET")?.map(ClientAuth::Secret),
            auth => Some(auth),
        };
        let client = match (given(arguments.client_id), auth) {
            (Some(id), auth) => Some(Client { id, auth: auth.unwrap_or(ClientAuth::None) }),
            (None, None) => None,
            (None, Some(_)) => {
                return Err(Error::Arguments(
                    "a client secret or key needs --client-id: the id the provider registered",
                ));
            }
        };
        if arguments.try_client && client.is_none() {
            return Err(Error::Arguments("--try-client needs --client-id"));
        }
        let cookie_key = match &arguments.cookie_key_env {
            Some(name) => Some(variable("--cookie-key-env", name)?),
            None => environment("AUTHSESSION_COOKIE_KEY")?,
        };
        Ok(Self {
            issuer: arguments.issuer,
            custom_ca_cert: arguments.custom_ca_cert,
            clock_tolerance: Duration::from_secs(arguments.clock_tolerance),
            client,
            try_client: arguments.try_client,
            redirect_uri: given(arguments.redirect_uri),
            public_url: given(arguments.public_url),
            form_post: arguments.form_post,
            scopes: arguments.scopes.into_iter().filter(|scope| !scope.is_empty()).collect(),
            cookie_key,
        })
    }

    pub(crate) fn asks_for(&self, scope: &str) -> bool {
        self.scopes.iter().any(|one| one == scope)
    }
}

/// The secret the application would find in its environment: in the variable, or in the file named by `…_FILE`.
fn environment(name: &str) -> Result<Option<Secret>, Error> {
    let variable = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
    if let Some(text) = variable(name) {
        return Ok(Some(Secret::from(text)));
    }
    variable(&format!("{name}_FILE")).map(|path| secret_in(Path::new(&path))).transpose()
}
