//! A GraphQL document: one query, its variables filled in. Fragments and directives are not known here.

use crate::org::rest::graphql::Fault;
use serde_json::Map;
use serde_json::Value;

/// What the query selects.
pub(crate) struct Document {
    pub(crate) selected: Vec<Node>,
}

/// A field: its name, its arguments, and what is selected of it.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) alias: String,
    pub(crate) name: String,
    pub(crate) arguments: Map<String, Value>,
    pub(crate) selected: Vec<Self>,
}

struct Parser<'a> {
    words: Vec<String>,
    at: usize,
    variables: Map<String, Value>,
    given: &'a Value,
}

impl Node {
    /// An argument; null when it was not given.
    pub(crate) fn argument(&self, name: &str) -> Value {
        self.arguments.get(name).cloned().unwrap_or_default()
    }
}

impl Document {
    pub(crate) fn parse(text: &str, variables: &Value) -> Result<Self, Fault> {
        let words = words(text)?;
        let given = variables.as_object().cloned().unwrap_or_default();
        let mut parser = Parser { words, at: 0, variables: given, given: variables };
        if parser.take("query") {
            if parser.peek() != "{" && parser.peek() != "(" {
                parser.next()?;
            }
            if parser.take("(") {
                parser.declarations()?;
            }
        }
        let selected = parser.selection()?;
        if parser.peek().is_empty() { Ok(Self { selected }) } else { Err(parser.wrong()) }
    }
}

impl Parser<'_> {
    fn declarations(&mut self) -> Result<(), Fault> {
        while !self.take(")") {
            let name = self.next()?;
            self.expect(":")?;
            // The type, up to the next variable, a default or the end.
            while !matches!(self.peek(), ")" | "=" | "") && !self.peek().starts_with('$') {
                self.next()?;
            }
            if self.take("=") {
                let default = self.value()?;
                let name = name.trim_start_matches('$');
                if self.given.get(name).is_none() {
                    self.variables.insert(name.to_owned(), default);
                }
            }
        }
        Ok(())
    }

    fn selection(&mut self) -> Result<Vec<Node>, Fault> {
        self.expect("{")?;
        let mut nodes = Vec::new();
        while !self.take("}") {
            nodes.push(self.node()?);
        }
        Ok(nodes)
    }

    fn node(&mut self) -> Result<Node, Fault> {
        let alias = self.name()?;
        let name = if self.take(":") { self.name()? } else { alias.clone() };
        let arguments = if self.take("(") { self.members(")")? } else { Map::new() };
        let selected = if self.peek() == "{" { self.selection()? } else { Vec::new() };
        Ok(Node { alias, name, arguments, selected })
    }

    fn members(&mut self, end: &str) -> Result<Map<String, Value>, Fault> {
        let mut members = Map::new();
        while !self.take(end) {
            let name = self.name()?;
            self.expect(":")?;
            members.insert(name, self.value()?);
        }
        Ok(members)
    }

    fn value(&mut self) -> Result<Value, Fault> {
        if self.take("{") {
            return Ok(Value::Object(self.members("}")?));
        }
        if self.take("[") {
            let mut values = Vec::new();
            while !self.take("]") {
                values.push(self.value()?);
            }
            return Ok(Value::Array(values));
        }
        let word = self.next()?;
        if let Some(name) = word.strip_prefix('$') {
            return Ok(self.variables.get(name).cloned().unwrap_or_default());
        }
        // Numbers, texts and keywords are as in JSON; what is none of them is the name of an enum's value.
        Ok(serde_json::from_str(&word).unwrap_or(Value::String(word)))
    }

    fn name(&mut self) -> Result<String, Fault> {
        if self.peek().starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
            self.next()
        } else {
            Err(self.wrong())
        }
    }

    fn peek(&self) -> &str {
        self.words.get(self.at).map_or("", String::as_str)
    }

    fn next(&mut self) -> Result<String, Fault> {
        let word = self.words.get(self.at).cloned().ok_or_else(|| self.wrong())?;
        self.at += 1;
        Ok(word)
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.peek() == word;
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, word: &str) -> Result<(), Fault> {
        if self.take(word) { Ok(()) } else { Err(self.wrong()) }
    }

    fn wrong(&self) -> Fault {
        let word = if self.peek().is_empty() { "<EOF>" } else { self.peek() };
        Fault("InvalidSyntax", format!("Invalid syntax: offending token '{word}'"))
    }
}

/// Names, signs, numbers, texts with their quotes, and variables with their `$`. Commas are nothing.
fn words(text: &str) -> Result<Vec<String>, Fault> {
    let mut words = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|sign: char| sign.is_whitespace() || sign == ',');
        let Some(first) = rest.chars().next() else { return Ok(words) };
        let length = match first {
            '#' => {
                rest = rest.split_once('\n').map_or("", |(_, after)| after);
                continue;
            }
            '"' => quoted(rest)?,
            '{' | '}' | '(' | ')' | '[' | ']' | ':' | '=' | '!' => 1,
            '$' | '-' | '_' => 1 + name_length(rest.get(1..).unwrap_or_default()),
            first if first.is_ascii_alphanumeric() => name_length(rest),
            other => {
                return Err(Fault("InvalidSyntax", format!("Invalid syntax: offending token '{other}'")));
            }
        };
        words.push(rest.get(..length).unwrap_or_default().to_owned());
        rest = rest.get(length..).unwrap_or_default();
    }
}

fn name_length(text: &str) -> usize {
    text.find(|sign: char| !sign.is_ascii_alphanumeric() && sign != '_' && sign != '.').unwrap_or(text.len())
}

fn quoted(text: &str) -> Result<usize, Fault> {
    let mut escaped = false;
    for (at, sign) in text.char_indices().skip(1) {
        match sign {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Ok(at + 1),
            _ => {}
        }
    }
    Err(Fault("InvalidSyntax", "Invalid syntax: a text is not closed".to_owned()))
}
