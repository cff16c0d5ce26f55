//! A login with parameters of its own, started by a handler.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::response::Response;
use http::HeaderMap;
use http::request::Parts;

use crate::current::Current;
use crate::engine::Engine;
use crate::errors::Error;
use crate::guard::{self, Asker, Rejection};
use crate::return_to;
use crate::routes::login::{NewLogin, start};

/// Sends the user to the provider with parameters of your choice: to prove who they are once more, or more strongly.
///
/// ```
/// use std::time::Duration;
/// use authsession_axum::extractors::Login;
/// use axum::response::Response;
///
/// async fn confirm(login: Login) -> Response {
///     login.max_age(Duration::ZERO).acr_values("urn:example:mfa").return_to("/transfer").start().await
/// }
/// ```
#[must_use]
pub struct Login {
    engine: Arc<Engine>,
    headers: HeaderMap,
    login: NewLogin,
}

impl Login {
    /// Who the user probably is (`login_hint`).
    pub fn login_hint(mut self, hint: &str) -> Self {
        self.login.asks.login_hint = Some(hint.to_owned());
        self
    }

    /// What the provider shows (`prompt`): `none`, `login`, `consent`, `select_account`.
    pub fn prompt(mut self, prompt: &str) -> Self {
        self.login.asks.prompt = Some(prompt.to_owned());
        self
    }

    /// How old the user's authentication may be, in whole seconds; verified when they come back. A page that depends on it
    /// looks at the `auth_time` of the claims itself: a user may get there by another way.
    pub const fn max_age(mut self, age: Duration) -> Self {
        self.login.asks.max_age = Some(age);
        self
    }

    /// How strongly the user should authenticate, in order of preference. The provider may answer with less, and that is not
    /// refused: look at the `acr` of the claims, or demand it with [`essential_acr`](Self::essential_acr).
    pub fn acr_values(mut self, values: &str) -> Self {
        self.login.asks.acr_values = Some(values.to_owned());
        self
    }

    /// How strongly the user must authenticate (OpenID Connect Core §5.5.1.1): any of these `acr`, in order of preference;
    /// verified when they come back. One that is weaker is refused with a page that leads back to where they were going. A page
    /// that depends on it looks at the `acr` of the claims itself: a user may get there by another way. Where every login has
    /// such a demand, this one names some of those.
    pub fn essential_acr(mut self, values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.login.asks.demand_acr(values);
        self
    }

    /// The user's languages, in order of preference.
    pub fn ui_locales(mut self, locales: &str) -> Self {
        self.login.asks.ui_locales = Some(locales.to_owned());
        self
    }

    /// Whether the user wants to be remembered, where the application remembers anybody
    /// ([`with_remember_me`](crate::auth_builder::OAuthConfigurationBuilder::with_remember_me)); elsewhere it changes nothing.
    /// Default false, also where the session they have now is remembered: hand on
    /// [`Session::is_remembered`](crate::extractors::Session::is_remembered) to have it stay so.
    ///
    /// ```
    /// use authsession_axum::extractors::{Login, Session};
    /// use axum::response::Response;
    ///
    /// async fn confirm(session: Session, login: Login) -> Response {
    ///     login.prompt("login").remember_me(session.is_remembered()).start().await
    /// }
    /// ```
    pub const fn remember_me(mut self, wanted: bool) -> Self {
        self.login.remember_me = wanted;
        self
    }

    /// A further parameter.
    pub fn parameter(mut self, name: &str, value: &str) -> Self {
        self.login.asks.extra.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Where the user goes afterwards; anywhere outside this application counts as the default page.
    pub fn return_to(mut self, place: &str) -> Self {
        self.login.return_to = return_to::parse(place, &self.engine.configuration().redirect_uri);
        self
    }

    /// The answer that sends the browser to the provider. In a frame of another origin's page, and in any frame where answers
    /// come by a form, it is a page (403) that leads to the login in a window of its own.
    pub async fn start(self) -> Response {
        let configuration = self.engine.configuration();
        let own = self.login.asks.essential_acr.iter().flatten();
        let started = if own.into_iter().all(|acr| configuration.accepts_acr(Some(acr))) {
            start(configuration, &self.headers, self.login).await
        } else {
            // The session would not count, and the user would be sent to sign in again and again.
            Err(Error::misconfigured(
                "an acr that one login demands must be among those demanded of every login (with_essential_acr)",
            ))
        };
        started
            .unwrap_or_else(|error| guard::answer_at_login(&error, Asker::of(&self.headers), configuration))
    }
}

/// `Debug` shows no cookie.
impl fmt::Debug for Login {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Login").field("login", &self.login).finish_non_exhaustive()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Login {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Rejection> {
        let current = parts.extensions.get::<Current>().ok_or_else(Rejection::without_layer)?;
        Ok(Self {
            engine: Arc::clone(&current.engine),
            headers: parts.headers.clone(),
            login: NewLogin::of(current.engine.configuration()),
        })
    }
}
