//! The first form of a page: enough of HTML to fill in and send what the testkit and its users serve.

/// A form, as found in a page.
pub(crate) struct Form {
    pub(crate) action: String,
    pub(crate) post: bool,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) buttons: Vec<Button>,
}

/// A way to send the form: what it shows, and what it adds.
pub(crate) struct Button {
    pub(crate) label: String,
    pub(crate) field: Option<(String, String)>,
}

impl Form {
    /// The first form of the page.
    pub(crate) fn first(html: &str) -> Option<Self> {
        let lower = html.to_ascii_lowercase();
        let start = lower.find("<form")?;
        let end = lower.get(start..)?.find("</form").map_or(html.len(), |at| start + at);
        let mut rest = html.get(start..end)?;
        let mut form = Self { action: String::new(), post: false, fields: Vec::new(), buttons: Vec::new() };
        while let Some((tag, after)) = next_tag(rest) {
            form.take(&tag, after);
            rest = after;
        }
        Some(form)
    }

    fn take(&mut self, tag: &Tag, after: &str) {
        let field = tag.value("name").map(|name| (name, tag.value("value").unwrap_or_default()));
        match tag.name.as_str() {
            "form" => {
                self.action = tag.value("action").unwrap_or_default();
                self.post = tag.value("method").is_some_and(|method| method.eq_ignore_ascii_case("post"));
            }
            "input" => match tag.value("type").unwrap_or_default().to_ascii_lowercase().as_str() {
                "submit" => {
                    self.buttons.push(Button { label: tag.value("value").unwrap_or_default(), field })
                }
                "checkbox" | "radio" if tag.value("checked").is_none() => {}
                "button" | "reset" | "image" => {}
                _ => self.fields.extend(field),
            },
            "button" => self.buttons.push(Button { label: text_until(after, "</button"), field }),
            "textarea" => {
                self.fields.extend(field.map(|(name, _)| (name, text_until(after, "</textarea"))));
            }
            _ => {}
        }
    }
}

struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn value(&self, name: &str) -> Option<String> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    }
}

/// The next opening tag, and what follows it.
fn next_tag(html: &str) -> Option<(Tag, &str)> {
    let mut rest = html;
    loop {
        rest = rest.get(rest.find('<')? + 1..)?;
        if rest.starts_with(|first: char| first.is_ascii_alphabetic()) {
            break;
        }
    }
    let name_end = rest.find(|character: char| !character.is_ascii_alphanumeric()).unwrap_or(rest.len());
    let (name, mut rest) = rest.split_at(name_end);
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start_matches(|character: char| character.is_whitespace() || character == '/');
        if rest.is_empty() {
            return None;
        }
        if let Some(after) = rest.strip_prefix('>') {
            return Some((Tag { name: name.to_ascii_lowercase(), attributes }, after));
        }
        let (attribute, after) = next_attribute(rest)?;
        attributes.push(attribute);
        rest = after;
    }
}

fn next_attribute(text: &str) -> Option<((String, String), &str)> {
    let ends_name = |character: char| character.is_whitespace() || matches!(character, '=' | '>' | '/');
    let end = text
        .char_indices()
        .skip(1)
        .find(|(_, character)| ends_name(*character))
        .map_or(text.len(), |(at, _)| at);
    let (name, rest) = text.split_at(end);
    let name = name.to_ascii_lowercase();
    let Some(rest) = rest.trim_start().strip_prefix('=').map(str::trim_start) else {
        return Some(((name, String::new()), rest));
    };
    let quote = rest.chars().next().filter(|first| matches!(first, '"' | '\''));
    let (value, rest) = match quote {
        Some(quote) => rest.get(1..)?.split_once(quote)?,
        None => rest.split_at(
            rest.find(|character: char| character.is_whitespace() || character == '>').unwrap_or(rest.len()),
        ),
    };
    Some(((name, unescaped(value)), rest))
}

/// The text up to a closing tag, without the tags in it.
fn text_until(html: &str, close: &str) -> String {
    let end = html.to_ascii_lowercase().find(close).unwrap_or(html.len());
    let mut text = String::new();
    let mut inside = false;
    for character in html.get(..end).unwrap_or_default().chars() {
        match character {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                text.push(' ');
            }
            _ if inside => {}
            other => text.push(other),
        }
    }
    unescaped(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, entity) = rest.split_at(at);
        plain.push_str(before);
        let known = entity
            .get(1..)
            .and_then(|body| body.split_once(';'))
            .and_then(|(name, after)| Some((decoded(name)?, after)));
        match known {
            Some((character, after)) => {
                plain.push(character);
                rest = after;
            }
            None => {
                plain.push('&');
                rest = entity.get(1..).unwrap_or_default();
            }
        }
    }
    plain.push_str(rest);
    plain
}

fn decoded(entity: &str) -> Option<char> {
    match entity {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        _ => {
            let number = entity.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}
