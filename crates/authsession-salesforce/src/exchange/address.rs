//! Where a call goes: a path becomes a URL of the instance, or it becomes an error.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::Url;

use crate::auth::transport::is_secure_transport_for;
use crate::error::{CirrusError, CirrusResult};

/// All but what RFC 3986 §2.3 leaves as it is.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// How one org is addressed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Address<'a> {
    /// Scheme, host and port, without a slash at the end.
    pub(crate) instance: &'a str,
    /// As in `v66.0`.
    pub(crate) version: &'a str,
    /// Whether a token may travel by plain http.
    pub(crate) insecure: bool,
    /// Whether a proxy is between us and even this machine's own hosts.
    pub(crate) proxied: bool,
}

impl Address<'_> {
    /// The URL of a path: below the version (`limits`), from the root (`/services/apexrest/orders`) or absolute, at the instance.
    pub(crate) fn resolve(&self, path: &str) -> CirrusResult<Url> {
        self.resolve_with(path, "")
    }

    /// The same with parameters, as a form writes them; those the path has of its own come first.
    pub(crate) fn resolve_with(&self, path: &str, parameters: &str) -> CirrusResult<Url> {
        let url = Url::parse(&self.written(path, parameters))?;
        // What is written behind the instance is at the instance.
        let elsewhere = if is_absolute(path) { Some(Url::parse(self.instance)?) } else { None };
        let instance = elsewhere.as_ref().unwrap_or(&url);
        if !self.insecure && !is_secure_transport_for(instance, self.proxied) {
            return Err(CirrusError::invalid_input(
                "instance_url",
                "is plain http, where everyone on the way could read the token: use https",
            ));
        }
        climbs_nowhere(path)?;
        if elsewhere.is_some_and(|instance| instance.origin() != url.origin()) {
            return Err(CirrusError::invalid_input(
                "path",
                "leads away from the instance, where the token must not go",
            ));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(CirrusError::invalid_input("path", "must not carry a user name or password"));
        }
        if url.fragment().is_some() {
            return Err(CirrusError::invalid_input(
                "path",
                "has a `#`: write %23, or leave out what follows",
            ));
        }
        Ok(url)
    }

    fn written(&self, path: &str, parameters: &str) -> String {
        let before = match path.strip_prefix('/') {
            Some(_) => [self.instance, "", "", ""],
            None if is_absolute(path) => [""; 4],
            None => [self.instance, "/services/data/", self.version, "/"],
        };
        let between = match path.split_once('?') {
            _ if parameters.is_empty() => "",
            None => "?",
            Some((_, "")) => "",
            Some(_) => "&",
        };
        let [instance, data, version, slash] = before;
        [instance, data, version, slash, path, between, parameters].concat()
    }

    /// The URL of these segments below the version.
    pub(crate) fn versioned(&self, segments: &[&str]) -> CirrusResult<String> {
        let mut path = String::new();
        for part in segments {
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(&segment("segments", part)?);
        }
        Ok(self.resolve(&path)?.into())
    }
}

/// `https://…`, however it is written.
fn is_absolute(path: &str) -> bool {
    path.split_once("://").is_some_and(|(scheme, _)| {
        !scheme.is_empty()
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    })
}

/// `..` would leave the folder the caller meant, escaped or not: a record name or id of somebody else's must not do that.
fn climbs_nowhere(path: &str) -> CirrusResult<()> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let climbs = |part: &str| matches!(&*percent_decode_str(part).decode_utf8_lossy(), "." | "..");
    if path.split(['/', '\\']).any(climbs) {
        return Err(CirrusError::invalid_input("path", "has a segment `.` or `..`: name what is meant"));
    }
    if path.chars().any(|sign| sign.is_control() || sign == '\\') {
        return Err(CirrusError::invalid_input("path", "has a backslash or a control character: encode it"));
    }
    Ok(())
}

/// A path segment with everything encoded that is not a letter, a digit or one of `-_.~`: for names and ids that come from
/// elsewhere, in paths of one's own.
///
/// ```
/// use authsession_salesforce::encode_path_segment;
///
/// assert_eq!(encode_path_segment("A/B C"), "A%2FB%20C");
/// ```
#[must_use]
pub fn encode_path_segment(segment: &str) -> Cow<'_, str> {
    utf8_percent_encode(segment, ENCODED).into()
}

/// The same for the argument of that name, which has to be one segment: not empty, and no step to somewhere else.
pub(crate) fn segment<'a>(name: &'static str, value: &'a str) -> CirrusResult<Cow<'a, str>> {
    match value {
        "" => Err(CirrusError::invalid_input(name, "is empty")),
        "." | ".." => Err(CirrusError::invalid_input(name, "must not be `.` or `..`")),
        _ => Ok(encode_path_segment(value)),
    }
}

/// A parameter of a URL or path that Salesforce gave.
pub(crate) fn parameter(url: &str, name: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    let query = query.split('#').next().unwrap_or_default();
    let value = url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name)?.1;
    Some(value.into_owned()).filter(|value| !value.is_empty() && value != "null")
}

/// As in `v66.0`.
pub(crate) fn is_version(text: &str) -> bool {
    let number = text.strip_prefix('v').and_then(|number| number.split_once('.'));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|sign| sign.is_ascii_digit());
    number.is_some_and(|(major, minor)| is_digits(major) && is_digits(minor))
}
