//! Logins of the Salesforce CLI, taken over: its `force://` URLs, its auth files and what it prints.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{env, fs};

use authsession_core::secret::Secret;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::auth::cli_key::{CliKey, is_sealed};
use crate::auth::instance_url::InstanceUrl;
use crate::auth::login_url::LoginUrl;
use crate::auth::org_id::OrgId;
use crate::error::cli_login_fault::CliLoginFault;
use crate::error::{CirrusError, CirrusResult};

/// The CLI's own connected app; it has no secret.
const CLI_CLIENT_ID: &str = "PlatformCLI";
const SCHEME: &str = "force://";
/// Where the CLI keeps its logins, beneath the user's home.
const FOLDERS: [&str; 2] = [".sfdx", ".sf"];
const KEY_FILE: &str = "key.json";

/// A login somebody made with the Salesforce CLI.
///
/// ```
/// use authsession_salesforce::auth::ImportedLogin;
///
/// let login = ImportedLogin::from_auth_url("force://PlatformCLI::5Aep861Token@acme.my.salesforce.com")?;
/// assert_eq!(login.client_id, "PlatformCLI");
/// assert_eq!(login.instance_url.as_str(), "https://acme.my.salesforce.com");
/// # Ok::<(), authsession_salesforce::CirrusError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ImportedLogin {
    /// The consumer key of the connected app the login belongs to.
    pub client_id: String,
    /// The app's secret, if it has one.
    pub client_secret: Option<Secret>,
    /// The refresh token. The CLI uses it too: an app that rotates refresh tokens serves only one of the two.
    pub refresh_token: Option<Secret>,
    /// An access token, perhaps expired.
    pub access_token: Option<Secret>,
    /// The org.
    pub instance_url: InstanceUrl,
    /// Where to refresh.
    pub login_url: LoginUrl,
    /// The user.
    pub username: Option<String>,
    /// The org's id.
    pub org_id: Option<OrgId>,
    /// The private key of a login by `sf org login jwt`, which has no refresh token.
    pub private_key_file: Option<PathBuf>,
}

impl ImportedLogin {
    /// Reads `force://<client id>:<client secret>:<refresh token>@<instance>`. The secret may be empty.
    ///
    /// # Errors
    /// [`CirrusError::CliLogin`] when it is none, and the errors of [`InstanceUrl::parse`].
    pub fn from_auth_url(text: &str) -> CirrusResult<Self> {
        let not_one = || CirrusError::cli_login(CliLoginFault::NotALogin);
        let (credentials, instance) =
            text.trim().strip_prefix(SCHEME).and_then(|rest| rest.rsplit_once('@')).ok_or_else(not_one)?;
        let mut parts = credentials.split(':').map(unescaped);
        let (Some(client_id), Some(secret), Some(refresh_token), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(not_one());
        };
        if client_id.is_empty() || refresh_token.is_empty() || instance.is_empty() {
            return Err(not_one());
        }
        let instance = with_scheme(instance);
        Ok(Self {
            client_id: client_id.to_string(),
            client_secret: Some(Secret::from(&**secret)).filter(|secret| !secret.is_empty()),
            refresh_token: Some(Secret::from(&**refresh_token)),
            access_token: None,
            login_url: LoginUrl::parse(&instance)?,
            instance_url: InstanceUrl::parse(&instance)?,
            username: None,
            org_id: None,
            private_key_file: None,
        })
    }

    /// Reads one of the CLI's auth files, or what `sf org display --verbose --json` and `sf org auth show-sfdx-auth-url
    /// --json` print. Auth files are encrypted: `key` opens them.
    ///
    /// # Errors
    /// [`CirrusError::CliLogin`], and the errors of [`InstanceUrl::parse`] and [`LoginUrl::parse`].
    pub fn from_json(text: &str, key: Option<&CliKey>) -> CirrusResult<Self> {
        let written: Written = serde_json::from_str(text.trim())
            .map_err(|_| CirrusError::cli_login(CliLoginFault::NotALogin))?;
        match written.result {
            Some(Printed::Login(login)) => login.import(key),
            Some(Printed::Text(text)) => Self::from_auth_url(&text),
            None => written.import(key),
        }
    }

    /// Reads a file with either of them. The key of an encrypted one is taken from the `key.json` next to it.
    ///
    /// # Errors
    /// Those of [`from_json`](Self::from_json) and [`from_auth_url`](Self::from_auth_url), and [`CirrusError::CliLogin`] when
    /// the file cannot be read.
    pub fn read(path: impl AsRef<Path>) -> CirrusResult<Self> {
        let text = contents(path.as_ref())?;
        if text.trim_start().starts_with(SCHEME) {
            return Self::from_auth_url(&text);
        }
        match Self::from_json(&text, None) {
            Err(CirrusError::CliLogin { fault: CliLoginFault::KeyMissing, .. }) => {}
            outcome => return outcome,
        }
        let key = contents(&path.as_ref().with_file_name(KEY_FILE)).map_err(|error| match error {
            CirrusError::CliLogin { cause, .. } => {
                CirrusError::CliLogin { fault: CliLoginFault::KeyMissing, cause }
            }
            other => other,
        })?;
        Self::from_json(&text, Some(&CliKey::from_key_file(&key)?))
    }

    /// The CLI's login of that user, from `~/.sfdx`.
    ///
    /// # Errors
    /// Those of [`read`](Self::read), and [`CirrusError::InvalidArgument`] for a user name that is none.
    pub fn of_user(username: &str) -> CirrusResult<Self> {
        let home = env::home_dir().ok_or_else(|| CirrusError::cli_login(CliLoginFault::NotReadable))?;
        Self::of_user_in(home, username)
    }

