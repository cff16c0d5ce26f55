//! The one road to the network: timeouts, TLS, no redirects, bounded bodies, and the wish to be asked later (RFC 9110
//! §10.2.3).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use url::{Host, Url};
use zeroize::Zeroizing;

use crate::clock::{Clock, Timestamp};
use crate::error::{Endpoint, Error, Fault};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(15);
/// A connection to a provider that was idle for longer is not used again. Servers close theirs after two seconds (gunicorn) or five
/// (Node, Apache), and of what is sent just then nobody knows whether it came to anything: a code or a rotated refresh token is lost.
const IDLE: Duration = Duration::from_secs(1);
/// The same of a connection to an API, where a call that breaks can often be repeated, and connecting costs every caller time: less
/// than what load balancers grant.
const IDLE_AT_AN_API: Duration = Duration::from_secs(15);
const LARGEST_BODY: usize = 512 * 1024;
const USER_AGENT: &str = concat!("authsession/", env!("CARGO_PKG_VERSION"));

/// The client every request to a provider goes through. Cheap to clone; clones share connections.
#[derive(Clone, Debug)]
pub struct HttpClient {
    client: reqwest::Client,
    /// For this machine's own hosts, which no proxy must come between: plain http would show it everything.
    direct: reqwest::Client,
    largest_body: usize,
    insecure_hosts: bool,
}

/// How an [`HttpClient`] is made.
#[derive(Clone, Debug)]
#[must_use]
pub struct HttpClientBuilder {
    timeout: Duration,
    connect_timeout: Duration,
    largest_body: usize,
    root_certificates: Vec<Vec<u8>>,
    insecure_hosts: bool,
}

impl HttpClient {
    /// Defaults: 15 s a request, 5 s to connect, bodies up to 512 KiB, the system's trusted roots.
    pub const fn builder() -> HttpClientBuilder {
        HttpClientBuilder {
            timeout: TIMEOUT,
            connect_timeout: CONNECT_TIMEOUT,
            largest_body: LARGEST_BODY,
            root_certificates: Vec::new(),
            insecure_hosts: false,
        }
    }

    /// Sends through a client made elsewhere: with its proxy, roots and timeouts. It has to follow no redirects, or a redirect
    /// could carry our secrets away: make it from [`client_builder`]. An answer that was redirected is not used.
    #[must_use]
    pub fn over(client: reqwest::Client) -> Self {
        Self { direct: client.clone(), client, largest_body: LARGEST_BODY, insecure_hosts: false }
    }

