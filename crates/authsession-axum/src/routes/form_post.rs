//! A callback that is posted by a form of the provider's page (OAuth 2.0 Form Post Response Mode §2), in two steps.
//!
//! Such a request comes from another site. It brings the login's own cookie, which is `SameSite=None` for that, and not the
//! session's, which stays `Lax`. So the code is redeemed here, and what depends on the session before (it ends; or somebody is
//! signed in already and goes on) happens one redirect later: at our callback by GET, which brings both cookies. That URL says
//! one word, or the name of a sealed cookie of this very browser; a code, a state or a session stands in no URL.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use authsession_core::authorization::AuthorizationResponse;
use authsession_core::clock::{self, Timestamp};
use authsession_core::error::{Endpoint, Error as ProtocolError, Fault};
use authsession_core::secret::{Secret, for_sealing};
use authsession_store::key::{SessionId, StoreKey};
use authsession_store::record::StoredSession;
use authsession_store::seal::SealError;
use axum::body::{Body, to_bytes};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::config::OAuthConfiguration;
use crate::cookie;
use crate::errors::{Error, NotSignedIn};
use crate::guard::{self, Asker};
use crate::luggage::Luggage;
use crate::page::{Page, WayOn};
use crate::routes::Routes;
use crate::routes::callback::{Road, Stale, redirect};
use crate::routes::login::{LOOKED_AT, RESTARTED, name_of, part_of};

/// As much as is read of a response in a query.
const LARGEST: usize = 16 * 1024;
/// How long the form may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the browser may take for the second step, which is one redirect.
const LASTS: Duration = Duration::from_secs(60);
const PURPOSE: &str = "login landed";
const LANDED: &str = "landed";
const STALE: &str = "stale";
const LONGEST_USER: usize = 2 * 1024;

/// What the GET that follows a form is for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SecondStep<'query> {
    /// To take the session a form made: the name of the cookie that holds it, and whether its login was started over already.
    Landed { name: Cow<'query, str>, restarted: bool },
    /// To see whether somebody is signed in, after a form that answers no login of this browser.
    Stale(Stale),
}

/// A session on its way from the form's answer to the second step, in this browser's sealed cookie.
#[derive(Serialize, Deserialize)]
pub(super) struct Landed {
    #[serde(with = "for_sealing")]
    session: Secret,
    return_to: Option<String>,
    /// The session the browser had when its login began, by a part of its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    at: Timestamp,
    /// The provider and the callback its login was for: it is no other's to take.
    issuer: String,
    redirect_uri: String,
}

