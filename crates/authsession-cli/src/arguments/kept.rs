//! Which login is meant: the file it is kept in, and what the file does not know yet.

use std::path::PathBuf;

use clap::Args;

use crate::arguments::proof::ProofArguments;

#[derive(Args, Clone, Debug)]
pub(crate) struct KeptArguments {
    /// The file that keeps the login; made when there is none.
    #[arg(long, value_name = "FILE")]
    pub(crate) store: PathBuf,

    /// The environment variable that holds a refresh token to start with.
    #[arg(long, value_name = "NAME")]
    pub(crate) refresh_token_env: Option<String>,

    /// The provider's issuer; not needed when FILE knows it.
    #[arg(long, value_name = "URL", help_heading = "The provider")]
    pub(crate) issuer: Option<String>,

    /// Its token endpoint, if it publishes no metadata.
    #[arg(long, value_name = "URL", conflicts_with = "issuer", help_heading = "The provider")]
    pub(crate) token_endpoint: Option<String>,

    /// The client id registered there; not needed when FILE knows it.
    #[arg(long, value_name = "ID", help_heading = "The client")]
    pub(crate) client_id: Option<String>,

    #[command(flatten)]
    pub(crate) proof: ProofArguments,
}
