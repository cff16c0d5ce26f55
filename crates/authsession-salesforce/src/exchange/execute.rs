//! A request of the caller's own: one new token if the session's own was refused, and nothing more.

use futures_util::{StreamExt, stream};
use http::StatusCode;
use http::header::AUTHORIZATION;
use reqwest::{Body, Request, Response};
use url::Url;

use crate::error::{CirrusError, CirrusResult};
use crate::exchange::answer::{Answer, Rest, collect_error};
use crate::exchange::{Exchange, calls_for_new_token};

impl Exchange {
    pub(crate) async fn execute(&self, request: Request) -> CirrusResult<Response> {
        let is_here = self.is_at_instance(request.url())?;
        let sent = request.headers().get(AUTHORIZATION).cloned().filter(|sent| is_here && self.is_ours(sent));
        let is_repeatable = request.method().is_idempotent();
        let spare = if sent.is_some() { request.try_clone() } else { None };
        let asked = request.url().clone();
        let mut response = self.client_for(&asked).execute(request).await.map_err(CirrusError::of_call)?;
        let (Some(sent), true) = (sent, *response.url() == asked) else { return Ok(response) };
        self.note(response.headers());
        if !response.status().is_client_error() {
            self.detector.accepted(&sent);
            return Ok(response);
        }
        let (status, headers) = (response.status(), response.headers().clone());
        let (body, rest) = collect_error(&mut response).await;
        let answer = Answer { status, headers, body, repeated: false };
        if calls_for_new_token(&answer, is_repeatable)
            && let Some(new) = self.new_token(&sent).await?
            && let Some(mut again) = spare
            // The org may have moved with the new token, and it must not go to where it was.
            && self.is_at_instance(&asked)?
        {
            self.handed_out.note(&new);
            again.headers_mut().insert(AUTHORIZATION, new.clone());
            let response = self.client_for(&asked).execute(again).await.map_err(CirrusError::of_call)?;
            self.note(response.headers());
            match response.status() {
                StatusCode::UNAUTHORIZED => self.detector.refused(&new),
                _ => self.detector.accepted(&new),
            }
            return Ok(response);
        }
        Ok(unread(answer, rest, response))
    }

    fn is_at_instance(&self, url: &Url) -> CirrusResult<bool> {
        Ok(Url::parse(self.settings.auth.instance_url())?.origin() == url.origin())
    }

    /// Whether the session gave that token. Somebody else's must not become the session's.
    fn is_ours(&self, sent: &http::HeaderValue) -> bool {
        self.handed_out.has(sent) || self.settings.auth.authorization_at_once().as_ref() == Some(sent)
    }
}

/// The answer as if nobody had looked.
fn unread(answer: Answer, rest: Rest, response: Response) -> Response {
    let begun = stream::iter([Ok::<_, reqwest::Error>(answer.body.clone())]);
    let body = match rest {
        Rest::Nothing => Body::from(answer.body),
        Rest::ToCome => Body::wrap_stream(begun.chain(response.bytes_stream())),
        Rest::Missing(error) => Body::wrap_stream(begun.chain(stream::iter([Err(error)]))),
    };
    let mut response = http::Response::new(body);
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    response.into()
}
