//! Record ids of 18 characters: a prefix that names the kind, a number, and a checksum of the letters' case.

/// The id of the `number`th record of the kind with this three-letter prefix.
pub(crate) fn identifier(prefix: &str, number: u64) -> String {
    checked(&format!("{prefix}xx{number:010}"))
}

/// The first 15 characters with the three that make the case of the letters recoverable.
fn checked(fifteen: &str) -> String {
    let mut id = fifteen.to_owned();
    for five in fifteen.as_bytes().chunks(5) {
        let bits = five.iter().rev().fold(0, |bits, one| bits << 1 | usize::from(one.is_ascii_uppercase()));
        id.extend(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345".get(bits).map(|sign| char::from(*sign)));
    }
    id
}

/// The first 15 characters, under which the org's tokens begin.
pub(crate) fn short(id: &str) -> &str {
    id.get(..15).unwrap_or(id)
}

/// Whether two ids, of 15 or 18 characters, name the same record.
pub(crate) fn same(one: &str, other: &str) -> bool {
    one.len() >= 15 && other.len() >= 15 && short(one) == short(other)
}

/// The 18 characters of an id of 15 or 18; none for anything else.
pub(crate) fn whole(id: &str) -> Option<String> {
    let fifteen = id.get(..15)?;
    if !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let whole = checked(fifteen);
    (id.len() == 15 || id.eq_ignore_ascii_case(&whole)).then_some(whole)
}
