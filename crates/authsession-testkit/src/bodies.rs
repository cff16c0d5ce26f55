//! Bodies no client should swallow: endless, oversized, a gzip bomb, one that breaks off.

use axum::body::Body;
use bytes::Bytes;
use http_body::Frame;
use http_body::SizeHint;
use std::io;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;

const LIMIT: usize = 64 * 1024 * 1024;
const CHUNK: usize = 16 * 1024;

/// A JSON document of about this many bytes.
pub(crate) fn oversized(bytes: usize) -> String {
    format!("{{\"padding\":\"{}\"}}", "x".repeat(bytes))
}

/// Streams `{"padding":"xxxx…` up to the limit, without announcing a length.
pub(crate) fn endless() -> Body {
    Body::new(Stream { sent: 0, ends: End::AtLimit })
}

/// Sends the first half of `whole`, announces all of it, and breaks off.
pub(crate) fn truncated(whole: &Bytes) -> Body {
    let half = whole.slice(..whole.len() / 2);
    Body::new(Stream { sent: 0, ends: End::BreaksOff { half, announced: whole.len().max(1) } })
}

struct Stream {
    sent: usize,
    ends: End,
}

enum End {
    AtLimit,
    BreaksOff { half: Bytes, announced: usize },
}

impl http_body::Body for Stream {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let first = self.sent == 0;
        let chunk = match &self.ends {
            End::AtLimit if self.sent >= LIMIT => return Poll::Ready(None),
            End::AtLimit if first => Bytes::from_static(b"{\"padding\":\""),
            End::AtLimit => Bytes::from_static(&[b'x'; CHUNK]),
            End::BreaksOff { half, .. } if first && !half.is_empty() => half.clone(),
            End::BreaksOff { .. } => {
                return Poll::Ready(Some(Err(io::Error::other("broken off by the test"))));
            }
        };
        self.sent += chunk.len();
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn size_hint(&self) -> SizeHint {
        match &self.ends {
            End::AtLimit => SizeHint::new(),
            End::BreaksOff { announced, .. } => SizeHint::with_exact(u64::try_from(*announced).unwrap_or(0)),
        }
    }
}

/// A gzip member (RFC 1952) that unpacks to 64 MiB of zeros.
///
/// One fixed-Huffman block (RFC 1951 §3.2.6): a literal zero, then copies of length 258 at distance 1. The checksum
/// is not right: nobody should get that far.
pub(crate) fn gzip_bomb() -> Bytes {
    let mut bits = Bits { bytes: vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff], filled: 0 };
    bits.push(&[true, true, false]);
    bits.push_code(0b0011_0000, 8);
    for _ in 0..LIMIT / 258 {
        bits.push_code(0b1100_0101, 8);
        bits.push_code(0, 5);
    }
    bits.push_code(0, 7);
    let mut bytes = bits.bytes;
    bytes.extend_from_slice(&[0; 8]);
    bytes.into()
}

/// Bits in the order DEFLATE packs them: from the least significant of each byte.
struct Bits {
    bytes: Vec<u8>,
    filled: u8,
}

impl Bits {
    fn push(&mut self, bits: &[bool]) {
        for bit in bits {
            if self.filled == 0 {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= u8::from(*bit) << self.filled;
            }
            self.filled = (self.filled + 1) % 8;
        }
    }

    /// A Huffman code, most significant bit first.
    fn push_code(&mut self, code: u8, length: u8) {
        for at in (0..length).rev() {
            self.push(&[code >> at & 1 == 1]);
        }
    }
}
