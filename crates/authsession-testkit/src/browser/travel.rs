//! One navigation or fetch: a request, its cookies and headers, and the redirects that follow.

use crate::browser::BrowserError;
use crate::browser::Profile;
use crate::browser::jar::Circumstances;
use crate::browser::page::Page;
use crate::browser::site::Relation;
use crate::browser::site::origin;
use crate::browser::site::referrer;
use crate::browser::site::same_site;
use http::HeaderMap;
use http::Method;
use http::header::SET_COOKIE;
use std::sync::PoisonError;
use url::Url;

const MOST_REDIRECTS: usize = 20;
const LARGEST_PAGE: usize = 16 * 1024 * 1024;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Navigate,
    Fetch,
    Prefetch,
}

pub(crate) struct Journey {
    pub(crate) method: Method,
    pub(crate) url: Url,
    /// The page that asked for it; none if the user did.
    pub(crate) initiator: Option<Url>,
    pub(crate) mode: Mode,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<String>,
    pub(crate) follows: bool,
}

impl Journey {
    fn circumstances(&self) -> Circumstances {
        Circumstances {
            same_site: self.initiator.as_ref().is_none_or(|from| same_site(from, &self.url)),
            top_level: self.mode == Mode::Navigate,
            safe_method: matches!(self.method, Method::GET | Method::HEAD),
        }
    }

    /// Turns to where a redirect points (Fetch §4.4). POST becomes GET, except for 307 and 308.
    fn turn(&mut self, status: u16, target: Url) {
        let keeps_method = matches!(status, 307 | 308) || (status != 303 && self.method != Method::POST);
        if !keeps_method && self.method != Method::HEAD {
            self.method = Method::GET;
            self.body = None;
        }
        self.url = target;
    }
}

impl Profile {
    pub(crate) async fn travel(&self, mut journey: Journey) -> Result<Page, BrowserError> {
        let mut redirects = Vec::new();
        let mut set_cookies = Vec::new();
        let mut relation = Relation::None;
        loop {
            relation = relation.max(Relation::of(journey.initiator.as_ref(), &journey.url));
            let mut response = self.request(&journey, relation).send().await?;
            let (status, headers) = (response.status(), response.headers().clone());
            set_cookies.push(self.keep_cookies(&journey, &headers));
            let location = headers.get("location").and_then(|value| value.to_str().ok());
            let target = location.filter(|_| status.is_redirection()).map(|to| journey.url.join(to));
            if let (true, Some(target)) = (journey.follows, target) {
                redirects.push(journey.url.clone());
                if redirects.len() > MOST_REDIRECTS {
                    return Err(BrowserError::TooManyRedirects(redirects));
                }
                journey.turn(status.as_u16(), target?);
                continue;
            }
            let mut body = Vec::new();
            while let Some(chunk) = response.chunk().await? {
                body.extend_from_slice(&chunk);
                if body.len() > LARGEST_PAGE {
                    return Err(BrowserError::TooLarge);
                }
            }
            return Ok(Page { url: journey.url, status, headers, body, redirects, set_cookies });
        }
    }

    fn request(&self, journey: &Journey, relation: Relation) -> reqwest::RequestBuilder {
        let mut request = self.http.request(journey.method.clone(), journey.url.clone());
        request = match journey.mode {
            Mode::Navigate => request
                .header("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
                .header("sec-fetch-mode", "navigate")
                .header("sec-fetch-dest", "document")
                .header("sec-fetch-user", "?1")
                .header("upgrade-insecure-requests", "1"),
            Mode::Fetch => request
                .header("accept", "*/*")
                .header("sec-fetch-mode", "cors")
                .header("sec-fetch-dest", "empty"),
            Mode::Prefetch => request
                .header("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
                .header("sec-fetch-mode", "navigate")
                .header("sec-fetch-dest", "document")
                .header("sec-purpose", "prefetch"),
        };
        request = request.header("sec-fetch-site", relation.name());
        let safe = matches!(journey.method, Method::GET | Method::HEAD);
        let crosses = journey.mode == Mode::Fetch && relation > Relation::SameOrigin;
        if let Some(from) = journey.initiator.as_ref().filter(|_| !safe || crosses) {
            request = request.header("origin", origin(from));
        }
        if let Some(from) = &journey.initiator {
            request = request.header("referer", referrer(from, &journey.url));
        }
        let pairs = self.cookies(journey);
        if !pairs.is_empty() {
            request = request.header("cookie", pairs);
        }
        let mut typed = false;
        for (name, value) in &journey.headers {
            typed |= name.eq_ignore_ascii_case("content-type");
            request = request.header(name, value);
        }
        match &journey.body {
            Some(body) if typed => request.body(body.clone()),
            Some(body) => {
                request.header("content-type", "application/x-www-form-urlencoded").body(body.clone())
            }
            None => request,
        }
    }

    fn cookies(&self, journey: &Journey) -> String {
        let jar = self.jar.lock().unwrap_or_else(PoisonError::into_inner);
        let cookies = jar.matching(&journey.url, self.clock.now(), journey.circumstances());
        let pairs = cookies.iter().map(|cookie| match cookie.name.as_str() {
            "" => cookie.value.clone(),
            name => format!("{name}={}", cookie.value),
        });
        pairs.collect::<Vec<_>>().join("; ")
    }

    fn keep_cookies(&self, journey: &Journey, headers: &HeaderMap) -> Vec<String> {
        let received = headers.get_all(SET_COOKIE).iter();
        let received: Vec<String> =
            received.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect();
        let mut jar = self.jar.lock().unwrap_or_else(PoisonError::into_inner);
        for header in &received {
            jar.set(header, &journey.url, self.clock.now(), journey.circumstances());
        }
        received
    }
}
