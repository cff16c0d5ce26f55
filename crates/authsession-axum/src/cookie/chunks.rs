//! The cookies a session travels in: a text cut in chunks that browsers keep, named for their session.

use authsession_store::key::StoreKey;
use authsession_store::store::Parcel;
use http::{HeaderMap, HeaderValue};

use crate::cookie::{CookieNames, Lasts, pairs, write};

/// Browsers keep no cookie beyond 4,096 bytes; name and attributes take their part.
const CHUNK: usize = 3_600;
const CHUNKS: usize = Parcel::LARGEST.div_ceil(CHUNK);
/// Cookies of other sessions that one response drops.
const DROPPED_AT_ONCE: usize = 32;

/// What a request's cookies hold of one session.
#[derive(Debug, Default)]
pub(crate) struct Chunks {
    /// The text they make up, as far as it goes.
    pub(crate) text: String,
    /// How many there are, the last one's number counted.
    count: usize,
}

impl CookieNames {
    /// The chunks of that session; none of what is too long, or comes twice with different values.
    pub(crate) fn chunks(&self, headers: &HeaderMap, key: &StoreKey) -> Chunks {
        let (tag, mut found) = (tag(key), [None; CHUNKS]);
        for (_, index, value) in self.all_chunks(headers).filter(|(name, ..)| **name == tag) {
            match found.get_mut(index) {
                Some(before @ None) => *before = Some(value),
                Some(Some(before)) if *before != value => {
                    return Chunks { count: CHUNKS, ..Chunks::default() };
                }
                _ => {}
            }
        }
        let count = found.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        let text: Vec<&str> = found.into_iter().map_while(|chunk| chunk).collect();
        Chunks { text: text.concat(), count }
    }

    /// The cookies that hold that text in place of those chunks.
    pub(crate) fn keep_chunks(
        &self,
        key: &StoreKey,
        text: &str,
        lasts: Lasts,
        in_place_of: &Chunks,
    ) -> Vec<HeaderValue> {
        let tag = tag(key);
        let pieces = text.as_bytes().chunks(CHUNK).map(|piece| str::from_utf8(piece).unwrap_or_default());
        let mut cookies: Vec<_> = pieces
            .enumerate()
            .map(|(index, piece)| write(&self.chunk(&tag, index), piece, lasts, self.of_session()))
            .collect();
        let left_over = cookies.len()..in_place_of.count;
        cookies.extend(left_over.map(|index| self.drop_chunk(&tag, index)));
        cookies
    }

    /// The cookies that drop every chunk of that session, whether the request brought it or not.
    pub(crate) fn drop_chunks(&self, key: &StoreKey) -> impl Iterator<Item = HeaderValue> {
        let tag = tag(key);
        (0..CHUNKS).map(move |index| self.drop_chunk(&tag, index))
    }

    /// The cookies that drop what the request brought of all sessions but that one.
    pub(crate) fn drop_other_chunks<'request>(
        &'request self,
        headers: &'request HeaderMap,
        but: Option<&StoreKey>,
    ) -> impl Iterator<Item = HeaderValue> + use<'request> {
        let kept = but.map(tag);
        self.all_chunks(headers)
            .filter(move |(tag, ..)| kept.as_deref() != Some(*tag))
            .take(DROPPED_AT_ONCE)
            .map(|(tag, index, _)| self.drop_chunk(tag, index))
    }

    /// The chunks of whatever session: its tag, their number and value.
    fn all_chunks<'request>(
        &'request self,
        headers: &'request HeaderMap,
    ) -> impl Iterator<Item = (&'request str, usize, &'request str)> {
        pairs(headers).filter(|(_, value)| value.len() <= CHUNK).filter_map(|(name, value)| {
            let name = name.strip_prefix(self.session.as_str())?.strip_prefix('-')?;
            let (tag, index) = name.split_once('-')?;
            let is_tag = tag.len() == 8 && tag.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            let index = match index.as_bytes() {
                [digit @ b'0'..=b'9'] => usize::from(digit - b'0'),
                _ => return None,
            };
            is_tag.then_some((tag, index, value))
        })
    }

    fn chunk(&self, tag: &str, index: usize) -> String {
        format!("{}-{tag}-{index}", self.session)
    }

    fn drop_chunk(&self, tag: &str, index: usize) -> HeaderValue {
        write(&self.chunk(tag, index), "", Lasts::NoMore, self.of_session())
    }
}

/// What tells one session's chunks from another's in the same browser, so that a slow answer to a request of the one before
/// overwrites none of the one that is there now. As much as the log shows.
fn tag(key: &StoreKey) -> String {
    let [a, b, c, d, ..] = key.as_bytes();
    format!("{a:02x}{b:02x}{c:02x}{d:02x}")
}
