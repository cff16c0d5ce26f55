//! Setters for the logins: how the browser comes back, what every login demands, and when the user is asked for consent.

use std::time::Duration;

use authsession_core::authorization::ResponseMode;

use crate::builder::OAuthConfigurationBuilder;
use crate::errors::Error;

impl OAuthConfigurationBuilder {
    /// How the browser brings the provider's answer back; default: nothing is asked, and it comes by a redirect.
    ///
    /// [`ResponseMode::FormPost`] has the provider's page post a form, as Apple demands of logins that ask for the name or the
    /// email. The callback then takes POST too, and the cookie of a login under way is `SameSite=None`; the session's stays
    /// `Lax`. No login then starts or ends in a frame: another site's page could drive it there. In development by http,
    /// `localhost` and `127.0.0.1` work with Chromium and Firefox, which take `Secure` cookies there; Safari wants https.
    ///
    /// Apple tells the user's name in that form, at their first login and never again. [`Claims`](crate::extractors::Claims)
    /// hold it as `user.name.firstName` and `user.name.lastName`. It is what the browser says: nobody signed it.
    pub const fn with_response_mode(mut self, mode: ResponseMode) -> Self {
        self.response_mode = Some(mode);
        self
    }

    /// How old the user's authentication may be at every login, in whole seconds: sent as `max_age`, the provider has them sign
    /// in again where it is older. Verified when they come back, and not afterwards: how long a session lasts is for
    /// [`with_session_max_age`](Self::with_session_max_age). A login's own [`max_age`](crate::extractors::Login::max_age) goes
    /// before it, a link can only ask for less. Default: any age.
    pub const fn with_authentication_max_age(mut self, age: Duration) -> Self {
        self.every_login.max_age = Some(age);
        self
    }

    /// How strongly users must authenticate (OpenID Connect Core §5.5.1.1): any of these `acr`, in order of preference.
    /// Verified: a login that ends with another, or none, is refused; a session with another, made before this was demanded or
    /// by a layer that does not, counts for nothing here; and a refreshed ID token with another is not taken over. A login's own
    /// [`essential_acr`](crate::extractors::Login::essential_acr) demands some of these, a link changes nothing. Default: any.
    pub fn with_essential_acr(mut self, values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.every_login.demand_acr(values);
        self
    }

    /// Starts a login over with `prompt=consent`, once, when it brought no refresh token: for providers such as Google, which
    /// issue one only when the user consents. Until then nobody is asked for more than they were before; a user who signs in
    /// again where they are signed in keeps the refresh token they have, unless they authenticated anew or by other means: then
    /// they are asked. It takes the scope `openid`, or userinfo: nobody else's refresh token is theirs to keep. Default false.
    pub const fn with_consent_for_refresh_token(mut self, ask: bool) -> Self {
        self.consent_for_refresh_token = Some(ask);
        self
    }

    /// Whether users are asked for their consent, given what the application itself said of that: not where nobody says who
    /// the user is.
    pub(super) fn asks_for_consent(
        &self,
        by_application: Option<bool>,
        says_who: bool,
    ) -> Result<bool, Error> {
        if by_application == Some(true) && !says_who {
            return Err(Error::misconfigured(
                "with_consent_for_refresh_token needs to know who the user is: ask for the scope openid, or for userinfo",
            ));
        }
        Ok(says_who && self.consent_for_refresh_token.unwrap_or_default())
    }
}
