//! Setters for the logins: how the browser comes back, what every login demands, and when the user is asked for consent.

use std::time::Duration;

use authsession_core::authorization::ResponseMode;

use crate::builder::OAuthConfigurationBuilder;

impl OAuthConfigurationBuilder {
    /// How the browser brings the provider's answer back; default: nothing is asked, and it comes by a redirect.
    ///
    /// [`ResponseMode::FormPost`] has the provider's page post a form, as Apple demands of logins that ask for the name or the
    /// email. The callback then takes POST too, and the cookie of a login under way is `SameSite=None`; the session's stays
    /// `Lax`. In development by http, `localhost` and `127.0.0.1` work with Chromium and Firefox, which take `Secure` cookies
    /// there; Safari wants https.
    ///
    /// Apple tells the user's name in that form, at their first login and never again. [`Claims`](crate::extractors::Claims)
    /// hold it as `user.name.firstName` and `user.name.lastName`. It is what the browser says: nobody signed it.
    pub const fn with_response_mode(mut self, mode: ResponseMode) -> Self {
        self.response_mode = Some(mode);
        self
    }

    /// How old the user's authentication may be at every login, in whole seconds: the provider has them sign in again where it
    /// is older. Verified; a login's own [`max_age`](crate::extractors::Login::max_age) goes before it, a link can only ask for
    /// less. Default: any age.
    pub const fn with_max_age(mut self, age: Duration) -> Self {
        self.every_login.max_age = Some(age);
        self
    }

    /// How strongly users must authenticate at every login (OpenID Connect Core §5.5.1.1): any of these `acr`, in order of
    /// preference. Verified: a login that ends with another, or none, is refused. A login's own
    /// [`essential_acr`](crate::extractors::Login::essential_acr) goes before it, a link changes nothing. Default: any.
    pub fn with_essential_acr(mut self, values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.every_login.demand_acr(values);
        self
    }

    /// Starts a login over with `prompt=consent`, once, when it brought no refresh token: for providers such as Google, which
    /// issue one only when the user consents. Until then nobody is asked for more than they were before; a user who signs in
    /// again where they are signed in keeps the refresh token they have. Default false.
    pub const fn with_consent_for_refresh_token(mut self, ask: bool) -> Self {
        self.consent_for_refresh_token = Some(ask);
        self
    }
}
