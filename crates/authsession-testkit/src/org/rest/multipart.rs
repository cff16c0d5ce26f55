//! `multipart/form-data` (RFC 7578).

/// One part: its name, its kind, its bytes.
pub(crate) struct Part<'a> {
    pub(crate) name: Option<String>,
    is_file: bool,
    kind: String,
    pub(crate) body: &'a [u8],
}

impl Part<'_> {
    /// Whether it is the record, not one of its files, which may be JSON too.
    pub(crate) fn is_record(&self) -> bool {
        !self.is_file && self.kind.to_ascii_lowercase().starts_with("application/json")
    }
}

/// What separates the parts, if the body has any.
pub(crate) fn boundary(content_type: &str) -> Option<String> {
    let (kind, parameters) = content_type.split_once(';')?;
    kind.trim().to_ascii_lowercase().starts_with("multipart/").then_some(())?;
    parameter(parameters, "boundary")
}

/// The parts that are whole.
pub(crate) fn parts<'a>(body: &'a [u8], boundary: &str) -> Vec<Part<'a>> {
    let delimiter = format!("--{boundary}").into_bytes();
    let mut parts = Vec::new();
    let Some(mut at) = find(body, &delimiter, 0).map(|at| at + delimiter.len()) else { return parts };
    while let Some(end) = find(body, &delimiter, at) {
        if let Some(part) = body.get(at..end).and_then(part) {
            parts.push(part);
        }
        at = end + delimiter.len();
    }
    parts
}

/// Headers, an empty line, the content, and the line's end that is the delimiter's.
fn part(text: &[u8]) -> Option<Part<'_>> {
    let text = text.strip_prefix(b"\r\n")?;
    let end = find(text, b"\r\n\r\n", 0)?;
    let head = String::from_utf8_lossy(text.get(..end)?).into_owned();
    let body = text.get(end + 4..)?.strip_suffix(b"\r\n")?;
    let mut part = Part { name: None, is_file: false, kind: String::new(), body };
    for line in head.split("\r\n") {
        let (name, value) = line.split_once(':')?;
        match name.trim().to_ascii_lowercase().as_str() {
            "content-disposition" => {
                part.name = parameter(value, "name");
                part.is_file = parameter(value, "filename").is_some();
            }
            "content-type" => part.kind = value.trim().to_owned(),
            _ => {}
        }
    }
    Some(part)
}

fn parameter(text: &str, wanted: &str) -> Option<String> {
    text.split(';').find_map(|one| {
        let (name, value) = one.trim().split_once('=')?;
        name.eq_ignore_ascii_case(wanted).then(|| value.trim_matches('"').to_owned())
    })
}

fn find(text: &[u8], wanted: &[u8], from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    rest.windows(wanted.len()).position(|window| window == wanted).map(|at| at + from)
}
