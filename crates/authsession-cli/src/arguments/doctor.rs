//! The command line of `authsession doctor`.

use std::path::PathBuf;

use clap::Args;

use crate::arguments::proof::ProofArguments;

pub(crate) const EXAMPLES: &str = "\
A provider:
  authsession doctor --issuer https://login.example.com

And your application there:
  authsession doctor --issuer https://login.example.com --client-id ID --client-secret-env SECRET \\
    --redirect-uri https://app.example.com/auth/callback --cookie-key-env COOKIE_KEY

Where nothing else is said, the secrets are those of the application: AUTHSESSION_CLIENT_SECRET and AUTHSESSION_COOKIE_KEY, or
the same with _FILE.

In a pipeline, for programs to read; warnings count:
  authsession doctor --strict --json

Exit status:
  0  nothing is wrong
  1  something is, or --strict and there is a warning
  2  the command line is wrong, or a variable or file it names";

#[derive(Args, Debug)]
pub(crate) struct DoctorArguments {
    /// Let warnings count: the exit status is 1.
    #[arg(long)]
    pub(crate) strict: bool,

    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,

    /// The provider's issuer, such as `https://login.example.com`.
    #[arg(long, value_name = "URL", env = "AUTHSESSION_ISSUER", help_heading = "The provider")]
    pub(crate) issuer: String,

    /// A PEM file with one more root certificate to trust.
    #[arg(long, value_name = "PATH", help_heading = "The provider")]
    pub(crate) custom_ca_cert: Option<PathBuf>,

    /// How many seconds the provider's clock may be from ours.
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 60,
        value_parser = clap::value_parser!(u64).range(5..=600),
        help_heading = "The provider"
    )]
    pub(crate) clock_tolerance: u64,

    /// The client id registered there.
    #[arg(long, value_name = "ID", env = "AUTHSESSION_CLIENT_ID", help_heading = "The client")]
    pub(crate) client_id: Option<String>,

    #[command(flatten)]
    pub(crate) proof: ProofArguments,

    /// Redeem a made-up code, to see whether the provider knows the client and takes its secret or key.
    #[arg(long, help_heading = "The client")]
    pub(crate) try_client: bool,

    /// Where the provider sends the browser back to, as registered.
    #[arg(long, value_name = "URL", env = "AUTHSESSION_REDIRECT_URI", help_heading = "The application")]
    pub(crate) redirect_uri: Option<String>,

    /// The application's address, as its users type it.
    #[arg(long, value_name = "URL", requires = "redirect_uri", help_heading = "The application")]
    pub(crate) public_url: Option<String>,

    /// The scopes asked for, repeated or separated by blanks.
    #[arg(
        long = "scope",
        value_name = "SCOPE",
        env = "AUTHSESSION_SCOPES",
        value_delimiter = ' ',
        default_value = "openid profile email",
        help_heading = "The application"
    )]
    pub(crate) scopes: Vec<String>,

    /// The application asks for form_post (`with_response_mode`).
    #[arg(long, help_heading = "The application")]
    pub(crate) form_post: bool,

    /// The environment variable that holds the key that seals cookies.
    #[arg(long, value_name = "NAME", help_heading = "The application")]
    pub(crate) cookie_key_env: Option<String>,
}