    /// Checks that a URL may carry secrets: https, or http to a loopback host.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] for plain http to any other host, another scheme, or credentials in the URL.
    pub fn check_url(&self, url: &Url) -> Result<(), Error> {
        let transport =
            url.scheme() == "https" || (url.scheme() == "http" && (self.insecure_hosts || is_loopback(url)));
        if !transport {
            return Err(Error::misconfigured(
                "the provider's URLs must be https (http only on a loopback host)",
            ));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Error::misconfigured("the provider's URLs must not carry a user name or password"));
        }
        Ok(())
    }

    pub(crate) async fn get(
        &self,
        endpoint: Endpoint,
        url: &Url,
        bearer: Option<&str>,
    ) -> Result<Answer, Error> {
        let mut request = self.request(endpoint, Method::GET, url)?;
        if let Some(token) = bearer {
            let mut value = HeaderValue::try_from(format!("Bearer {token}"))
                .map_err(|_| Error::untrusted("the access token has characters no header can carry"))?;
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        let answer = self.send(endpoint, request).await?;
        answer.served()?;
        Ok(answer)
    }

    /// The answer whatever its status, redirects too: people's pages for people, documents for programs.
    pub(crate) async fn look(&self, endpoint: Endpoint, url: &Url) -> Result<Answer, Error> {
        let mut request = self.request(endpoint, Method::GET, url)?;
        if endpoint == Endpoint::Authorization {
            // In place of the one there: `header` would add it.
            request =
                request.headers(HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("text/html"))]));
        }
        self.send(endpoint, request).await
    }

    /// The answer whatever its status: [`Answer::served`] says whether the endpoint did its work.
    pub(crate) async fn post_form(
        &self,
        endpoint: Endpoint,
        url: &Url,
        form: &Form,
        authorization: Option<HeaderValue>,
    ) -> Result<Answer, Error> {
        let mut request = self
            .request(endpoint, Method::POST, url)?
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.0.to_string());
        if let Some(mut value) = authorization {
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        self.send(endpoint, request).await
    }

    fn request(
        &self,
        endpoint: Endpoint,
        method: Method,
        url: &Url,
    ) -> Result<reqwest::RequestBuilder, Error> {
        self.check_url(url)?;
        tracing::debug!(target: "authsession::http", %endpoint, %method, "request to the provider");
        Ok(self.for_host_of(url).request(method, url.clone()).header(ACCEPT, "application/json"))
    }

    fn for_host_of(&self, url: &Url) -> &reqwest::Client {
        if is_loopback(url) { &self.direct } else { &self.client }
    }

    async fn send(&self, endpoint: Endpoint, request: reqwest::RequestBuilder) -> Result<Answer, Error> {
        let failed = |error: reqwest::Error| {
            let fault = if error.is_connect() {
                Fault::Unreachable
            } else if error.is_timeout() {
                Fault::TimedOut
            } else if error.is_decode() {
                Fault::BadAnswer
            } else {
                Fault::NoAnswer
            };
            Error::Unavailable {
                endpoint,
                fault,
                retry_after: None,
                cause: Some(Arc::new(error.without_url())),
            }
        };
        let request = request.build().map_err(failed)?;
        let asked = request.url().clone();
        let mut response = self.for_host_of(&asked).execute(request).await.map_err(failed)?;
        if *response.url() != asked {
            return Err(Error::untrusted(
                "the answer came from where a redirect led: turn redirects off in the client",
            ));
        }
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > self.largest_body {
                return Err(Error::unavailable(endpoint, Fault::BadAnswer));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { endpoint, status, headers, body: body.freeze() })
    }
}

impl HttpClientBuilder {
    /// The longest a request may take, connection and body included.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The longest a connection may take to come about.
    pub const fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// The largest answer read, in bytes after decompression.
    pub const fn largest_body(mut self, bytes: usize) -> Self {
        self.largest_body = bytes;
        self
    }

    /// Trusts one more root certificate, in PEM, or several, beside the system's.
    pub fn root_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificates.push(pem.into());
        self
    }

    /// Lets plain http through to hosts that are not loopback: whoever is on the way reads every token.
    pub const fn danger_allow_http(mut self) -> Self {
        self.insecure_hosts = true;
        self
    }

    fn reqwest_builder(&self) -> reqwest::Result<reqwest::ClientBuilder> {
        let mut builder =
            client_builder().connect_timeout(self.connect_timeout.min(self.timeout)).timeout(self.timeout);
        for pem in &self.root_certificates {
            builder = builder.tls_certs_merge(reqwest::Certificate::from_pem_bundle(pem)?);
        }
        Ok(builder)
    }

    /// Makes the client.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] when a root certificate is not PEM or TLS cannot be set up.
    pub fn build(self) -> Result<HttpClient, Error> {
        let wrong = |hint: &'static str| {
            move |cause: reqwest::Error| Error::Misconfigured {
                hint: hint.into(),
                cause: Some(Arc::new(cause)),
            }
        };
        let is_none =
            |pem: &Vec<u8>| reqwest::Certificate::from_pem_bundle(pem).is_ok_and(|found| found.is_empty());
        if self.root_certificates.iter().any(is_none) {
            return Err(Error::misconfigured(
                "the root certificate is not PEM: there is no certificate in it",
            ));
        }
        let builder = self.reqwest_builder().map_err(wrong("the root certificate is not PEM"))?;
        let client = builder.build().map_err(wrong("TLS could not be set up"))?;
        let direct = if has_proxy() {
            let builder =
                self.reqwest_builder().map_err(wrong("the root certificate is not PEM"))?.no_proxy();
            builder.build().map_err(wrong("TLS could not be set up"))?
        } else {
            client.clone()
        };
        Ok(HttpClient {
            client,
            direct,
            largest_body: self.largest_body,
            insecure_hosts: self.insecure_hosts,
        })
    }
}