impl Routes {
    pub(super) async fn form_post(&self, parts: &Parts, body: Body, asker: Asker) -> Response {
        let form = match read(&parts.headers, body).await {
            Ok(form) => form,
            Err(status) => return self.unreadable(status),
        };
        let received = match AuthorizationResponse::parse(form.expose()) {
            Ok(response) => {
                let road = Road::Form(user(form.expose()));
                self.receive(response, &parts.headers, asker, road).await
            }
            Err(error) => Err(error.into()),
        };
        let configuration = self.engine.configuration();
        received.unwrap_or_else(|error| guard::answer_at_callback(&error, asker, configuration, None, true))
    }

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
        let step = match Landed::find(configuration, headers, &name) {
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
                (Landed::find(configuration, headers, &name), stale, name)
            }
            SecondStep::Stale(stale) => (None, stale, Cow::default()),
        };
        let landed = match landed {
            Some(landed) => self.still_lives(&landed.session, headers).await?.map(|live| (landed, live)),
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
            Some(other) if before.as_deref() == Some(&part_of(&other)) => None,
            Some(other) => self.live_from(other, headers).await?.filter(|other| began_after(other, &live)),
            None => None,
        };
        let taken = match (newer, other) {
            // Signed in anew since the form landed, whose second step comes from history: what came later counts.
            (Some(newer), Some(other)) => {
                self.replace(key, other, newer).await?;
                other
            }
            (_, before) => {
                let lasts = configuration.session_limits.cookie_lasts(live.record.remembered);
                done.push(cookies.sign_in(session.expose(), lasts));
                if let Some(before) = before {
                    self.replace(before, key, live).await?;
                }
                key
            }
        };
        let mut response = redirect(return_to.as_deref().unwrap_or(&configuration.default_page))?;
        let luggage = Luggage::of_a_login(self.engine.keeper(), taken, headers);
        cookie::set(response.headers_mut(), luggage.into_iter().chain(done));
        Ok(response)
    }

    /// Detached: what becomes of the old session's refresh token is not for a browser that goes away to break off.
    async fn replace(&self, before: StoreKey, key: StoreKey, new: Arc<StoredSession>) -> Result<(), Error> {
        let keeper = self.engine.keeper().clone();
        let replaced = tokio::spawn(async move { keeper.replace(before, key, &new).await });
        let aborted = |_| ProtocolError::unavailable(Endpoint::Revocation, Fault::NoAnswer).into();
        replaced.await.map_err(aborted)
    }

    /// That session, if it is live: it may have ended since it landed, and then it is nobody's to take.
    async fn still_lives(
        &self,
        session: &Secret,
        headers: &HeaderMap,
    ) -> Result<Option<(StoreKey, Arc<StoredSession>)>, Error> {
        let Some(key) = StoreKey::from_cookie(session.expose()) else { return Ok(None) };
        Ok(self.live_from(key, headers).await?.map(|live| (key, live)))
    }

    /// The session under that key, which the browser may have brought along.
    async fn live_from(
        &self,
        key: StoreKey,
        headers: &HeaderMap,
    ) -> Result<Option<Arc<StoredSession>>, Error> {
        let _brought = Luggage::unpack(self.engine.keeper(), key, headers);
        match self.engine.keeper().live(key).await {
            Ok(live) => Ok(Some(live)),
            Err(Error::NotSignedIn(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn unreadable(&self, status: StatusCode) -> Response {
        Page {
            status,
            title: "Sign-in failed",
            text: "What came back from the sign-in could not be read. Nothing was changed; you may try again.",
            way_on: WayOn::SignIn(self.engine.configuration().base_path.clone()),
            retry_after: None,
        }
        .into_response()
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

impl Stale {
    const ALL: [Self; 3] = [Self::Final, Self::Again, Self::Unknown];

    const fn word(self) -> &'static str {
        match self {
            Self::Final => "final",
            Self::Again => "again",
            Self::Unknown => "unknown",
        }
    }
}

impl Landed {
    pub(super) fn new(
        session: &SessionId,
        return_to: Option<String>,
        before: Option<String>,
        configuration: &OAuthConfiguration,
    ) -> Self {
        Self {
            session: session.expose().into(),
            return_to,
            before,
            at: configuration.clock.now(),
            issuer: configuration.issuer.to_string(),
            redirect_uri: configuration.redirect_uri_as_registered.clone(),
        }
    }

    /// On to the second step of the login with that state. Its cookie takes the place of the login's.
    pub(super) fn hop(self, state: &str, configuration: &OAuthConfiguration) -> Result<Response, Error> {
        let name = name_of(state);
        let text = serde_json::to_vec(&self).map_err(|_| Error::from(SealError::NotOurs))?;
        let sealed = configuration.key_ring.seal(PURPOSE, name.as_bytes(), &text)?;
        let kept = configuration.cookies.keep_landed(&name, &URL_SAFE_NO_PAD.encode(sealed), LASTS);
        let step = SecondStep::landed(name.into(), state);
        let mut response = redirect(&step.address(configuration))?;
        cookie::set(response.headers_mut(), [kept]);
        Ok(response)
    }

    /// The sessions in this browser whose second step was never taken, and their cookies' names.
    pub(super) fn sessions<'request>(
        configuration: &'request OAuthConfiguration,
        headers: &'request HeaderMap,
    ) -> impl Iterator<Item = (StoreKey, &'request str)> {
        configuration.cookies.logins(headers).take(LOOKED_AT).filter_map(|(name, sealed)| {
            let landed = Self::open(configuration, name, sealed)?;
            Some((StoreKey::from_cookie(landed.session.expose())?, name))
        })
    }

    fn find(configuration: &OAuthConfiguration, headers: &HeaderMap, name: &str) -> Option<Self> {
        let (_, sealed) = configuration.cookies.logins(headers).find(|(found, _)| *found == name)?;
        let ours = |landed: &Self| {
            *landed.issuer == *configuration.issuer
                && landed.redirect_uri == configuration.redirect_uri_as_registered
        };
        Self::open(configuration, name, sealed).filter(ours)
    }

    /// Opens what such a cookie holds; `None` when it is another's, or too old.
    pub(super) fn open(configuration: &OAuthConfiguration, name: &str, sealed: &str) -> Option<Self> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let text = configuration.key_ring.open(PURPOSE, name.as_bytes(), &sealed).ok()?;
        let landed: Self = serde_json::from_slice(&text).ok()?;
        (configuration.clock.now().since(landed.at) < LASTS).then_some(landed)
    }
}

fn began_after(one: &StoredSession, other: &StoredSession) -> bool {
    one.record.created_at > other.record.created_at
}

/// The form; otherwise the status that says why it is not read.
async fn read(headers: &HeaderMap, body: Body) -> Result<Secret, StatusCode> {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let body = clock::within(PATIENCE, to_bytes(body, LARGEST)).await.ok_or(StatusCode::REQUEST_TIMEOUT)?;
    let body = body.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
    std::str::from_utf8(&body).map(Secret::from).map_err(|_| StatusCode::BAD_REQUEST)
}

/// The name of the user, which Apple's form tells at their first login and never again. It came through the browser and
/// nobody signed it, so no more of it is kept: the email stands verified in the ID token.
fn user(form: &str) -> Option<Value> {
    let (_, text) = url::form_urlencoded::parse(form.as_bytes()).find(|(name, _)| name == "user")?;
    if text.len() > LONGEST_USER {
        return None;
    }
    let said: Map<String, Value> = serde_json::from_str(&text).ok()?;
    let said = said.get("name")?.as_object()?;
    let plain = |text: &str| !text.contains(char::is_control);
    let name: Map<String, Value> = ["firstName", "middleName", "lastName"]
        .into_iter()
        .filter_map(|part| {
            Some((part.to_owned(), said.get(part)?.as_str().filter(|text| plain(text))?.into()))
        })
        .collect();
    (!name.is_empty()).then(|| serde_json::json!({ "name": name }))
}
