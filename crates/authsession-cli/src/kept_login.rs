//! A login in a file, and the way to a valid token of it.

use std::sync::Arc;
use std::time::Duration;

use authsession_core::clock::{self, Clock};
use authsession_core::error::Error as ProtocolError;
use authsession_core::refresh_mint::RefreshMint;
use authsession_core::secret::Secret;
use authsession_core::token_cache::Mint as _;
use authsession_core::token_set::{Freshness, TokenSet};
use authsession_core::token_source::TokenSource;
use authsession_core::token_source::builder::TokenSourceBuilder;
use authsession_core::token_store::TokenStore as _;

use crate::arguments::kept::KeptArguments;
use crate::arguments::proof::variable;
use crate::busy::Busy;
use crate::errors::Error;
use crate::login_file::LoginFile;
use crate::notice::say;
use crate::origin::Origin;

/// A token that lives longer is not renewed.
const MARGIN: Duration = Duration::from_secs(60);
/// New tokens that cannot be saved are tried again so often, with this pause, before they are given up.
const SAVES: u32 = 60;
const SAVE_PAUSE: Duration = Duration::from_secs(1);

/// The login, and which of its tokens will do.
pub(crate) struct KeptLogin {
    file: Arc<LoginFile>,
    provider: TokenSourceBuilder,
    start: Option<Secret>,
    refused: Option<Secret>,
}

impl KeptLogin {
    /// The login the arguments name: any token but the `refused` one will do.
    pub(crate) async fn find(arguments: &KeptArguments, refused: Option<Secret>) -> Result<Self, Error> {
        let path = &arguments.store;
        let start = arguments.refresh_token_env.as_deref();
        let start = start.map(|name| variable("--refresh-token-env", name)).transpose()?;
        let broken = |cause| Error::LoginFile { store: path.clone(), cause };
        let kept = LoginFile::at(path, Origin::default()).load().await.map_err(broken)?;
        if kept.is_none() && start.is_none() {
            return Err(Error::NoLogin(path.clone()));
        }
        let asked = Origin {
            issuer: arguments.issuer.clone(),
            token_endpoint: arguments.token_endpoint.clone(),
            client_id: arguments.client_id.clone(),
        };
        let known = kept.map(|kept| Origin::remembered(&kept.tokens.extras)).unwrap_or_default();
        // A new refresh token may come from somewhere else.
        if start.is_none() && asked.contradicts(&known) {
            return Err(Error::AnotherLogin(path.clone()));
        }
        let origin = asked.or(known);
        let client_id = origin.client_id.clone().ok_or(Error::Arguments(
            "say who this program is at the provider with --client-id: the file does not know it yet",
        ))?;
        let provider = origin.tell(TokenSource::builder())?.client(client_id, arguments.proof.read()?);
        let provider = provider.refusals(Arc::new(Busy));
        let file = Arc::new(LoginFile::at(path, origin).carrying_through());
        Ok(Self { file, provider, start, refused })
    }

    /// The token kept, or a new one.
    pub(crate) async fn token(&self) -> Result<TokenSet, ProtocolError> {
        // Most need no more than a look, and no client for the network. Whether what is kept came of the refresh token to
        // start with, the mint has to say.
        if self.start.is_none() {
            if let Some(tokens) = self.fresh().await {
                return Ok(tokens);
            }
            self.file.take_turn().await?;
            if let Some(tokens) = self.fresh().await {
                return Ok(tokens);
            }
        }
        let mint = self.mint()?;
        let mut outcome = mint.mint().await;
        for attempt in 0..SAVES {
            let Err(error @ ProtocolError::TokenStore { .. }) = &outcome else { break };
            // New tokens that are not saved end with this process, and the login with them.
            if !self.file.owes_a_save() {
                break;
            }
            if attempt == 0 {
                say(format_args!(
                    "warning: {error}; trying again for a minute, and if this ends before, the login is lost"
                ));
            }
            clock::wait(SAVE_PAUSE).await;
            outcome = mint.mint().await;
        }
        outcome
    }

    /// The token kept, if it has not ended.
    pub(crate) async fn still_good(&self) -> Option<TokenSet> {
        let kept = self.mint().ok()?.kept().await.ok()??;
        let now = Clock::system().now();
        (kept.freshness(now, Duration::ZERO) != Freshness::Expired && self.will_do(&kept)).then_some(kept)
    }

    async fn fresh(&self) -> Option<TokenSet> {
        let kept = self.file.load().await.ok()??.tokens;
        let is_fresh = kept.freshness(Clock::system().now(), MARGIN) == Freshness::Fresh;
        (is_fresh && self.will_do(&kept)).then_some(kept)
    }

    fn will_do(&self, tokens: &TokenSet) -> bool {
        !tokens.access_token.is_empty() && self.refused.as_ref() != Some(&tokens.access_token)
    }

    fn mint(&self) -> Result<RefreshMint, ProtocolError> {
        let file = || Arc::<LoginFile>::clone(&self.file);
        let source = self.provider.clone().token_store(file()).stored_login().build()?;
        let mut mint = RefreshMint::new(source.endpoint().clone(), file(), Clock::system());
        if let Some(start) = &self.start {
            mint = mint.starting_with(start.clone());
        }
        if let Some(refused) = &self.refused {
            mint = mint.refused(refused.clone());
        }
        Ok(mint)
    }
}
