//! Answers packed by gzip (RFC 1952), for who takes them so (RFC 9110 §12.5.3).

use crate::wire::Reply;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::HeaderMap;
use http::header::ACCEPT_ENCODING;
use std::io;
use std::io::Write as _;

/// Whether those are the headers of a request whose answer may be packed.
pub(crate) fn is_taken(headers: &HeaderMap) -> bool {
    let named = |coding: &str| {
        let mut parts = coding.split(';').map(str::trim);
        let is_gzip = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        is_gzip && !parts.any(|weight| matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    };
    headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(named)
}

/// The same answer, packed. What is sent piece by piece is packed piece by piece.
pub(crate) fn packed(mut reply: Reply) -> Reply {
    if reply.chunks.is_none() && reply.body.is_empty() {
        return reply;
    }
    let mut packing = Packing(GzEncoder::new(Vec::new(), Compression::fast()));
    match reply.chunks.take() {
        Some(mut chunks) => {
            let mut packing = Some(packing);
            reply.chunks = Some(Box::new(std::iter::from_fn(move || match chunks.next() {
                Some(chunk) => packing.as_mut()?.piece(&chunk).ok(),
                None => packing.take()?.end().ok(),
            })));
        }
        None => {
            let body = packing.0.write_all(&reply.body).and_then(|()| packing.end());
            let Ok(body) = body else { return reply };
            reply.body = body;
        }
    }
    reply.header("content-encoding", "gzip").header("vary", "Accept-Encoding")
}

struct Packing(GzEncoder<Vec<u8>>);

impl Packing {
    /// A piece that whoever receives it can unpack at once.
    fn piece(&mut self, bytes: &[u8]) -> io::Result<Bytes> {
        self.0.write_all(bytes)?;
        self.0.flush()?;
        Ok(std::mem::take(self.0.get_mut()).into())
    }

    fn end(self) -> io::Result<Bytes> {
        self.0.finish().map(Bytes::from)
    }
}