    /// The CLI's login of that user, in a home of your choice.
    ///
    /// # Errors
    /// Those of [`of_user`](Self::of_user).
    pub fn of_user_in(home: impl AsRef<Path>, username: &str) -> CirrusResult<Self> {
        if !username.contains('@') || username.contains(['/', '\\', '\0']) {
            return Err(CirrusError::invalid_argument("username", "is not a Salesforce user name"));
        }
        let file = |folder: &str| home.as_ref().join(folder).join(format!("{username}.json"));
        let [first, second] = FOLDERS.map(file);
        Self::read(if second.exists() && !first.exists() { second } else { first })
    }
}

/// What the CLI writes and prints, as far as it is of use.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    result: Option<Printed>,
    client_id: Option<String>,
    client_secret: Option<Secretive>,
    refresh_token: Option<Secretive>,
    access_token: Option<Secretive>,
    sfdx_auth_url: Option<Secretive>,
    instance_url: Option<String>,
    login_url: Option<String>,
    username: Option<String>,
    org_id: Option<String>,
    id: Option<String>,
    private_key: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Printed {
    Login(Box<Written>),
    Text(Secretive),
}

type Secretive = Zeroizing<String>;

impl Written {
    fn import(self, key: Option<&CliKey>) -> CirrusResult<ImportedLogin> {
        let fault = CirrusError::cli_login;
        let redacted = [&self.refresh_token, &self.access_token, &self.sfdx_auth_url]
            .into_iter()
            .flatten()
            .any(is_redacted);
        let from_url = match self.sfdx_auth_url.as_ref().filter(|url| !is_redacted(url)) {
            Some(url) => Some(ImportedLogin::from_auth_url(url)?),
            None => None,
        };
        let opened = |text: &Option<Secretive>| match text {
            Some(text) if text.is_empty() || is_redacted(text) => Ok(None),
            Some(text) if is_sealed(text) => match key {
                Some(key) => key.open(text).map(Some),
                None => Err(fault(CliLoginFault::KeyMissing)),
            },
            Some(text) => Ok(Some(Secret::from(text.as_str()))),
            None => Ok(None),
        };
        let access_token = opened(&self.access_token)?;
        let refresh_token = opened(&self.refresh_token)?;
        let org_id = self.org_id.or(self.id).as_deref().and_then(OrgId::parse);
        let instance_url = self.instance_url.as_deref().map(InstanceUrl::parse).transpose()?;
        let login_url = self.login_url.as_deref().map(LoginUrl::parse).transpose()?;
        let mut login = match (from_url, instance_url) {
            (Some(login), instance_url) => {
                ImportedLogin { instance_url: instance_url.unwrap_or(login.instance_url.clone()), ..login }
            }
            (None, Some(instance_url)) => ImportedLogin {
                client_id: self.client_id.unwrap_or_else(|| CLI_CLIENT_ID.to_owned()),
                client_secret: opened(&self.client_secret)?.filter(|secret| !secret.is_empty()),
                refresh_token: None,
                access_token: None,
                login_url: LoginUrl::parse(instance_url.as_str())?,
                instance_url,
                username: None,
                org_id: None,
                private_key_file: self.private_key,
            },
            (None, None) if redacted => return Err(fault(CliLoginFault::Redacted)),
            (None, None) => return Err(fault(CliLoginFault::NotALogin)),
        };
        login.org_id = org_id.or_else(|| OrgId::in_access_token(access_token.as_ref()?.expose()));
        login.username = self.username;
        login.login_url = login_url.unwrap_or(login.login_url);
        login.refresh_token = refresh_token.or(login.refresh_token);
        login.access_token = access_token;
        if login.refresh_token.is_none() && login.access_token.is_none() && login.private_key_file.is_none() {
            return Err(fault(if redacted { CliLoginFault::Redacted } else { CliLoginFault::NoToken }));
        }
        Ok(login)
    }
}

/// Newer versions of the CLI print a sentence in the place of a secret.
fn is_redacted(text: &Secretive) -> bool {
    text.contains(char::is_whitespace) || text.to_lowercase().contains("redacted")
}

/// The CLI leaves the scheme out, and only plays orgs on this machine without TLS.
fn with_scheme(instance: &str) -> String {
    if instance.contains("://") {
        return instance.to_owned();
    }
    let plain = format!("http://{instance}");
    match LoginUrl::parse(&plain) {
        Ok(_) => plain,
        Err(_) => format!("https://{instance}"),
    }
}

/// A part of a URL, read out of the percent encoding some put it in.
fn unescaped(part: &str) -> Zeroizing<String> {
    if !part.contains('%') {
        return Zeroizing::new(part.to_owned());
    }
    let pair = Zeroizing::new(part.replace('+', "%2B").replace('=', "%3D").replace('&', "%26"));
    let read = url::form_urlencoded::parse(pair.as_bytes()).map(|(text, _)| text.into_owned()).next();
    Zeroizing::new(read.unwrap_or_default())
}

fn contents(path: &Path) -> CirrusResult<Zeroizing<String>> {
    fs::read_to_string(path).map(Zeroizing::new).map_err(|cause| CirrusError::CliLogin {
        fault: CliLoginFault::NotReadable,
        cause: Some(Arc::new(cause)),
    })
}
