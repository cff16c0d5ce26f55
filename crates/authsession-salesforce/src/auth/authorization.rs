//! The value of the header `Authorization` (RFC 6750 §2.1), at once or after a wait.

use std::borrow::Cow;
use std::fmt;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::HeaderValue;

use crate::error::{CirrusError, CirrusResult};

const SCHEME: &str = "Bearer ";

/// A future of the header's value: `Bearer` and the token, marked sensitive.
///
/// Ready at once, without an allocation, when the session has a token in hand.
#[must_use = "it is a future: await it"]
pub struct Authorization<'a>(State<'a>);

enum State<'a> {
    Ready(HeaderValue),
    Waiting(Pin<Box<dyn Future<Output = CirrusResult<Cow<'a, str>>> + Send + 'a>>),
    /// The value was handed out.
    Done,
}

impl<'a> Authorization<'a> {
    /// One that is there already. Its value should come from [`bearer`].
    pub const fn ready(value: HeaderValue) -> Self {
        Self(State::Ready(value))
    }

    /// One that is there when the token is.
    pub fn after(
        access_token: Pin<Box<dyn Future<Output = CirrusResult<Cow<'a, str>>> + Send + 'a>>,
    ) -> Self {
        Self(State::Waiting(access_token))
    }
}

impl Future for Authorization<'_> {
    type Output = CirrusResult<HeaderValue>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match mem::replace(&mut self.0, State::Done) {
            State::Ready(value) => Poll::Ready(Ok(value)),
            State::Waiting(mut access_token) => match access_token.as_mut().poll(context) {
                Poll::Ready(token) => Poll::Ready(token.and_then(|token| bearer(&token))),
                Poll::Pending => {
                    self.0 = State::Waiting(access_token);
                    Poll::Pending
                }
            },
            State::Done => Poll::Ready(Err(CirrusError::misconfigured(
                "this authorization was awaited to its end before: ask the session for another",
            ))),
        }
    }
}

impl fmt::Debug for Authorization<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.0 {
            State::Ready(_) => "Authorization(ready)",
            State::Waiting(_) => "Authorization(waiting)",
            State::Done => "Authorization(done)",
        })
    }
}

/// The header's value for a token, marked sensitive.
///
/// # Errors
/// [`CirrusError::InvalidArgument`] for a token with characters no header can carry.
pub fn bearer(token: &str) -> CirrusResult<HeaderValue> {
    let mut value = HeaderValue::try_from(format!("{SCHEME}{token}")).map_err(|_| {
        CirrusError::invalid_argument("access_token", "has characters no header can carry: copy it again")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// The token in a header's value, to [`invalidate`](crate::auth::session::AuthSession::invalidate) it.
///
/// ```
/// use authsession_salesforce::auth::authorization::{bearer, token_in};
///
/// assert_eq!(token_in(&bearer("00Dxx!AQ")?), Some("00Dxx!AQ"));
/// # Ok::<(), authsession_salesforce::CirrusError>(())
/// ```
#[must_use]
pub fn token_in(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok()?.strip_prefix(SCHEME)
}
