//! What the org's records say, made fit for a terminal: nothing of it moves the cursor, or tells the terminal to do something.

use std::borrow::Cow;

/// CSV, in its lines.
pub(crate) fn csv(text: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(text);
    if !text.chars().any(is_harmful) {
        return text;
    }
    text.chars().map(|sign| if is_harmful(sign) { char::REPLACEMENT_CHARACTER } else { sign }).collect()
}

/// JSON, which can name what it does not show.
pub(crate) fn json(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len());
    for sign in text.chars() {
        if is_harmful(sign) {
            harmless.push_str(&format!("\\u{:04x}", u32::from(sign)));
        } else {
            harmless.push(sign);
        }
    }
    harmless
}

fn is_harmful(sign: char) -> bool {
    sign.is_control() && !matches!(sign, '\n' | '\t')
}
