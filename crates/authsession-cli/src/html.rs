//! HTML from templates with `{{holes}}`, and text made harmless.

/// The template with each hole filled. One pass: a hole's name inside a value is text like any other.
pub(crate) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut html = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, behind) = after.split_once("}}").unwrap_or((after, ""));
        html.push_str(before);
        html.push_str(values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value));
        rest = behind;
    }
    html.push_str(rest);
    html
}

/// The text as HTML that shows it, in an element or a quoted attribute.
pub(crate) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::{escaped, fill};

    #[test]
    fn a_value_that_looks_like_a_hole_stays_text() {
        assert_eq!(fill("<b>{{a}}</b>{{b}}!", &[("a", "{{b}}"), ("b", "x")]), "<b>{{b}}</b>x!");
    }

    #[test]
    fn markup_in_a_claim_is_shown_and_does_nothing() {
        assert_eq!(escaped("<img src=\"x\" alt='&'>"), "&lt;img src=&quot;x&quot; alt=&#39;&amp;&#39;&gt;");
    }
}
