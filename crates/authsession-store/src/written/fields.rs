//! Numbered values one after the other: a number, a length, and so many bytes.

use zeroize::Zeroizing;

/// What a number or a length takes at most.
pub(super) const LONGEST: usize = 10;

/// One more than the highest number read; what has a higher one is a later release's.
const KNOWN: usize = 23;

/// Seven bits a byte, the lowest first, the top bit set while more follow.
pub(super) fn put_length(out: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        out.push(length.to_le_bytes()[0] | 0x80);
        length >>= 7;
    }
    out.push(length.to_le_bytes()[0]);
}

/// Reads one off the front.
pub(super) fn take_length(bytes: &mut &[u8]) -> Option<usize> {
    let mut length = 0_u64;
    for shift in (0..u64::BITS).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let bits = u64::from(byte & 0x7f);
        length |= bits << shift;
        if byte & 0x80 == 0 {
            return usize::try_from(length).ok();
        }
    }
    None
}

pub(super) fn put(out: &mut Vec<u8>, field: usize, value: &[u8]) {
    put_length(out, field);
    put_length(out, value.len());
    out.extend_from_slice(value);
}

/// A field whose value is written in place; none when that is nothing.
pub(super) fn put_with(out: &mut Vec<u8>, field: usize, value: impl FnOnce(&mut Vec<u8>)) {
    let before = out.len();
    put_length(out, field);
    let start = out.len();
    value(out);
    let end = out.len();
    if end == start {
        return out.truncate(before);
    }
    put_length(out, end - start);
    let length = out.len() - end;
    if let Some(written) = out.get_mut(start..) {
        written.rotate_right(length);
    }
}

/// A number near zero is short, below it too.
pub(super) fn put_number(out: &mut Vec<u8>, field: usize, number: i64) {
    let bytes = ((number << 1) ^ (number >> 63)).to_le_bytes();
    let length = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    put(out, field, bytes.get(..length).unwrap_or(&bytes));
}

/// The fields of known number, by number, and those of the one that may stand more than once.
pub(super) struct Fields<'bytes> {
    one: [Option<&'bytes [u8]>; KNOWN],
    repeated: Vec<&'bytes [u8]>,
    later: Zeroizing<Vec<u8>>,
}

impl<'bytes> Fields<'bytes> {
    /// All of them, if that is what the bytes are.
    pub(super) fn all<const REPEATED: usize>(mut bytes: &'bytes [u8]) -> Option<Self> {
        let mut fields = Self { one: [None; KNOWN], repeated: Vec::new(), later: Zeroizing::new(Vec::new()) };
        while !bytes.is_empty() {
            let left = bytes.len();
            let field = take_length(&mut bytes)?;
            let length = take_length(&mut bytes)?;
            let (value, rest) = bytes.split_at_checked(length)?;
            bytes = rest;
            if field == REPEATED {
                fields.repeated.push(value);
            } else if let Some(place) = fields.one.get_mut(field) {
                *place = Some(value);
            } else {
                // All that can follow, so that nothing is moved: what moves leaves a copy that nobody wipes.
                fields.later.reserve(left);
                put(&mut fields.later, field, value);
            }
        }
        Some(fields)
    }

    pub(super) fn has(&self, field: usize) -> bool {
        self.value(field).is_some()
    }

    pub(super) fn value(&self, field: usize) -> Option<&'bytes [u8]> {
        self.one.get(field).copied().flatten()
    }

    pub(super) fn repeated(&self) -> &[&'bytes [u8]] {
        &self.repeated
    }

    /// Those of unknown number, as they were written.
    pub(super) fn later(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.later.to_vec())
    }

    /// `Some(None)`: it is not there. `None`: it is, and is no text.
    pub(super) fn text(&self, field: usize) -> Option<Option<&'bytes str>> {
        self.value(field).map(str::from_utf8).transpose().ok()
    }

    /// `Some(None)`: it is not there. `None`: it is, and is no number.
    pub(super) fn number(&self, field: usize) -> Option<Option<i64>> {
        let Some(value) = self.value(field) else { return Some(None) };
        let mut bytes = [0; 8];
        bytes.get_mut(..value.len())?.copy_from_slice(value);
        let folded = u64::from_le_bytes(bytes);
        Some(Some((folded >> 1).cast_signed() ^ -(folded & 1).cast_signed()))
    }
}
