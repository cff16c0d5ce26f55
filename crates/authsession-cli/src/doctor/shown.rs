//! What others wrote, made fit for a terminal: no control characters, and not much of it.

const LONGEST: usize = 120;
const MOST: usize = 6;

/// A text of the provider's.
pub(crate) fn text(theirs: &str) -> String {
    let mut shown: String = theirs
        .chars()
        .take(LONGEST)
        .map(|c| if c == ' ' || c.is_ascii_graphic() { c } else { '?' })
        .collect();
    if theirs.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

/// The first few of them.
pub(crate) fn list<T: AsRef<str>>(theirs: &[T]) -> String {
    let mut shown = theirs.iter().take(MOST).map(|one| text(one.as_ref())).collect::<Vec<_>>().join(", ");
    if theirs.len() > MOST {
        shown.push_str(&format!(" and {} more", theirs.len() - MOST));
    }
    shown
}

/// What lies beneath an error, where another library knows more.
pub(crate) fn error(error: &(dyn std::error::Error + 'static)) -> String {
    let mut deepest = error;
    while let Some(cause) = deepest.source() {
        deepest = cause;
    }
    let told = error.to_string();
    if std::ptr::addr_eq(deepest, error) {
        return told;
    }
    format!("{}: {}", told.trim_end_matches(": try again later"), text(&deepest.to_string()))
}
