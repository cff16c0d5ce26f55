//! Origins and sites: who counts as the same, and which connections count as secure.

use url::Host;
use url::Url;

/// Scheme, host and port as an `Origin` header says them.
pub(crate) fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// What a `Referer` header says by default (Referrer Policy, strict-origin-when-cross-origin): the page to its own origin,
/// the origin alone to another.
pub(crate) fn referrer(from: &Url, target: &Url) -> String {
    if from.origin() == target.origin() {
        from[..url::Position::AfterQuery].to_owned()
    } else {
        format!("{}/", origin(from))
    }
}

/// Scheme and registrable domain (RFC 6265bis §5.2), taken to be the last two labels; ports do not matter.
pub(crate) fn same_site(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme() && registrable(one) == registrable(other)
}

fn registrable(url: &Url) -> String {
    match url.host() {
        Some(Host::Domain(name)) => {
            let labels: Vec<&str> = name.split('.').collect();
            labels.get(labels.len().saturating_sub(2)..).unwrap_or_default().join(".")
        }
        Some(address) => address.to_string(),
        None => String::new(),
    }
}

/// HTTPS, or a host that never leaves the machine.
pub(crate) fn is_secure(url: &Url) -> bool {
    url.scheme() == "https" || is_loopback(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// How a request's target relates to who asked for it, as `Sec-Fetch-Site` says it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Relation {
    /// The user typed it.
    None,
    SameOrigin,
    SameSite,
    CrossSite,
}

impl Relation {
    pub(crate) fn of(initiator: Option<&Url>, target: &Url) -> Self {
        match initiator {
            None => Self::None,
            Some(url) if url.origin() == target.origin() => Self::SameOrigin,
            Some(url) if same_site(url, target) => Self::SameSite,
            Some(_) => Self::CrossSite,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::SameOrigin => "same-origin",
            Self::SameSite => "same-site",
            Self::CrossSite => "cross-site",
        }
    }
}
