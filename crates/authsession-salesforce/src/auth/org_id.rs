//! The ids of orgs and users, in their 15 or 18 characters.

use std::fmt;

use url::Url;

/// The key prefix of orgs.
const PREFIX: &str = "00D";

/// An org's id. The 18-character form only adds a checksum: both forms of one id are equal.
///
/// ```
/// use authsession_salesforce::auth::OrgId;
///
/// assert_eq!(OrgId::parse("00D5g00000AbCdEFGH"), OrgId::parse("00D5g00000AbCdE"));
/// assert_eq!(OrgId::in_access_token("00D5g00000AbCdE!AQ8A"), OrgId::parse("00D5g00000AbCdE"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct OrgId([u8; 15]);

impl OrgId {
    /// Reads an id; `None` if it is not one of an org.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let of_an_org = matches!(text.len(), 15 | 18)
            && text.starts_with(PREFIX)
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        of_an_org.then_some(())?;
        text.as_bytes().get(..15)?.try_into().ok().map(Self)
    }

    /// The org of an identity URL, `https://login.salesforce.com/id/{org}/{user}`: the `id` of a token answer.
    #[must_use]
    pub fn in_identity_url(url: &str) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        let mut segments = url.path_segments()?;
        segments.by_ref().find(|segment| *segment == "id")?;
        Self::parse(segments.next()?)
    }

    /// The org an access token is for: `{org}!{secret}`. `None` for a token of another form, such as a JWT.
    #[must_use]
    pub fn in_access_token(token: &str) -> Option<Self> {
        Self::parse(token.split_once('!')?.0)
    }

    /// The 15 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// A user's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UserId([u8; 15]);

impl UserId {
    /// The user of an identity URL.
    pub(crate) fn in_identity_url(url: &str) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        let user = url.path_segments()?.skip_while(|segment| *segment != "id").nth(2)?;
        let form = matches!(user.len(), 15 | 18) && user.bytes().all(|byte| byte.is_ascii_alphanumeric());
        form.then_some(())?;
        user.as_bytes().get(..15)?.try_into().ok().map(Self)
    }

    /// The 15 characters.
    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for OrgId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "OrgId({})", self.as_str())
    }
}

impl fmt::Display for OrgId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
