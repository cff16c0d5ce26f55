//! The parts of a `multipart/form-data` body (RFC 7578).

use bytes::Bytes;

pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) body: Bytes,
}

/// The parts, or nothing if the body is not what the content type says.
pub(crate) fn parts(content_type: &str, body: &Bytes) -> Option<Vec<Part>> {
    let boundary = parameter(content_type, "boundary")?;
    let delimiter = format!("\r\n--{boundary}");
    let opening = format!("--{boundary}");
    let first = find(body, opening.as_bytes(), 0)?;
    let mut at = first + opening.len();
    let mut parts = Vec::new();
    while body.get(at..at + 2)? != b"--" {
        at = find(body, b"\r\n", at)? + 2;
        let end = find(body, delimiter.as_bytes(), at.saturating_sub(2))?;
        parts.push(part(&body.slice(at..end.max(at)))?);
        at = end + delimiter.len();
    }
    Some(parts)
}

fn part(whole: &Bytes) -> Option<Part> {
    let end = find(whole, b"\r\n\r\n", 0)?;
    let head = std::str::from_utf8(whole.get(..end)?).ok()?;
    let header = |wanted: &str| {
        let pairs = head.lines().filter_map(|line| line.split_once(':'));
        let mut values = pairs.filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        values.next().map_or("", |(_, value)| value.trim())
    };
    Some(Part { name: parameter(header("content-disposition"), "name")?, body: whole.slice(end + 4..) })
}

fn parameter(header: &str, wanted: &str) -> Option<String> {
    let pairs = header.split(';').filter_map(|one| one.trim().split_once('='));
    let mut values = pairs.filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
    values.next().map(|(_, value)| value.trim_matches('"').to_owned())
}

fn find(text: &[u8], wanted: &[u8], from: usize) -> Option<usize> {
    let first = *wanted.first()?;
    let mut at = from;
    loop {
        at += text.get(at..)?.iter().position(|byte| *byte == first)?;
        if text.get(at..)?.starts_with(wanted) {
            return Some(at);
        }
        at += 1;
    }
}
