//! A browser without a screen: cookies, redirects, forms, tabs, and the headers that say who asked.

mod cookie;
mod date;
mod form;
mod jar;
mod page;
mod site;
mod travel;

use crate::browser::form::Button;
use crate::browser::form::Form;
use crate::browser::jar::Circumstances;
use crate::browser::jar::Jar;
use crate::browser::travel::Journey;
use crate::browser::travel::Mode;
use crate::clock::VirtualClock;
use http::Method;
use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;
use url::Url;
use url::form_urlencoded;

pub use crate::browser::cookie::Cookie;
pub use crate::browser::cookie::SameSite;
pub use crate::browser::page::Page;

/// No request takes longer, so that no test hangs.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrowserError {
    /// What was given is no URL, not even relative to the current page.
    #[error("this is not a URL: {0}")]
    Address(#[from] url::ParseError),
    /// The request failed, or took more than a minute.
    #[error("the request failed")]
    Request(#[from] reqwest::Error),
    /// More than twenty redirects in a row.
    #[error("more than twenty redirects")]
    TooManyRedirects(Vec<Url>),
    /// More than 16 MiB.
    #[error("the page is larger than 16 MiB")]
    TooLarge,
    /// This needs a current page, and nothing was opened yet.
    #[error("no page is open")]
    NoPage,
    /// The current page has no form.
    #[error("the page has no form")]
    NoForm,
    /// The current page's form has no such button.
    #[error("the form has no button that shows {0:?}")]
    NoButton(String),
}

/// One tab of a browser. Tabs share cookies, each has its own current page.
///
/// Cookies follow RFC 6265bis: by host, not port; `Secure` needs HTTPS or a loopback host; `__Host-` and `__Secure-` are
/// enforced; `SameSite` looks at who began the navigation. A site is the scheme and the last two labels of the host.
pub struct Browser {
    profile: Arc<Profile>,
    page: Mutex<Option<Page>>,
}

struct Profile {
    http: reqwest::Client,
    clock: VirtualClock,
    jar: Mutex<Jar>,
}

/// Opened.
impl Browser {
    /// A browser without cookies, on the system's time.
    ///
    /// # Errors
    ///
    /// When no HTTP client can be made.
    pub fn new() -> Result<Self, BrowserError> {
        Self::with_clock(VirtualClock::system())
    }

    /// A browser whose cookies expire by this clock.
    ///
    /// # Errors
    ///
    /// When no HTTP client can be made.
    pub fn with_clock(clock: VirtualClock) -> Result<Self, BrowserError> {
        let profile = Profile { http: client()?, clock, jar: Mutex::default() };
        Ok(Self { profile: Arc::new(profile), page: Mutex::default() })
    }

    /// Another tab: the same cookies, no page yet.
    #[must_use]
    pub fn tab(&self) -> Self {
        Self { profile: Arc::clone(&self.profile), page: Mutex::default() }
    }

    /// The page the last navigation ended at.
    #[must_use]
    pub fn current(&self) -> Option<Page> {
        self.page().clone()
    }
}

/// Navigations: each ends at the page that is then current.
impl Browser {
    /// Opens a URL as if typed, and follows up to twenty redirects.
    ///
    /// # Errors
    ///
    /// When there is no answer. An answer with an error status is a page.
    pub async fn navigate(&self, url: impl AsRef<str>) -> Result<Page, BrowserError> {
        self.go(self.journey(Method::GET, url.as_ref())?).await
    }

    /// Opens a URL as if typed, and stays at the first answer.
    ///
    /// # Errors
    ///
    /// When there is no answer.
    pub async fn navigate_without_following(&self, url: impl AsRef<str>) -> Result<Page, BrowserError> {
        self.go(Journey { follows: false, ..self.journey(Method::GET, url.as_ref())? }).await
    }

    /// Follows a link of the current page.
    ///
    /// # Errors
    ///
    /// When no page is open, or there is no answer.
    pub async fn click(&self, url: impl AsRef<str>) -> Result<Page, BrowserError> {
        let initiator = Some(self.here()?);
        self.go(Journey { initiator, ..self.journey(Method::GET, url.as_ref())? }).await
    }

    /// Posts a form from the current page.
    ///
    /// # Errors
    ///
    /// When no page is open, or there is no answer.
    pub async fn submit(&self, url: impl AsRef<str>, form: &[(&str, &str)]) -> Result<Page, BrowserError> {
        let initiator = Some(self.here()?);
        let body = Some(encoded(form.iter().copied()));
        self.go(Journey { initiator, body, ..self.journey(Method::POST, url.as_ref())? }).await
    }

    /// Sends the first form of the current page, hidden fields included, with these fields changed or added. No button
    /// counts as pressed.
    ///
    /// # Errors
    ///
    /// When there is no page, no form or no answer.
    pub async fn submit_form(&self, overrides: &[(&str, &str)]) -> Result<Page, BrowserError> {
        let form = self.form()?;
        self.send_form(form, overrides).await
    }

    /// Presses the first button of the current page's form that shows this text, or whose text contains it.
    ///
    /// # Errors
    ///
    /// When there is no page, no such button or no answer.
    pub async fn press(&self, label: &str) -> Result<Page, BrowserError> {
        let mut form = self.form()?;
        let shows = |button: &Button| button.label.contains(label);
        let at =
            form.buttons.iter().position(shows).ok_or_else(|| BrowserError::NoButton(label.to_owned()))?;
        let field = form.buttons.swap_remove(at).field;
        form.fields.extend(field);
        self.send_form(form, &[]).await
    }

    /// Follows a link on a page of this origin, such as `https://evil.example`.
    ///
    /// # Errors
    ///
    /// When there is no answer.
    pub async fn cross_site_get(
        &self,
        url: impl AsRef<str>,
        from_origin: &str,
    ) -> Result<Page, BrowserError> {
        let initiator = Some(Url::parse(from_origin)?);
        self.go(Journey { initiator, ..self.journey(Method::GET, url.as_ref())? }).await
    }

    /// Posts a form of a page of this origin.
    ///
    /// # Errors
    ///
    /// When there is no answer.
    pub async fn cross_site_post(
        &self,
        url: impl AsRef<str>,
        from_origin: &str,
        form: &[(&str, &str)],
    ) -> Result<Page, BrowserError> {
        let (initiator, body) = (Some(Url::parse(from_origin)?), Some(encoded(form.iter().copied())));
        self.go(Journey { initiator, body, ..self.journey(Method::POST, url.as_ref())? }).await
    }

    async fn go(&self, journey: Journey) -> Result<Page, BrowserError> {
        let page = self.profile.travel(journey).await?;
        *self.page() = Some(page.clone());
        Ok(page)
    }
}

/// Requests that leave the current page where it is.
impl Browser {
    /// Fetches as a script of the current page does; without a page, as one of the target's own.
    ///
    /// # Errors
    ///
    /// When there is no answer.
    pub async fn fetch(&self, url: impl AsRef<str>) -> Result<Page, BrowserError> {
        self.fetch_with(Method::GET, url, &[], "").await
    }

    /// Fetches with a method, headers and a body.
    ///
    /// # Errors
    ///
    /// When there is no answer.
    pub async fn fetch_with(
        &self,
        method: Method,
        url: impl AsRef<str>,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Page, BrowserError> {
        let journey = self.journey(method, url.as_ref())?;
        let initiator = self.here().unwrap_or_else(|_| journey.url.clone());
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let body = (!body.is_empty()).then(|| body.to_owned());
        let journey = Journey { mode: Mode::Fetch, initiator: Some(initiator), headers, body, ..journey };
        self.profile.travel(journey).await
    }

    /// Loads a page ahead of time, in case the user goes there.
    ///
    /// # Errors
    ///
    /// When there is no answer.
    pub async fn prefetch(&self, url: impl AsRef<str>) -> Result<Page, BrowserError> {
        let journey = self.journey(Method::GET, url.as_ref())?;
        let initiator = self.here().unwrap_or_else(|_| journey.url.clone());
        self.profile.travel(Journey { mode: Mode::Prefetch, initiator: Some(initiator), ..journey }).await
    }
}

/// Cookies.
impl Browser {
    /// Names and values of the cookies a first-party navigation to this URL sends.
    ///
    /// # Errors
    ///
    /// When it is no URL.
    pub fn cookies(&self, url: impl AsRef<str>) -> Result<Vec<(String, String)>, BrowserError> {
        let found = self.found(url.as_ref())?;
        Ok(found.into_iter().map(|cookie| (cookie.name, cookie.value)).collect())
    }

    /// Names and values of the cookies a script of this URL sees in `document.cookie`.
    ///
    /// # Errors
    ///
    /// When it is no URL.
    pub fn cookies_seen_by_scripts(
        &self,
        url: impl AsRef<str>,
    ) -> Result<Vec<(String, String)>, BrowserError> {
        let seen = self.found(url.as_ref())?.into_iter().filter(|cookie| !cookie.http_only);
        Ok(seen.map(|cookie| (cookie.name, cookie.value)).collect())
    }

    /// Every cookie kept, with its attributes.
    #[must_use]
    pub fn all_cookies(&self) -> Vec<Cookie> {
        self.jar().all(self.profile.clock.now())
    }

    /// Receives a `Set-Cookie` header from this URL. Says whether a browser heeds it.
    ///
    /// # Errors
    ///
    /// When it is no URL.
    pub fn set_cookie(&self, url: impl AsRef<str>, header: &str) -> Result<bool, BrowserError> {
        let url = self.resolved(url.as_ref())?;
        Ok(self.jar().set(header, &url, self.profile.clock.now(), Circumstances::FIRST_PARTY))
    }

    /// Forgets all cookies.
    pub fn clear_cookies(&self) {
        self.jar().clear();
    }

    /// Forgets what a browser forgets when it is closed: cookies without an end, and the current page.
    pub fn reopen(&self) {
        self.jar().end_session();
        *self.page() = None;
    }

    fn found(&self, url: &str) -> Result<Vec<Cookie>, BrowserError> {
        let url = self.resolved(url)?;
        Ok(self.jar().matching(&url, self.profile.clock.now(), Circumstances::FIRST_PARTY))
    }
}

impl Browser {
    fn journey(&self, method: Method, url: &str) -> Result<Journey, BrowserError> {
        Ok(Journey {
            method,
            url: self.resolved(url)?,
            initiator: None,
            mode: Mode::Navigate,
            headers: Vec::new(),
            body: None,
            follows: true,
        })
    }

    async fn send_form(&self, form: Form, overrides: &[(&str, &str)]) -> Result<Page, BrowserError> {
        let kept = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let kept = kept.filter(|(name, _)| !overrides.iter().any(|(other, _)| other == name));
        let fields = encoded(kept.chain(overrides.iter().copied()));
        let action = if form.action.is_empty() { self.here()?.to_string() } else { form.action.clone() };
        let initiator = Some(self.here()?);
        if form.post {
            let journey = self.journey(Method::POST, &action)?;
            return self.go(Journey { initiator, body: Some(fields), ..journey }).await;
        }
        let mut journey = self.journey(Method::GET, &action)?;
        journey.url.set_query(Some(&fields));
        self.go(Journey { initiator, ..journey }).await
    }

    fn form(&self) -> Result<Form, BrowserError> {
        let page = self.current().ok_or(BrowserError::NoPage)?;
        Form::first(&page.text()).ok_or(BrowserError::NoForm)
    }

    fn here(&self) -> Result<Url, BrowserError> {
        self.page().as_ref().map(|page| page.url.clone()).ok_or(BrowserError::NoPage)
    }

    fn resolved(&self, url: &str) -> Result<Url, BrowserError> {
        let base = self.page().as_ref().map(|page| page.url.clone());
        Ok(Url::options().base_url(base.as_ref()).parse(url)?)
    }

    fn page(&self) -> MutexGuard<'_, Option<Page>> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn jar(&self) -> MutexGuard<'_, Jar> {
        self.profile.jar.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Browser").field("page", &*self.page()).finish_non_exhaustive()
    }
}

fn encoded<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the browser keeps its own cookies and follows its own redirects"
)]
fn client() -> Result<reqwest::Client, BrowserError> {
    Ok(reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .pool_max_idle_per_host(0)
        .timeout(TIMEOUT)
        .build()?)
}
