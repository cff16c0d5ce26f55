//! A token as what it is made of: base64url is kept as the bytes it stands for where that is the same text again.
//!
//! A token is split at its dots. Each part has a head (its length and what it is) and follows it, unless it is readable: the
//! JSON of a JWT's header and claims stands elsewhere, where it is packed with the other texts. The last part is a JWT's
//! signature, or an opaque token; it never goes there.

use authsession_core::secret::Secret;
use base64_simd::URL_SAFE_NO_PAD;
use zeroize::Zeroize as _;

use crate::written::fields;

// What a part is, in the lowest two bits of its head; above them is its length.
const TEXT: usize = 0;
const BYTES: usize = 1;
const READABLE: usize = 2;
/// As `BYTES`, and what follows does so without a dot: the last letters, which alone would not come out the same.
const BEGINNING: usize = 3;

/// What `{` and a space, a line's end, or a quotation mark look like in base64url.
const JSON: [&str; 3] = ["eyJ", "eyA", "ewo"];

/// More than a token of that text takes among what is kept as it is.
pub(super) fn most_kept(text: &str) -> usize {
    text.len() + text.len() / 32 + 2 * fields::LONGEST
}

/// Writes a token: what can be read in it into `texts`, the rest into `kept`.
pub(super) fn put(text: &str, kept: &mut Vec<u8>, texts: &mut Vec<u8>) {
    let mut parts = text.split('.').peekable();
    while let Some(part) = parts.next() {
        let last = parts.peek().is_none();
        let readable = !last && JSON.iter().any(|start| part.starts_with(start));
        let written = readable && put_readable(part, kept, texts)
            || put_bytes(part, BYTES, kept)
            || put_beginning(part, kept);
        if !written {
            put_text(part, kept);
        }
    }
}

fn put_text(part: &str, kept: &mut Vec<u8>) {
    fields::put_length(kept, part.len() << 2 | TEXT);
    kept.extend_from_slice(part.as_bytes());
}

fn put_readable(part: &str, kept: &mut Vec<u8>, texts: &mut Vec<u8>) -> bool {
    let decoded = decode_onto(texts, part);
    if decoded {
        fields::put_length(kept, decoded_length(part) << 2 | READABLE);
    }
    decoded
}

fn put_bytes(part: &str, kind: usize, kept: &mut Vec<u8>) -> bool {
    let start = kept.len();
    fields::put_length(kept, decoded_length(part) << 2 | kind);
    let decoded = decode_onto(kept, part);
    if !decoded {
        kept.truncate(start);
    }
    decoded
}

/// For opaque tokens, which look like base64url and need not be.
fn put_beginning(part: &str, kept: &mut Vec<u8>) -> bool {
    match part.split_at_checked(part.len() / 4 * 4) {
        None | Some(("", _) | (_, "")) => false,
        Some((beginning, end)) => {
            let written = put_bytes(beginning, BEGINNING, kept);
            if written {
                put_text(end, kept);
            }
            written
        }
    }
}

/// Takes only what encodes to the same text again: no padding, no bits left over.
fn decode_onto(out: &mut Vec<u8>, part: &str) -> bool {
    URL_SAFE_NO_PAD.decode_append(part, out).is_ok()
}

const fn decoded_length(part: &str) -> usize {
    part.len() * 3 / 4
}

/// Reads one back.
pub(super) fn take(kept: &[u8], texts: &[u8]) -> Option<Secret> {
    let (mut length, mut dot) = (0, false);
    for part in (Parts { kept, texts }) {
        let part = part?;
        length += usize::from(dot) + part.length();
        dot = part.kind != BEGINNING;
    }
    let mut text = Vec::with_capacity(length);
    let mut dot = false;
    for part in (Parts { kept, texts }).flatten() {
        if dot {
            text.push(b'.');
        }
        if part.kind == TEXT {
            text.extend_from_slice(part.bytes);
        } else {
            URL_SAFE_NO_PAD.encode_append(part.bytes, &mut text);
        }
        dot = part.kind != BEGINNING;
    }
    match String::from_utf8(text) {
        Ok(text) => Some(Secret::from(text)),
        Err(no_text) => {
            no_text.into_bytes().zeroize();
            None
        }
    }
}

struct Part<'bytes> {
    kind: usize,
    bytes: &'bytes [u8],
}

impl Part<'_> {
    /// That of its text.
    const fn length(&self) -> usize {
        let length = self.bytes.len();
        if self.kind == TEXT { length } else { (length * 4).div_ceil(3) }
    }
}

struct Parts<'bytes> {
    kept: &'bytes [u8],
    texts: &'bytes [u8],
}

impl<'bytes> Iterator for Parts<'bytes> {
    type Item = Option<Part<'bytes>>;

    fn next(&mut self) -> Option<Self::Item> {
        (!self.kept.is_empty()).then(|| self.part())
    }
}

impl<'bytes> Parts<'bytes> {
    fn part(&mut self) -> Option<Part<'bytes>> {
        let head = fields::take_length(&mut self.kept)?;
        let (length, kind) = (head >> 2, head & 3);
        let from = if kind == READABLE { &mut self.texts } else { &mut self.kept };
        let (bytes, rest) = from.split_at_checked(length)?;
        *from = rest;
        Some(Part { kind, bytes })
    }
}
