//! One cookie: how a `Set-Cookie` header is read, and whether it may be kept (RFC 6265bis §5.6, §5.7).

use crate::browser::date::parse_date;
use crate::browser::site::is_secure;
use std::time::Duration;
use std::time::SystemTime;
use url::Host;
use url::Url;

const NAME_AND_VALUE_LIMIT: usize = 4096;
const ATTRIBUTE_LIMIT: usize = 1024;
/// No cookie lives longer, whatever it says.
const LONGEST_LIFE: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// Whether a cookie goes along with requests from other sites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// Never.
    Strict,
    /// With top-level navigations by GET; also what a cookie gets that says nothing.
    Lax,
    /// Always; requires `Secure`.
    None,
}

/// A cookie as the browser keeps it.
#[derive(Clone)]
pub struct Cookie {
    /// The name, prefix included.
    pub name: String,
    /// The value.
    pub value: String,
    /// The host it belongs to.
    pub domain: String,
    /// Whether only that very host gets it, not its subdomains.
    pub host_only: bool,
    /// The path it is for.
    pub path: String,
    /// When it ends; none for one that ends with the browser.
    pub expires: Option<SystemTime>,
    /// Whether it needs a secure connection.
    pub secure: bool,
    /// Whether scripts cannot see it.
    pub http_only: bool,
    /// Whether it goes along from other sites.
    pub same_site: SameSite,
    /// Its place in the order of creation.
    pub(crate) created: u64,
}

impl std::fmt::Debug for Cookie {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cookie")
            .field("name", &self.name)
            .field("domain", &self.domain)
            .field("path", &self.path)
            .field("expires", &self.expires)
            .field("secure", &self.secure)
            .field("http_only", &self.http_only)
            .field("same_site", &self.same_site)
            .finish_non_exhaustive()
    }
}

impl Cookie {
    /// The cookie that `header`, received from `url`, sets; none if a browser refuses it.
    pub(crate) fn parse(header: &str, url: &Url, now: SystemTime) -> Option<Self> {
        if header.chars().any(|character| character.is_control() && character != '\t') {
            return None;
        }
        let (pair, attributes) = header.split_once(';').unwrap_or((header, ""));
        let (name, value) = pair.split_once('=').unwrap_or(("", pair));
        let (name, value) = (name.trim(), value.trim());
        if (name.is_empty() && value.is_empty()) || name.len() + value.len() > NAME_AND_VALUE_LIMIT {
            return None;
        }
        let host = url.host_str()?;
        let mut cookie = Self {
            name: name.to_owned(),
            value: value.to_owned(),
            domain: host.to_owned(),
            host_only: true,
            path: default_path(url),
            expires: None,
            secure: false,
            http_only: false,
            same_site: SameSite::Lax,
            created: 0,
        };
        let mut stated = Stated::default();
        for attribute in attributes.split(';') {
            let (key, value) = attribute.split_once('=').unwrap_or((attribute, ""));
            let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
            if value.len() <= ATTRIBUTE_LIMIT {
                cookie.apply(&key, value, url, now, &mut stated);
            }
        }
        if !cookie.settle_domain(stated.domain.as_deref(), url) {
            return None;
        }
        cookie.expires = stated.max_age.or(stated.expires).map(|at| at.min(now + LONGEST_LIFE));
        cookie.allowed(url, &stated).then_some(cookie)
    }

    fn apply(&mut self, key: &str, value: &str, url: &Url, now: SystemTime, stated: &mut Stated) {
        match key {
            "secure" => self.secure = true,
            "httponly" => self.http_only = true,
            "path" => {
                stated.root_path = value == "/";
                self.path = if value.starts_with('/') { value.to_owned() } else { default_path(url) };
            }
            "domain" => stated.domain = Some(value.trim_start_matches('.').to_ascii_lowercase()),
            "expires" => stated.expires = parse_date(value).or(stated.expires),
            "max-age" => {
                if let Ok(seconds) = value.parse::<i64>() {
                    let life = Duration::from_secs(u64::try_from(seconds).unwrap_or(0)).min(LONGEST_LIFE);
                    stated.max_age = Some(if seconds <= 0 { SystemTime::UNIX_EPOCH } else { now + life });
                }
            }
            "samesite" => {
                self.same_site = match value.to_ascii_lowercase().as_str() {
                    "strict" => SameSite::Strict,
                    "none" => SameSite::None,
                    _ => SameSite::Lax,
                }
            }
            _ => {}
        }
    }

    fn settle_domain(&mut self, stated: Option<&str>, url: &Url) -> bool {
        let Some(domain) = stated.filter(|domain| !domain.is_empty()) else { return true };
        let covers = domain_matches(&self.domain, domain, matches!(url.host(), Some(Host::Domain(_))));
        // A single label is a public suffix, unless it is the host itself.
        if !covers || (!domain.contains('.') && domain != self.domain) {
            return false;
        }
        self.host_only = !domain.contains('.');
        self.domain = domain.to_owned();
        true
    }

    fn allowed(&self, url: &Url, stated: &Stated) -> bool {
        let prefixed = |prefix: &str| {
            let starts =
                |text: &str| text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
            starts(&self.name) || (self.name.is_empty() && starts(&self.value))
        };
        let confined = stated.root_path && stated.domain.is_none();
        let must_be_secure = self.same_site == SameSite::None || prefixed("__Secure-") || prefixed("__Host-");
        if self.secure { is_secure(url) && (confined || !prefixed("__Host-")) } else { !must_be_secure }
    }

    /// Whether it belongs to requests for this URL, by host, path and security.
    pub(crate) fn matches(&self, url: &Url) -> bool {
        let Some(host) = url.host_str() else { return false };
        let named = matches!(url.host(), Some(Host::Domain(_)));
        let domain =
            if self.host_only { host == self.domain } else { domain_matches(host, &self.domain, named) };
        domain && path_matches(url.path(), &self.path) && (!self.secure || is_secure(url))
    }

    pub(crate) fn replaces(&self, other: &Self) -> bool {
        (&self.name, &self.domain, &self.path, self.host_only)
            == (&other.name, &other.domain, &other.path, other.host_only)
    }
}

/// What the attributes said, for the checks that need to know.
#[derive(Default)]
struct Stated {
    domain: Option<String>,
    expires: Option<SystemTime>,
    max_age: Option<SystemTime>,
    root_path: bool,
}

fn domain_matches(host: &str, domain: &str, named: bool) -> bool {
    let under = || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    host == domain || (named && under())
}

fn default_path(url: &Url) -> String {
    match url.path().rsplit_once('/') {
        Some((directory, _)) if !directory.is_empty() => directory.to_owned(),
        _ => "/".to_owned(),
    }
}

fn path_matches(path: &str, of_cookie: &str) -> bool {
    path.strip_prefix(of_cookie)
        .is_some_and(|rest| rest.is_empty() || of_cookie.ends_with('/') || rest.starts_with('/'))
}
