//! A request of the caller's own: one new token if its own was refused, and nothing more.

use http::StatusCode;
use http::header::AUTHORIZATION;
use reqwest::{Request, Response};
use url::Url;

use crate::error::{CirrusError, CirrusResult};
use crate::exchange::answer::{Answer, collect_error};
use crate::exchange::{Exchange, calls_for_new_token};

impl Exchange {
    pub(crate) async fn execute(&self, request: Request) -> CirrusResult<Response> {
        let is_ours = self.is_at_instance(request.url())?;
        let sent = request.headers().get(AUTHORIZATION).filter(|_| is_ours).cloned();
        let spare = if sent.is_some() { request.try_clone() } else { None };
        let asked = request.url().clone();
        let mut response = self.settings.client.execute(request).await.map_err(CirrusError::of_call)?;
        let (Some(sent), true) = (sent, *response.url() == asked) else { return Ok(response) };
        self.note(response.headers());
        if !response.status().is_client_error() {
            self.detector.accepted();
            return Ok(response);
        }
        let (status, headers) = (response.status(), response.headers().clone());
        let body = collect_error(&mut response).await;
        let answer = Answer { status, headers, body, repeated: false };
        if calls_for_new_token(&answer)
            && let Some(new) = self.new_token(&sent).await?
            && let Some(mut again) = spare
            // The org may have moved with the new token, and it must not go to where it was.
            && self.is_at_instance(&asked)?
        {
            again.headers_mut().insert(AUTHORIZATION, new.clone());
            let response = self.settings.client.execute(again).await.map_err(CirrusError::of_call)?;
            self.note(response.headers());
            match response.status() {
                StatusCode::UNAUTHORIZED => self.detector.refused(&new),
                _ => self.detector.accepted(),
            }
            return Ok(response);
        }
        Ok(unread(answer))
    }

    fn is_at_instance(&self, url: &Url) -> CirrusResult<bool> {
        Ok(Url::parse(self.settings.auth.instance_url())?.origin() == url.origin())
    }
}

/// The answer as if nobody had looked.
fn unread(answer: Answer) -> Response {
    let mut response = http::Response::new(answer.body);
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    response.into()
}
