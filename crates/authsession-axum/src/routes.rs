//! The routes the layer answers itself.

mod callback;
mod login;
mod logout;

use std::fmt;
use std::sync::Arc;

use authsession_core::single_flight::SingleFlight;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{Method, StatusCode};

use crate::engine::Engine;
use crate::errors::Error;
use crate::guard::{self, Asker};
use crate::logout::LogoutHandler;

pub(crate) use login::{LoginParameters, start};

/// The routes and what they work with.
pub(crate) struct Routes {
    pub(crate) engine: Arc<Engine>,
    logout_handler: Arc<dyn LogoutHandler>,
    /// Callbacks under way, by their state's fingerprint: a browser that sends one twice gets one sign-in.
    callbacks: SingleFlight<String, Result<callback::SignedIn, Error>>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Route {
    Login,
    Callback,
    Logout,
}

impl Routes {
    pub(crate) fn new(engine: Arc<Engine>, logout_handler: Arc<dyn LogoutHandler>) -> Self {
        Self { engine, logout_handler, callbacks: SingleFlight::new() }
    }

    /// The route at that path, if it is one of ours.
    pub(crate) fn find(&self, path: &str) -> Option<Route> {
        let configuration = &self.engine.configuration;
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

    pub(crate) async fn answer(&self, route: Route, parts: Parts) -> Response {
        let asker = Asker::of(&parts.headers);
        if asker == Asker::Prefetch {
            return StatusCode::NO_CONTENT.into_response();
        }
        let by_get = matches!(parts.method, Method::GET | Method::HEAD);
        let outcome = match route {
            Route::Logout if by_get || parts.method == Method::POST => self.logout(parts).await,
            Route::Login if by_get => self.login(&parts, asker).await,
            Route::Callback if by_get => self.callback(&parts).await,
            Route::Login | Route::Callback | Route::Logout => {
                Ok(StatusCode::METHOD_NOT_ALLOWED.into_response())
            }
        };
        outcome.unwrap_or_else(|error| {
            let base = &self.engine.configuration.base_path;
            guard::answer(&error, asker, base, base)
        })
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Routes").field("engine", &self.engine).finish_non_exhaustive()
    }
}