/// What every client of ours begins with: no redirects, 15 s a request, 5 s to connect, and no connection that was idle for a second,
/// since the provider may be closing it. For programs that need more of reqwest, such as a proxy, before they hand the client to
/// [`HttpClient::over`].
pub fn client_builder() -> reqwest::ClientBuilder {
    #[expect(clippy::disallowed_methods, reason = "the one client")]
    reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TIMEOUT)
        .pool_idle_timeout(IDLE)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .user_agent(USER_AGENT)
}

/// What a client for calls to an API begins with: no redirects, 5 s to connect, no connection that was idle for 15 s, and no limit on a
/// whole request, for answers may take long and be large.
pub fn api_client_builder() -> reqwest::ClientBuilder {
    #[expect(clippy::disallowed_methods, reason = "the other client")]
    reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_AT_AN_API)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .user_agent(USER_AGENT)
}

/// A client for calls to an API.
#[cfg(feature = "reqwest-middleware")]
pub(crate) fn api_client(redirects: reqwest::redirect::Policy) -> Result<reqwest::Client, Error> {
    api_client_builder().redirect(redirects).build().map_err(|cause| Error::Misconfigured {
        hint: "TLS could not be set up".into(),
        cause: Some(Arc::new(cause)),
    })
}

/// Whether the environment names a proxy: the only way reqwest learns of one here.
#[must_use]
pub fn has_proxy() -> bool {
    ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// Whether the URL's host is this machine by its very name: `localhost`, `127.0.0.0/8`, `[::1]`.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// A form to send; what it holds is secret.
#[derive(Default)]
pub struct Form(Zeroizing<String>);

impl Form {
    /// Adds a field.
    pub fn push(&mut self, name: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.extend(url::form_urlencoded::byte_serialize(name.as_bytes()));
        self.0.push('=');
        self.0.extend(url::form_urlencoded::byte_serialize(value.as_bytes()));
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Form([redacted])")
    }
}

/// What came back, not yet understood.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) endpoint: Endpoint,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// Whether the endpoint did its work, be it to refuse: neither asks us to come back nor sends us elsewhere.
    pub(crate) fn served(&self) -> Result<(), Error> {
        let (endpoint, status) = (self.endpoint, self.status);
        if status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429) {
            let (fault, retry_after) = (Fault::Status(status.as_u16()), retry_after(&self.headers));
            return Err(Error::Unavailable { endpoint, fault, retry_after, cause: None });
        }
        if status.is_redirection() { Err(self.bad()) } else { Ok(()) }
    }

    pub(crate) fn bad(&self) -> Error {
        Error::unavailable(self.endpoint, Fault::BadAnswer)
    }

    /// The body, if the status is 2xx and it calls itself JSON or nothing at all.
    pub(crate) fn json(&self) -> Result<&[u8], Error> {
        let media_type =
            self.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or(b"application/json");
        let is_json = media_type
            .split(|byte| *byte == b';')
            .next()
            .and_then(|media_type| std::str::from_utf8(media_type.trim_ascii()).ok())
            .is_some_and(|text| text.eq_ignore_ascii_case("application/json") || text.ends_with("+json"));
        if self.status.is_success() && is_json { Ok(&self.body) } else { Err(self.bad()) }
    }
}

/// `Retry-After` (RFC 9110 §10.2.3): seconds, or a date. The date is the provider's, so the provider's own clock says how far
/// off it is, where the answer tells it.
#[must_use]
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = |text: &str| httpdate::parse_http_date(text).ok().map(Timestamp::from);
    let now = headers.get(DATE).and_then(|value| date(value.to_str().ok()?));
    Some(date(text)?.since(now.unwrap_or_else(|| Clock::system().now())))
}
