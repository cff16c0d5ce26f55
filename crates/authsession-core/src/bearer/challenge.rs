//! What an answer says about the token it was asked with (RFC 6750 §3, §3.1; RFC 9110 §11.6.1).

use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, StatusCode};

/// Whether another token may do better: the status is 401, and no challenge says `error="insufficient_scope"`.
///
/// 403 is no refusal of the token: whoever it stands for is known, and may not do that.
///
/// ```
/// use authsession_core::bearer::challenge::refuses_the_token;
/// use http::{HeaderMap, StatusCode};
///
/// let mut headers = HeaderMap::new();
/// assert!(refuses_the_token(StatusCode::UNAUTHORIZED, &headers));
/// assert!(!refuses_the_token(StatusCode::FORBIDDEN, &headers));
/// headers.insert("www-authenticate", r#"Bearer realm="api", error="insufficient_scope""#.parse().unwrap());
/// assert!(!refuses_the_token(StatusCode::UNAUTHORIZED, &headers));
/// ```
#[must_use]
pub fn refuses_the_token(status: StatusCode, headers: &HeaderMap) -> bool {
    let mut challenges = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    status == StatusCode::UNAUTHORIZED && !challenges.any(names_insufficient_scope)
}

/// Of `Scheme name=value, name="va,lue", Scheme name=value`: whether one parameter is that error.
fn names_insufficient_scope(challenges: &str) -> bool {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let mut parameters = challenges.split(move |character| {
        let is_plain = !std::mem::take(&mut is_escaped);
        match character {
            '\\' => is_escaped = is_plain && is_quoted,
            '"' => is_quoted ^= is_plain,
            ',' => return !is_quoted,
            _ => {}
        }
        false
    });
    parameters.any(|parameter| {
        let Some((name, value)) = parameter.split_once('=') else { return false };
        let name = name.split_whitespace().next_back().unwrap_or_default();
        name.eq_ignore_ascii_case("error") && value.trim().trim_matches('"') == "insufficient_scope"
    })
}
