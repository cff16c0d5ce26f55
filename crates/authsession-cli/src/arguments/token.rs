//! The command line of `authsession token`.

use clap::Args;

use crate::arguments::kept::KeptArguments;

pub(crate) const EXAMPLES: &str = "\
Call an API:
  curl -H \"Authorization: Bearer $(authsession token --store acme.json)\" https://api.example.com/

The API answered 401: say which token it refused, get another. However many processes do so, one new token is asked for:
  token=$(printf %s \"$token\" | authsession token --store acme.json --refused)

Start with a refresh token from elsewhere; the same line serves every time after:
  authsession token --store acme.json --issuer https://login.example.com --client-id ID --refresh-token-env ACME_REFRESH_TOKEN

Exit status:
  0  the token is printed
  1  something has to be put right: the message says what
  2  the command line is wrong, or a variable or file it names
  3  nobody is signed in any more: `authsession login`
  4  the provider is away: try again later";

#[derive(Args, Debug)]
pub(crate) struct TokenArguments {
    #[command(flatten)]
    pub(crate) kept: KeptArguments,

    /// Standard input has a token the API refused: it is replaced, unless that has happened already.
    #[arg(long)]
    pub(crate) refused: bool,
}
