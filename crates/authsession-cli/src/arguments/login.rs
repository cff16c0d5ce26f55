//! The command line of `authsession login`.

use std::path::PathBuf;

use clap::Args;

use crate::arguments::proof::ProofArguments;

pub(crate) const EXAMPLES: &str = "\
In the browser of this machine; register http://127.0.0.1/callback as a redirect URI first:
  authsession login --store acme.json --issuer https://login.example.com --client-id ID --scope \"openid offline_access\"

On a machine without one:
  authsession login --store acme.json --issuer https://login.example.com --client-id ID --scope offline_access --device

Then:
  curl -H \"Authorization: Bearer $(authsession token --store acme.json)\" https://api.example.com/

Exit status:
  0  signed in
  1  something has to be put right: the message says what
  2  the command line is wrong, or a variable or file it names
  3  the user or the provider said no, or it took too long
  4  the provider is away: try again later";

#[derive(Args, Debug)]
pub(crate) struct LoginArguments {
    /// The file to keep the login in.
    #[arg(long, value_name = "FILE")]
    pub(crate) store: PathBuf,

    /// The scopes to ask for, repeated or separated by blanks; without any, the provider decides. Most issue a refresh token
    /// only for offline_access.
    #[arg(long = "scope", value_name = "SCOPE")]
    pub(crate) scopes: Vec<String>,

    /// In the browser of this machine, which comes back to --redirect-uri; this is the default.
    #[arg(long, conflicts_with = "device")]
    pub(crate) browser: bool,

    /// By a code to enter on any other device (RFC 8628).
    #[arg(long)]
    pub(crate) device: bool,

    /// Where the browser comes back to, as registered; without a port, on any free one.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1/callback", conflicts_with = "device")]
    pub(crate) redirect_uri: String,

    /// The provider's issuer, such as `https://login.example.com`.
    #[arg(long, value_name = "URL", help_heading = "The provider")]
    pub(crate) issuer: String,

    /// The client id registered there.
    #[arg(long, value_name = "ID", help_heading = "The client")]
    pub(crate) client_id: String,

    #[command(flatten)]
    pub(crate) proof: ProofArguments,
}
