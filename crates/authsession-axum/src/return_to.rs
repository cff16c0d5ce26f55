//! Where the user goes after signing in: a place of this application, whatever somebody wrote into a link.

use url::Url;

/// In bytes, as written into the login's cookie; a longer place counts as none.
const LONGEST: usize = 1024;

/// The path, query and fragment of `text` if it points into this application; `None` for anything else.
///
/// `text` is read as a browser reads it (the WHATWG URL standard) and compared by origin.
pub(crate) fn parse(text: &str, application: &Url) -> Option<String> {
    let absolute = ["https://", "http://"].iter().any(|scheme| text.starts_with(scheme));
    let odd = text.len() > 4 * LONGEST
        || text.contains(|character: char| character.is_control() || character == '\\')
        || text.starts_with("//");
    if odd || !(absolute || text.starts_with('/')) {
        return None;
    }
    let url = application.join(text).ok()?;
    let ours = url.origin() == application.origin() && url.username().is_empty() && url.password().is_none();
    let place = &url[url::Position::BeforePath..];
    // A path that begins with two slashes would be read as another host when the browser is sent there; one that hides
    // them behind percent signs has no honest use at the start of a path.
    let two_slashes = place.starts_with("//") || begins_with_encoded_slash(place);
    (ours && !two_slashes && place.len() <= LONGEST).then(|| place.to_owned())
}

fn begins_with_encoded_slash(place: &str) -> bool {
    let start = place.trim_start_matches('/').get(..3).unwrap_or_default();
    start.eq_ignore_ascii_case("%2f") || start.eq_ignore_ascii_case("%5c")
}
