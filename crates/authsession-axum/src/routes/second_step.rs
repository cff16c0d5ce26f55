//! The GET that follows a form: it takes the session the form made, or sees whether somebody is signed in.

use std::borrow::Cow;
use std::sync::Arc;

use authsession_store::key::StoreKey;
use authsession_store::record::StoredSession;
use axum::response::Response;
use http::HeaderMap;

use crate::config::OAuthConfiguration;
use crate::cookie;
use crate::errors::{Error, NotSignedIn};
use crate::guard::Asker;
use crate::luggage::Luggage;
use crate::routes::Routes;
use crate::routes::attempt::{RESTARTED, name_of, part_of};
use crate::routes::detached::detached;
use crate::routes::landed::Landed;
use crate::routes::login_cookie;
use crate::routes::redirect::redirect;
use crate::routes::stale::Stale;

const LANDED: &str = "landed";
const STALE: &str = "stale";

/// What the GET that follows a form is for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SecondStep<'query> {
    /// To take the session a form made: the name of the cookie that holds it, and whether its login was started over already.
    Landed { name: Cow<'query, str>, restarted: bool },
    /// To see whether somebody is signed in, after a form that answers no login of this browser.
    Stale(Stale),
}

impl Routes {
    /// After a form that answers no login of this browser: whether somebody is signed in shows in the second step.
    pub(super) fn stale_form(
        &self,
        state: &str,
        stale: Stale,
        headers: &HeaderMap,
    ) -> Result<Response, Error> {
        let configuration = self.engine.configuration();
        let name = name_of(state);
        // Sent again before the second step was taken.
        let step = match login_cookie::find::<Landed>(configuration, headers, &name) {
            Some(_) => SecondStep::landed(name.into(), state),
            None => SecondStep::Stale(stale),
        };
        redirect(&step.address(configuration))
    }

    pub(super) async fn second_step(
        &self,
        step: SecondStep<'_>,
        headers: &HeaderMap,
        asker: Asker,
    ) -> Result<Response, Error> {
        let configuration = self.engine.configuration();
        let (landed, stale, name) = match step {
            SecondStep::Landed { name, restarted } => {
                let stale = if restarted { Stale::Again } else { Stale::Unknown };
                (login_cookie::find::<Landed>(configuration, headers, &name), stale, name)
            }
            SecondStep::Stale(stale) => (None, stale, Cow::default()),
        };
        let landed = match landed {
            Some(landed) => self.still_lives(&landed, headers).await?.map(|live| (landed, live)),
            None => None,
        };
        let Some((Landed { session, return_to, before, .. }, (key, live))) = landed else {
            return match asker {
                Asker::Script => Err(Error::NotSignedIn(NotSignedIn::NoSession)),
                _ => self.stale_callback(headers, stale).await,
            };
        };
        let cookies = &configuration.cookies;
        let mut done = vec![cookies.drop_login(&name)];
        let other = cookies.session(headers).filter(|other| *other != key);
        let newer = match other {
            // The browser had it when this login began.
            Some(other) if before.as_deref() == Some(&part_of(&other)) => None,
            Some(other) => {
                self.live_from(other, headers).await?.filter(|(_, other)| began_after(other, &live))
            }
            None => None,
        };
        let taken = match (newer, other) {
            // Signed in anew since the form landed, whose second step comes from history: what came later counts.
            (Some((newer, session)), _) => {
                self.replace(key, newer, session).await?;
                newer
            }
            (None, replaced) => {
                let lasts = configuration.session_limits.cookie_lasts(live.record.remembered);
                done.push(cookies.sign_in(session.expose(), lasts));
                if let Some(replaced) = replaced {
                    self.replace(replaced, key, live).await?;
                }
                key
            }
        };
        let mut response = redirect(return_to.as_deref().unwrap_or(&configuration.default_page))?;
        let luggage = Luggage::of_a_login(self.engine.keeper(), taken, headers);
        cookie::set(response.headers_mut(), luggage.into_iter().chain(done));
        Ok(response)
    }

    /// What becomes of the old session's refresh token is not for a browser that goes away to break off.
    async fn replace(&self, before: StoreKey, key: StoreKey, new: Arc<StoredSession>) -> Result<(), Error> {
        let keeper = self.engine.keeper().clone();
        detached(async move { keeper.replace(before, key, &new).await }).await
    }

    /// What landed, if it is live: it may have ended since, and then it is nobody's to take.
    async fn still_lives(
        &self,
        landed: &Landed,
        headers: &HeaderMap,
    ) -> Result<Option<(StoreKey, Arc<StoredSession>)>, Error> {
        match StoreKey::from_cookie(landed.session.expose()) {
            Some(key) => self.live_from(key, headers).await,
            None => Ok(None),
        }
    }

    /// The session under that key, which the browser may have brought along.
    async fn live_from(
        &self,
        key: StoreKey,
        headers: &HeaderMap,
    ) -> Result<Option<(StoreKey, Arc<StoredSession>)>, Error> {
        let _brought = Luggage::unpack(self.engine.keeper(), key, headers);
        match self.engine.keeper().live(key).await {
            Ok(live) => Ok(Some((key, live))),
            Err(Error::NotSignedIn(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl<'query> SecondStep<'query> {
    /// Reads our own callback's query, where forms are taken.
    pub(super) fn read(query: &'query str, configuration: &OAuthConfiguration) -> Option<Self> {
        if !configuration.takes_forms() {
            return None;
        }
        let (name, value) = query.split_once('=')?;
        match name {
            LANDED => {
                let (attempt, restarted) = match value.strip_prefix(RESTARTED) {
                    Some(attempt) => (attempt, true),
                    None => (value, false),
                };
                cookie::is_attempt(attempt).then(|| Self::Landed { name: attempt.into(), restarted })
            }
            STALE => Stale::ALL.into_iter().find(|stale| stale.word() == value).map(Self::Stale),
            _ => None,
        }
    }

    /// That of the login with that state, whose mark goes along: what was started over is not once more.
    fn landed(name: Cow<'query, str>, state: &str) -> Self {
        Self::Landed { name, restarted: state.starts_with(RESTARTED) }
    }

    fn address(&self, configuration: &OAuthConfiguration) -> String {
        let (name, mark, value) = match self {
            Self::Landed { name, restarted } => (LANDED, if *restarted { RESTARTED } else { "" }, &**name),
            Self::Stale(stale) => (STALE, "", stale.word()),
        };
        format!("{}?{name}={mark}{value}", configuration.redirect_uri.path())
    }
}

impl Landed {
    /// On to the second step of the login with that state. Its cookie takes the place of the login's.
    pub(super) fn hop(&self, state: &str, configuration: &OAuthConfiguration) -> Result<Response, Error> {
        let name = name_of(state);
        let kept = self.keep(&name, configuration)?;
        let step = SecondStep::landed(name.into(), state);
        let mut response = redirect(&step.address(configuration))?;
        cookie::set(response.headers_mut(), [kept]);
        Ok(response)
    }
}

fn began_after(one: &StoredSession, other: &StoredSession) -> bool {
    one.record.created_at > other.record.created_at
}
