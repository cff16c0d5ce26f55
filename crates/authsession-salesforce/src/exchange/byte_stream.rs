//! A body as it comes.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http::HeaderMap;

use crate::error::{CirrusError, CirrusResult};
use crate::exchange::governor::Turn;

/// A download of any size, in pieces as they arrive; whoever does not ask for more lets the other side wait. Dropping it ends it.
///
/// A piece may be an error: the connection broke. What came before it is good, and the rest is missing.
pub struct ByteStream {
    status: u16,
    headers: HeaderMap,
    body: Pin<Box<dyn Stream<Item = CirrusResult<Bytes>> + Send>>,
    /// Room that others wait for, until the last byte.
    turn: Option<Turn>,
}

impl ByteStream {
    pub(crate) fn new(mut response: reqwest::Response, turn: Turn) -> Self {
        let (status, headers) = (response.status().as_u16(), std::mem::take(response.headers_mut()));
        let body = response.bytes_stream().map(|piece| piece.map_err(CirrusError::of_call));
        Self { status, headers, body: Box::pin(body), turn: Some(turn) }
    }

    /// A body that is put together of several answers, under the first one's headers.
    pub(crate) fn of(
        status: u16,
        headers: HeaderMap,
        body: impl Stream<Item = CirrusResult<Bytes>> + Send + 'static,
    ) -> Self {
        Self { status, headers, body: Box::pin(body), turn: None }
    }

    /// The answer's HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The answer's headers.
    #[must_use]
    pub const fn headers(&self) -> &HeaderMap {
        &self.headers
    }
}

impl Stream for ByteStream {
    type Item = CirrusResult<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let piece = ready!(self.body.as_mut().poll_next(context));
        if !matches!(piece, Some(Ok(_))) {
            self.turn = None;
        }
        Poll::Ready(piece)
    }
}

impl fmt::Debug for ByteStream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ByteStream").field("status", &self.status).finish_non_exhaustive()
    }
}
