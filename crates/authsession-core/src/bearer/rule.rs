//! The one rule for a token on a request, whichever way the request is sent: attach, and try once more after a refusal.

use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::bearer::BearerTokens;
use crate::bearer::challenge::refuses_the_token;
use crate::bearer::origin::Origins;
use crate::error::Error;

/// Whose tokens, where they may go, and which answers refuse them.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    tokens: Arc<dyn BearerTokens>,
    pub(super) origins: Origins,
    pub(super) refused_when: fn(StatusCode, &HeaderMap) -> bool,
}

impl Rule {
    pub(super) fn new(tokens: Arc<dyn BearerTokens>, origins: Origins) -> Self {
        Self { tokens, origins, refused_when: refuses_the_token }
    }

    /// Puts a token on the request; its header is handed back to tell the token by.
    pub(super) async fn attach(&self, headers: &mut HeaderMap) -> Result<HeaderValue, Error> {
        let value = self.authorization().await?;
        headers.insert(AUTHORIZATION, value.clone());
        Ok(value)
    }

    /// After the answer: whether to send the request once more, and with which header. `can_replay` says whether it could be.
    pub(super) async fn second_try(
        &self,
        refused: &HeaderValue,
        can_replay: bool,
    ) -> Result<Option<HeaderValue>, Error> {
        self.tokens.refused(refused).await;
        if !can_replay {
            tracing::debug!(target: "authsession::bearer", "the API refused the token; the body cannot be sent again");
            return Ok(None);
        }
        let value = self.authorization().await?;
        if value == *refused {
            tracing::debug!(target: "authsession::bearer", "the API refused the token; there is no other");
            return Ok(None);
        }
        tracing::debug!(target: "authsession::bearer", "the API refused the token; once more with a new one");
        Ok(Some(value))
    }

    async fn authorization(&self) -> Result<HeaderValue, Error> {
        let mut value = match self.tokens.authorization_at_once() {
            Some(value) => value,
            None => self.tokens.authorization().await?,
        };
        value.set_sensitive(true);
        Ok(value)
    }
}
