//! The routes the layer answers itself.

mod attempt;
mod callback;
mod denial;
mod detached;
mod form_post;
mod framed;
mod landed;
pub(crate) mod login;
mod login_cookie;
mod logout;
mod redirect;
mod second_step;
mod sign_in;
mod stale;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use authsession_core::clock;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, CACHE_CONTROL};
use http::{HeaderValue, Method, StatusCode};

use crate::engine::Engine;
use crate::guard::{self, Asker};
use crate::landings::Landings;
use crate::logout::LogoutHandler;
use crate::luggage::Luggage;

/// The routes and what they work with.
pub(crate) struct Routes {
    pub(crate) engine: Arc<Engine>,
    logout_handler: Arc<dyn LogoutHandler>,
    landings: Landings,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Route {
    Login,
    Callback,
    Logout,
}

impl Routes {
    pub(crate) fn new(engine: Arc<Engine>, logout_handler: Arc<dyn LogoutHandler>) -> Self {
        let store = Arc::clone(&engine.keeper().store);
        let landings = Landings::new(store, engine.configuration().clock.clone());
        Self { engine, logout_handler, landings }
    }

    /// Sees through what goes on behind requests, and those that nobody waits for any more; whether all of it was done in time.
    pub(crate) async fn finish(&self, at_most: Duration) -> bool {
        let done = async {
            self.landings.finish().await;
            self.engine.finish().await;
        };
        clock::within(at_most, done).await.is_some()
    }

    /// The route at that path, if it is one of ours.
    pub(crate) fn find(&self, path: &str) -> Option<Route> {
        let configuration = self.engine.configuration();
        if path == configuration.redirect_uri.path() {
            Some(Route::Callback)
        } else if path == configuration.base_path {
            Some(Route::Login)
        } else if path == configuration.logout_path {
            Some(Route::Logout)
        } else {
            None
        }
    }

    pub(crate) async fn answer(&self, route: Route, request: Request) -> Response {
        let asker = Asker::of(request.headers());
        let takes_forms = self.engine.configuration().takes_forms();
        let (parts, body) = request.into_parts();
        let keeper = self.engine.keeper();
        let key = keeper.configuration.cookies.session(&parts.headers);
        let luggage = key.and_then(|key| Luggage::unpack(keeper, key, &parts.headers));
        let (by_get, by_post) = (parts.method == Method::GET, parts.method == Method::POST);
        let outcome = match route {
            // A browser that looks ahead starts nothing, and keeps nothing of the answer.
            _ if asker == Asker::Prefetch => Ok(StatusCode::SERVICE_UNAVAILABLE.into_response()),
            Route::Logout if by_get || by_post => self.logout(parts).await,
            Route::Callback if !framed::may_end(&parts.headers, self.engine.configuration()) => {
                Ok(framed::refused(self.engine.configuration()))
            }
            Route::Login if by_get => self.login(&parts, asker).await,
            Route::Callback if by_get => self.callback(&parts, asker).await,
            Route::Callback if by_post && takes_forms => Ok(self.form_post(&parts, body, asker).await),
            Route::Login | Route::Callback | Route::Logout => {
                let post_too =
                    matches!(route, Route::Logout) || (matches!(route, Route::Callback) && takes_forms);
                let allowed = if post_too { "GET, POST" } else { "GET" };
                Ok((StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, allowed)]).into_response())
            }
        };
        let mut response = outcome
            .unwrap_or_else(|error| guard::answer_at_login(&error, asker, self.engine.configuration()));
        if let Some(luggage) = luggage {
            luggage.pack_into(&mut response, keeper);
        }
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Routes").field("engine", &self.engine).finish_non_exhaustive()
    }
}
