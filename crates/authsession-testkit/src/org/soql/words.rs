//! A query's words: names, values and signs.

use crate::org::api_error::ApiError;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Word {
    /// A name, a keyword or a date literal such as `LAST_N_DAYS:3`; names of parents' fields have dots.
    Name(String),
    /// A number, a day or an instant.
    Value(String),
    /// What stood between quotes, its backslashes still there.
    Text(String),
    Sign(&'static str),
}

const SIGNS: [&str; 11] = ["!=", "<>", "<=", ">=", "=", "<", ">", "(", ")", ",", ":"];

/// The words of a query.
pub(crate) fn words(text: &str) -> Result<Vec<Word>, ApiError> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, length) = if first == '\'' {
            quoted(rest)?
        } else if first.is_ascii_alphabetic() || first == '_' {
            let length = length_of(rest, |sign| sign.is_ascii_alphanumeric() || "_.:".contains(sign));
            (Word::Name(rest.get(..length).unwrap_or_default().to_owned()), length)
        } else if first.is_ascii_digit() || "+-.".contains(first) {
            let length = length_of(rest, |sign| sign.is_ascii_alphanumeric() || "+-.:".contains(sign));
            (Word::Value(rest.get(..length).unwrap_or_default().to_owned()), length)
        } else {
            let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign));
            let sign = sign.ok_or_else(|| unexpected(&first.to_string()))?;
            (Word::Sign(sign), sign.len())
        };
        words.push(word);
        rest = rest.get(length..).unwrap_or_default().trim_start();
    }
    Ok(words)
}

pub(crate) fn unexpected(word: &str) -> ApiError {
    ApiError::malformed_query(format!("unexpected token: '{word}'"))
}

fn length_of(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|sign| !belongs(sign)).unwrap_or(text.len())
}

/// The text up to the quote that ends it, and the length of it all.
fn quoted(text: &str) -> Result<(Word, usize), ApiError> {
    let mut escaped = false;
    for (at, sign) in text.char_indices().skip(1) {
        match sign {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\'' => return Ok((Word::Text(text.get(1..at).unwrap_or_default().to_owned()), at + 1)),
            _ => {}
        }
    }
    Err(ApiError::malformed_query("Bind variables only allowed in Apex code, or a quote is missing"))
}

/// A quoted text as it is meant.
pub(crate) fn meant(raw: &str) -> Result<String, ApiError> {
    unescaped(raw, |sign| sign.to_string())
}

/// A quoted text as a pattern for SQL's `LIKE … ESCAPE '\'`.
pub(crate) fn pattern(raw: &str) -> Result<String, ApiError> {
    unescaped(
        raw,
        |sign| if matches!(sign, '\\' | '_' | '%') { format!("\\{sign}") } else { sign.to_string() },
    )
}

fn unescaped(raw: &str, literally: impl Fn(char) -> String) -> Result<String, ApiError> {
    let mut text = String::new();
    let mut signs = raw.chars();
    while let Some(sign) = signs.next() {
        if sign != '\\' {
            text.push(sign);
            continue;
        }
        match signs.next().unwrap_or(' ') {
            'n' | 'N' => text.push('\n'),
            'r' | 'R' => text.push('\r'),
            't' | 'T' => text.push('\t'),
            'b' | 'B' => text.push('\u{8}'),
            'f' | 'F' => text.push('\u{c}'),
            same @ ('"' | '\'' | '\\' | '_' | '%') => text.push_str(&literally(same)),
            'u' | 'U' => {
                let digits: String = signs.by_ref().take(4).collect();
                let sign = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
                text.push_str(&literally(sign.ok_or_else(|| illegal(raw, &format!("u{digits}")))?));
            }
            other => return Err(illegal(raw, &other.to_string())),
        }
    }
    Ok(text)
}

fn illegal(raw: &str, sequence: &str) -> ApiError {
    ApiError::malformed_query(format!(
        "Invalid string literal '{raw}'. Illegal character sequence '\\{sequence}' in string literal."
    ))
}
