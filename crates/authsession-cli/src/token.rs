//! `authsession token`: one valid access token on standard output.

use std::io::{self, Read as _, Write as _};

use authsession_core::secret::Secret;

use crate::arguments::token::TokenArguments;
use crate::errors::Error;
use crate::kept_login::KeptLogin;
use crate::notice::say;

/// No token is longer.
const LONGEST: u64 = 64 * 1024;
const NO_TOKEN: Error = Error::Arguments("--refused wants the refused token on standard input");

/// Prints the token.
pub(crate) async fn run(arguments: TokenArguments) -> Result<(), Error> {
    let refused = arguments.refused.then(refused_token).transpose()?;
    let kept = arguments.kept;
    let login = KeptLogin::find(&kept, refused).await?;
    let tokens = match login.token().await {
        Ok(tokens) => tokens,
        Err(error) if error.is_transient() => match login.still_good().await {
            Some(tokens) => {
                say(format_args!(
                    "warning: {error}; the token printed is the one from before, and will end soon"
                ));
                tokens
            }
            None => return Err(Error::no_token(&kept.store, error)),
        },
        Err(error) => return Err(Error::no_token(&kept.store, error)),
    };
    let mut out = io::stdout().lock();
    writeln!(out, "{}", tokens.access_token.expose()).and_then(|()| out.flush()).map_err(Error::Output)
}

fn refused_token() -> Result<Secret, Error> {
    let mut text = String::new();
    let read = io::stdin().lock().take(LONGEST).read_to_string(&mut text);
    let text = Secret::from(text);
    let token = Secret::from(text.expose().trim());
    if read.is_err() || token.is_empty() { Err(NO_TOKEN) } else { Ok(token) }
}
