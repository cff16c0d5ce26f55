//! The command line, and the environment variables that stand for it.

pub(crate) mod doctor;
pub(crate) mod kept;
pub(crate) mod login;
pub(crate) mod proof;
pub(crate) mod salesforce;
pub(crate) mod token;

use std::net::SocketAddr;
use std::path::PathBuf;

use authsession_axum::core::secret::Secret;
use clap::{Args, Parser, Subcommand};

use crate::arguments::doctor::DoctorArguments;
use crate::arguments::login::LoginArguments;
use crate::arguments::salesforce::SalesforceArguments;
use crate::arguments::token::TokenArguments;

/// Auth sessions for Rust: sign users in, and never handle an expired token again.
#[derive(Debug, Parser)]
#[command(name = "authsession", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// A sample application to sign in to: against a test provider, or against yours.
    ///
    /// With nothing configured, a test provider starts in the same process: choose Alice or Bob, there are no passwords.
    /// Its access tokens live half a minute, so that you can watch them being refreshed.
    ///
    /// With --issuer the same page signs in at a real provider. Register the redirect URI it prints there first.
    #[command(after_long_help = REAL_PROVIDERS)]
    Demo(DemoArguments),
    /// Sign in, in the browser or by device code, and keep the login in a file for `authsession token`.
    ///
    /// The file is for its owner's eyes only, and remembers the issuer and the client id. A login it held before is replaced.
    #[command(after_long_help = login::EXAMPLES)]
    Login(LoginArguments),
    /// Print a valid access token, for curl and scripts: that of a kept login, renewed if need be.
    ///
    /// Nothing but the token goes to standard output. Any number of processes may ask at once: one of them renews the token, the
    /// others get the same one, and a refresh token that rotates is presented once.
    #[command(after_long_help = token::EXAMPLES)]
    Token(TokenArguments),
    /// Query a Salesforce org, and load rows into it, by a kept login.
    #[command(after_long_help = salesforce::EXAMPLES)]
    Salesforce(SalesforceArguments),
    /// Examine a set-up: the provider, its keys, and this application as its client.
    ///
    /// Each line is ok, a warning, or wrong, and says what to do next. Nobody signs in and nothing changes. In the environment of
    /// an application configured by AUTHSESSION_… variables, `authsession doctor` needs no arguments.
    #[command(after_long_help = doctor::EXAMPLES)]
    Doctor(DoctorArguments),
}

const REAL_PROVIDERS: &str = "\
Staying signed in needs a refresh token, and providers differ in how one asks for it:
  Entra ID, Okta, Auth0, Ory    --scope \"openid profile email offline_access\"
  some want consent each time   … and --parameter prompt=consent
  Google                        --parameter access_type=offline --parameter prompt=consent
  Keycloak, Cognito             nothing: they issue one anyway";

#[derive(Args, Debug)]
pub(crate) struct DemoArguments {
    /// Where to listen; port 0 takes any free one.
    #[arg(long, value_name = "ADDRESS", env = "AUTHSESSION_LISTEN", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,

    /// The issuer of a real provider, such as `https://login.example.com`.
    #[arg(long, value_name = "URL", env = "AUTHSESSION_ISSUER", help_heading = "A real provider")]
    pub(crate) issuer: Option<String>,

    /// The client id registered there.
    #[arg(long, value_name = "ID", env = "AUTHSESSION_CLIENT_ID", help_heading = "A real provider")]
    pub(crate) client_id: Option<String>,

    /// The client secret; none for a public client. Other users of this machine may see it here: prefer the variable or
    /// the file.
    #[arg(
        long,
        value_name = "SECRET",
        env = "AUTHSESSION_CLIENT_SECRET",
        hide_env_values = true,
        help_heading = "A real provider"
    )]
    pub(crate) client_secret: Option<Secret>,

    /// A file with the client secret.
    #[arg(
        long,
        value_name = "PATH",
        env = "AUTHSESSION_CLIENT_SECRET_FILE",
        help_heading = "A real provider"
    )]
    pub(crate) client_secret_file: Option<PathBuf>,

    /// Where the provider sends the browser back to, as registered there; unless stated `http://LISTEN/auth/callback`.
    #[arg(long, value_name = "URL", env = "AUTHSESSION_REDIRECT_URI", help_heading = "A real provider")]
    pub(crate) redirect_uri: Option<String>,

    /// The scopes to ask for, repeated or separated by blanks; `openid profile email` unless stated. Most providers issue a
    /// refresh token only for offline_access, some of them only with --parameter prompt=consent.
    #[arg(
        long = "scope",
        value_name = "SCOPE",
        env = "AUTHSESSION_SCOPES",
        value_delimiter = ' ',
        help_heading = "A real provider"
    )]
    pub(crate) scopes: Vec<String>,

    /// A further parameter of the authorization request, such as prompt=consent; repeated.
    #[arg(
        long = "parameter",
        value_name = "NAME=VALUE",
        value_parser = pair,
        help_heading = "A real provider"
    )]
    pub(crate) parameters: Vec<(String, String)>,

    /// Fetch the userinfo too, where the ID token says little.
    #[arg(long, help_heading = "A real provider")]
    pub(crate) userinfo: bool,

    /// Where sessions are kept: `memory:`, `sqlite:FILE`, `postgres://…`, `mysql://…` or `redis://…`. Other users of this machine may
    /// see a password in it here: prefer the variable.
    #[arg(
        long,
        value_name = "URL",
        env = "AUTHSESSION_STORE",
        hide_env_values = true,
        default_value = "memory:"
    )]
    pub(crate) store: Secret,

    /// The key that seals cookies and what the store keeps, from `openssl rand -base64 32`; a new one each run unless stated.
    #[arg(long, value_name = "KEY", env = "AUTHSESSION_COOKIE_KEY", hide_env_values = true)]
    pub(crate) cookie_key: Option<Secret>,
}

fn pair(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
