//! Bodies as they are sent: at once, in chunks, slowly; and those no client should swallow.

use axum::body::Body;
use bytes::Bytes;
use http_body::Frame;
use http_body::SizeHint;
use std::io;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;
use std::task::ready;
use std::time::Duration;
use tokio::time::Sleep;

const LIMIT: usize = 64 * 1024 * 1024;
const CHUNK: usize = 16 * 1024;

/// What is sent piece by piece, each made when its turn comes.
pub(crate) type Chunks = Box<dyn Iterator<Item = Bytes> + Send>;

/// How a body is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    AsItComes,
    /// Half of it, then the connection breaks.
    BreaksOff,
    /// Half of it, then nothing, for ever.
    Stalls,
    Slow {
        bytes: usize,
        tick: Duration,
    },
}

/// A body all of which is there; its length is announced.
pub(crate) fn whole(bytes: Bytes, pace: Pace) -> Body {
    let half = bytes.len() / 2;
    match pace {
        Pace::AsItComes => Body::from(bytes),
        _ => {
            let announced = u64::try_from(bytes.len().max(1)).ok();
            Body::new(Stream::new(Box::new(std::iter::once(bytes)), half, announced, pace))
        }
    }
}

/// A body whose length nobody knows yet. Its half is its first chunk.
pub(crate) fn streamed(mut chunks: Chunks, pace: Pace) -> Body {
    let first = chunks.next();
    let half = first.as_ref().map_or(0, Bytes::len);
    Body::new(Stream::new(Box::new(first.into_iter().chain(chunks)), half, None, pace))
}

/// A JSON document of about this many bytes.
pub(crate) fn oversized(bytes: usize) -> String {
    format!("{{\"padding\":\"{}\"}}", "x".repeat(bytes))
}

/// Streams `{"padding":"xxxx…` up to the limit, without announcing a length.
pub(crate) fn endless() -> Body {
    let padding = std::iter::repeat_n(Bytes::from_static(&[b'x'; CHUNK]), LIMIT / CHUNK);
    let all = std::iter::once(Bytes::from_static(b"{\"padding\":\"")).chain(padding);
    streamed(Box::new(all), Pace::AsItComes)
}

struct Stream {
    chunks: Chunks,
    /// Of the chunk begun.
    rest: Bytes,
    /// How much may still be sent before it breaks off or stalls.
    left: usize,
    half_is_out: bool,
    announced: Option<u64>,
    pace: Pace,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Stream {
    fn new(chunks: Chunks, left: usize, announced: Option<u64>, pace: Pace) -> Self {
        Self { chunks, rest: Bytes::new(), left, half_is_out: false, announced, pace, pause: None }
    }

    /// As much of what is next as `most` allows.
    fn take(&mut self, most: usize) -> Option<Bytes> {
        while self.rest.is_empty() {
            self.rest = self.chunks.next()?;
        }
        Some(self.rest.split_to(most.min(self.rest.len())))
    }
}

impl http_body::Body for Stream {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let most = match self.pace {
            Pace::AsItComes => usize::MAX,
            Pace::Slow { bytes, .. } => bytes.max(1),
            Pace::BreaksOff if self.left == 0 && !self.half_is_out => {
                // What is sent so far leaves only while there is nothing to send.
                self.half_is_out = true;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Pace::BreaksOff if self.left == 0 => {
                return Poll::Ready(Some(Err(io::Error::other("broken off by the test"))));
            }
            Pace::Stalls if self.left == 0 => return Poll::Pending,
            Pace::BreaksOff | Pace::Stalls => self.left,
        };
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(context));
        }
        let chunk = self.take(most);
        if let Pace::Slow { tick, .. } = self.pace {
            self.pause = Some(Box::pin(tokio::time::sleep(tick)));
        }
        self.left = self.left.saturating_sub(chunk.as_ref().map_or(0, Bytes::len));
        Poll::Ready(chunk.map(|chunk| Ok(Frame::data(chunk))))
    }

    fn size_hint(&self) -> SizeHint {
        self.announced.map_or_else(SizeHint::new, SizeHint::with_exact)
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
