//! Words in SOSL: written so that they are searched for as they are (SOQL and SOSL Reference, "SOSL FIND Clause").

/// What means something in the braces of `FIND {…}`.
pub const RESERVED: [char; 19] =
    ['?', '&', '|', '!', '{', '}', '[', ']', '(', ')', '^', '~', '*', ':', '\\', '"', '\'', '+', '-'];

/// A text as a search term: none of its signs is an operator or a wildcard, or ends the braces. Words such as `AND` still are
/// operators: put the term between `"` to search for a phrase.
///
/// ```
/// use authsession_salesforce::sosl;
///
/// let sosl = format!("FIND {{{}}} IN NAME FIELDS RETURNING Account(Id)", sosl::escape_term("AT&T (US)"));
/// assert_eq!(sosl, r"FIND {AT\&T \(US\)} IN NAME FIELDS RETURNING Account(Id)");
/// ```
#[must_use]
pub fn escape_term(term: &str) -> String {
    let mut escaped = String::with_capacity(term.len());
    for sign in term.chars() {
        if RESERVED.contains(&sign) {
            escaped.push('\\');
        }
        escaped.push(sign);
    }
    escaped
}
