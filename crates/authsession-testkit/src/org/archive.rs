//! The names of the files in a zip archive, from its central directory (APPNOTE 4.3.12).

const ENTRY: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";

/// None if it is no archive.
pub(crate) fn names(zip: &[u8]) -> Option<Vec<String>> {
    let end = zip.windows(END.len()).rposition(|window| window == END)?;
    let mut at = number(zip, end + 16, 4)?;
    let mut names = Vec::new();
    for _ in 0..number(zip, end + 10, 2)? {
        zip.get(at..)?.starts_with(ENTRY).then_some(())?;
        let name = number(zip, at + 28, 2)?;
        let more = number(zip, at + 30, 2)? + number(zip, at + 32, 2)?;
        names.push(String::from_utf8_lossy(zip.get(at + 46..at + 46 + name)?).into_owned());
        at += 46 + name + more;
    }
    Some(names)
}

/// Of so many bytes, the least significant first.
fn number(zip: &[u8], at: usize, bytes: usize) -> Option<usize> {
    Some(zip.get(at..at + bytes)?.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte)))
}
