//! The few pages this library shows itself: small, without script, and with nothing in them that somebody sent.

use std::time::Duration;

use axum::response::{Html, IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, RETRY_AFTER};
use http::{HeaderName, HeaderValue, StatusCode};

/// A page of one message and one way on.
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) title: &'static str,
    pub(crate) text: &'static str,
    pub(crate) way_on: WayOn,
    pub(crate) retry_after: Option<Duration>,
}

/// What the page's one button does.
pub(crate) enum WayOn {
    /// Goes to the login.
    SignIn(String),
    /// Goes to the login in a window of its own: the page stands inside another one.
    SignInOutside(String),
    /// Asks for the same page again; or, when that does not help, goes to the login.
    TryAgain(String),
    /// Signs out, by a POST to this place.
    SignOut(String),
}

impl Page {
    pub(crate) fn into_response(self) -> Response {
        let (title, text) = (self.title, self.text);
        // Shown in frames where it is for people who see one. There is nothing on it that another site could not link to.
        let policy = match self.way_on {
            WayOn::SignInOutside(_) => POLICY,
            _ => POLICY_UNFRAMED,
        };
        let button = match self.way_on {
            WayOn::SignIn(place) => format!("<a href=\"{}\">Sign in</a>", escape(&place)),
            WayOn::SignInOutside(place) => {
                format!("<a href=\"{}\" target=\"_blank\" rel=\"noopener\">Sign in</a>", escape(&place))
            }
            WayOn::TryAgain(login) => {
                let login = escape(&login);
                format!("<a href=\"\">Try again</a> <a class=\"other\" href=\"{login}\">Sign in again</a>")
            }
            WayOn::SignOut(place) => {
                format!(
                    "<form method=\"post\" action=\"{}\"><button>Sign out</button></form>",
                    escape(&place)
                )
            }
        };
        let html = format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{title}</title>\
             <style>{STYLE}</style><main><h1>{title}</h1><p>{text}</p>{button}</main></html>"
        );
        let mut response = (self.status, Html(html)).into_response();
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
        headers.insert(HeaderName::from_static("referrer-policy"), HeaderValue::from_static("same-origin"));
        if let Some(wait) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
        }
        response
    }
}

/// A wait in whole seconds, from one to an hour: what `Retry-After` can say.
pub(crate) fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).clamp(1, 3600)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}

const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";
const POLICY_UNFRAMED: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
const STYLE: &str = ":root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}\
body{margin:0;min-height:100vh;display:grid;place-items:center;background:Canvas;color:CanvasText}\
main{max-width:26rem;padding:2rem}h1{font-size:1.4rem;margin:0 0 .5rem}p{margin:0 0 1.5rem;opacity:.8}\
form{margin:0}a.other{background:none;color:inherit}a,button{display:inline-block;text-decoration:none;font:inherit;font-weight:600;padding:.7rem 1.4rem;border:0;border-radius:.6rem;background:#3b5bdb;color:#fff;cursor:pointer}";
