//! Values in SOQL: written so that they stay values (SOQL and SOSL Reference, "Quoted String Escape Sequences").

pub mod condition;
mod instant;
pub mod literal;
pub mod select;

pub use crate::soql::instant::datetime;

/// A text as SOQL writes it, with its quotes. Whatever is in it, it is a value and nothing else.
///
/// ```
/// use authsession_salesforce::soql;
///
/// let soql = format!("SELECT Id FROM Contact WHERE LastName = {}", soql::quote("O'Hara"));
/// assert_eq!(soql, r"SELECT Id FROM Contact WHERE LastName = 'O\'Hara'");
/// ```
#[must_use]
pub fn quote(value: &str) -> String {
    let mut quoted = String::with_capacity(value.len() + 2);
    quoted.push('\'');
    value.chars().for_each(|sign| escape(sign, &mut quoted));
    quoted.push('\'');
    quoted
}

/// A text as part of a pattern between the quotes of `LIKE '…'`: its `%` and `_` stand for themselves, and it does not end the
/// quotes. It is not to be quoted again.
///
/// ```
/// use authsession_salesforce::soql;
///
/// let soql = format!("SELECT Id FROM Account WHERE Name LIKE '{}%'", soql::escape_like("100%_'sure'"));
/// assert_eq!(soql, r"SELECT Id FROM Account WHERE Name LIKE '100\%\_\'sure\'%'");
/// ```
#[must_use]
pub fn escape_like(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for sign in value.chars() {
        if matches!(sign, '%' | '_') {
            escaped.push('\\');
        }
        escape(sign, &mut escaped);
    }
    escaped
}

fn escape(sign: char, text: &mut String) {
    let letter = match sign {
        '\'' | '\\' | '"' => sign,
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        '\u{8}' => 'b',
        '\u{c}' => 'f',
        _ => return text.push(sign),
    };
    text.push('\\');
    text.push(letter);
}
