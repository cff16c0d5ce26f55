//! The login's end: check the response, have the code redeemed once, sign the browser in (RFC 6749 §4.1.2, RFC 9700 §4.4).

use authsession_core::authorization::AuthorizationResponse;
use authsession_core::error::{Error as ProtocolError, OAuthError};
use authsession_store::key::StoreKey;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use crate::cookie;
use crate::errors::{Error, NotSignedIn};
use crate::guard::{self, Asker};
use crate::keeper::Look;
use crate::landings::Arrived;
use crate::landings::among_replicas::claim_of;
use crate::luggage::Luggage;
use crate::page::{Page, WayOn};
use crate::routes::Routes;
use crate::routes::attempt::{Attempt, RESTARTED, name_of};
use crate::routes::denial;
use crate::routes::framed;
use crate::routes::landed::Landed;
use crate::routes::login::{NewLogin, start};
use crate::routes::login_cookie;
use crate::routes::redirect::redirect;
use crate::routes::second_step::SecondStep;
use crate::routes::sign_in::{Homecoming, sign_in};
use crate::routes::stale::Stale;

/// How the browser brought the response.
#[derive(PartialEq)]
pub(super) enum Road {
    /// By a redirect, in the query.
    Query,
    /// By a form, with what it says of the user.
    Form(Option<Value>),
}

impl Routes {
    pub(super) async fn callback(&self, parts: &Parts, asker: Asker) -> Result<Response, Error> {
        let query = parts.uri.query().unwrap_or_default();
        if let Some(step) = SecondStep::read(query, self.engine.configuration()) {
            return self.second_step(step, &parts.headers, asker).await;
        }
        let response = AuthorizationResponse::parse(query)?;
        self.receive(response, &parts.headers, asker, Road::Query).await
    }

