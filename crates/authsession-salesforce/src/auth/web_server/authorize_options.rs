//! What one authorization request asks for beyond what the flow is set to.

use authsession_core::secret::Secret;

/// Options of one authorization request (Salesforce Help, "OAuth 2.0 Web Server Flow").
#[derive(Clone, Default)]
#[must_use]
pub struct AuthorizeOptions {
    pub(crate) login_hint: Option<String>,
    pub(crate) prompt: Option<String>,
    pub(crate) nonce: Nonce,
    pub(crate) further: Vec<(String, String)>,
}

/// Where the nonce comes from.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) enum Nonce {
    /// Made if there may be an ID token to find it in.
    #[default]
    Unset,
    /// Made anyway.
    Random,
    /// Made by the caller.
    Fixed(Secret),
}

impl AuthorizeOptions {
    /// None set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Who the user probably is.
    pub fn login_hint(mut self, hint: impl Into<String>) -> Self {
        self.login_hint = Some(hint.into());
        self
    }

    /// `login`, `consent`, `select_account` or several, separated by spaces.
    pub fn prompt(mut self, prompt: impl Into<String>) -> Self {
        self.prompt = Some(prompt.into());
        self
    }

    /// The nonce to find in the ID token. Where the scope has `openid`, or there is none, one is made anyway.
    pub fn nonce(mut self, nonce: impl Into<String>) -> Self {
        self.nonce = Nonce::Fixed(nonce.into().into());
        self
    }

    /// Sends a random nonce, whatever the scope.
    pub fn generate_nonce(mut self) -> Self {
        self.nonce = Nonce::Random;
        self
    }

    /// How the page looks: `page`, `popup`, `touch` or `mobile`.
    pub fn display(self, display: impl Into<String>) -> Self {
        self.param("display", display)
    }

    /// Whether to fail rather than to ask the user anything.
    pub fn immediate(self, immediate: bool) -> Self {
        self.param("immediate", if immediate { "true" } else { "false" })
    }

    /// The single sign-on provider to go to at once.
    pub fn sso_provider(self, provider: impl Into<String>) -> Self {
        self.param("sso_provider", provider)
    }

    /// A further parameter. Those the flow sets itself cannot be set.
    pub fn param(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        let key = key.into();
        self.further.retain(|(set, _)| *set != key);
        self.further.push((key, value.into()));
        self
    }
}

impl std::fmt::Debug for AuthorizeOptions {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.further.iter().map(|(name, _)| name).collect();
        formatter
            .debug_struct("AuthorizeOptions")
            .field("prompt", &self.prompt)
            .field("further", &names)
            .finish_non_exhaustive()
    }
}