    /// The response, whatever road it came by.
    pub(super) async fn receive(
        &self,
        response: AuthorizationResponse,
        headers: &HeaderMap,
        asker: Asker,
        road: Road,
    ) -> Result<Response, Error> {
        let configuration = self.engine.configuration();
        let state = response.state().map(|state| state.expose().to_owned()).unwrap_or_default();
        let Some(attempt) = login_cookie::find::<Attempt>(configuration, headers, &name_of(&state)) else {
            let stale = Stale::of(&state, response.is_refusal());
            return match road {
                _ if asker == Asker::Script => Err(Error::NotSignedIn(NotSignedIn::NoSession)),
                Road::Form(_) => self.stale_form(&state, stale, headers),
                Road::Query => self.stale_callback(headers, stale).await,
            };
        };
        let name = name_of(&state);
        let metadata = configuration.provider.metadata().await?;
        let code = match response.check(&attempt.pending, &metadata) {
            Ok(code) => code,
            Err(ProtocolError::AuthorizationRefused(code)) => {
                tracing::info!(target: "authsession::login", %code, "the provider answered the sign-in with an error");
                let login = guard::login_url(configuration, attempt.return_to.as_deref());
                let mut page = denial::page(code, login).into_response();
                cookie::set(page.headers_mut(), [configuration.cookies.drop_login(&name)]);
                return Ok(page);
            }
            Err(error) => return Err(error.into()),
        };
        let by_form = road != Road::Query;
        let claim = claim_of(&attempt.pending)
            .ok_or_else(|| Error::misconfigured("a sign-in cannot be told from others: report this"))?;
        let home = Homecoming {
            pending: attempt.pending,
            code,
            replaced: configuration.cookies.session(headers),
            // Nobody is asked in a frame: providers do not let their page be shown there.
            remember_me: attempt.remember_me,
            may_ask_for_consent: attempt.again.is_some() && !framed::is_framed(headers),
            user: match road {
                Road::Form(user) => user,
                Road::Query => None,
            },
        };
        let keeper = self.engine.keeper().clone();
        let landed = self.landings.land(name.clone(), claim, move || sign_in(keeper, home)).await;
        // A code that never left can be sent again; a spent one ends the attempt, whatever came of it.
        let done = landed.spent.then(|| configuration.cookies.drop_login(&name));
        let (return_to, remember_me) = (attempt.return_to, attempt.remember_me);
        let place = return_to.as_deref().unwrap_or(&configuration.default_page);
        let is_signed_in = match &landed.outcome {
            // By a sign-in of another time. A newer one counts.
            Ok(Arrived::SignedIn(id)) if landed.before => {
                self.signed_in(headers).await?.is_some_and(|key| key != StoreKey::of(id))
            }
            Ok(Arrived::LostElsewhere) => self.signed_in(headers).await?.is_some(),
            _ => false,
        };
        let (mut response, cookies) = match landed.outcome {
            Ok(_) if is_signed_in => (redirect(place)?, Vec::new()),
            Ok(Arrived::SignedIn(id)) if by_form => {
                let luggage = Luggage::of_a_login(self.engine.keeper(), StoreKey::of(&id), headers);
                let mut response =
                    Landed::new(&id, return_to, attempt.before, configuration).hop(&state, configuration)?;
                cookie::set(response.headers_mut(), luggage);
                return Ok(response);
            }
            Ok(Arrived::SignedIn(id)) => {
                let lasts = configuration.session_limits.cookie_lasts(remember_me);
                let mut cookies = Luggage::of_a_login(self.engine.keeper(), StoreKey::of(&id), headers);
                cookies.push(configuration.cookies.sign_in(id.expose(), lasts));
                (redirect(place)?, cookies)
            }
            Ok(Arrived::ConsentWanted) => {
                let login = NewLogin {
                    asks: attempt.again.unwrap_or_default(),
                    return_to,
                    remember_me,
                    restarted: state.starts_with(RESTARTED),
                    for_consent: true,
                };
                (start(configuration, headers, login).await?, Vec::new())
            }
            Ok(Arrived::LostElsewhere) if asker == Asker::Script => {
                return Err(Error::NotSignedIn(NotSignedIn::NoSession));
            }
            Ok(Arrived::LostElsewhere) if state.starts_with(RESTARTED) => {
                let login = guard::login_url(configuration, return_to.as_deref());
                (denial::page(OAuthError::AccessDenied, login).into_response(), Vec::new())
            }
            Ok(Arrived::LostElsewhere) => {
                tracing::info!(target: "authsession::login", "another replica was sent the same callback and nobody was signed in; starting over");
                let again = NewLogin::of(configuration);
                let login = NewLogin { return_to, remember_me, restarted: true, ..again };
                (start(configuration, headers, login).await?, Vec::new())
            }
            Ok(Arrived::OverAlready) => {
                let login = guard::login_url(configuration, return_to.as_deref());
                (denial::over_already(&login).into_response(), Vec::new())
            }
            Err(error) => (
                guard::answer_at_callback(&error, asker, configuration, return_to.as_deref(), by_form),
                Vec::new(),
            ),
        };
        cookie::set(response.headers_mut(), done.into_iter().chain(cookies));
        Ok(response)
    }

    /// The live session of this browser.
    async fn signed_in(&self, headers: &HeaderMap) -> Result<Option<StoreKey>, Error> {
        let Some(key) = self.engine.configuration().cookies.session(headers) else { return Ok(None) };
        match self.engine.session(key, Look::Use).await {
            Ok(_) => Ok(Some(key)),
            Err(Error::NotSignedIn(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Nothing is sent to the provider. Who is signed in goes on; who is not starts over, once.
    pub(super) async fn stale_callback(&self, headers: &HeaderMap, stale: Stale) -> Result<Response, Error> {
        let configuration = self.engine.configuration();
        if self.signed_in(headers).await?.is_some() {
            return redirect(&configuration.default_page);
        }
        match stale {
            // Nobody knows whose word it is: it is not told apart any further.
            Stale::Final => {
                let login = configuration.base_path.clone();
                Ok(denial::page(OAuthError::AccessDenied, login).into_response())
            }
            Stale::Again => Ok(Page {
                status: StatusCode::BAD_REQUEST,
                title: "Your browser did not keep the sign-in",
                text: "Signing in needs a cookie, and it was not there when you came back. Allow cookies for this site, \
                       then try again.",
                way_on: WayOn::SignIn(configuration.base_path.clone()),
                retry_after: None,
            }
            .into_response()),
            Stale::Unknown => {
                tracing::info!(target: "authsession::login", "a callback without its login was opened; starting over");
                start(configuration, headers, NewLogin { restarted: true, ..NewLogin::of(configuration) }).await
            }
        }
    }
}
