//! A request of the caller's own: one new token if its own was refused, and nothing more.

use http::header::AUTHORIZATION;
use reqwest::{Request, Response};
use url::Url;

use crate::error::{CirrusError, CirrusResult};
use crate::exchange::answer::{Answer, collect_error};
use crate::exchange::{Exchange, calls_for_new_token};

impl Exchange {
    pub(crate) async fn execute(&self, request: Request) -> CirrusResult<Response> {
        let is_ours = Url::parse(self.settings.auth.instance_url())?.origin() == request.url().origin();
        let sent = request.headers().get(AUTHORIZATION).filter(|_| is_ours).cloned();
        let spare = if sent.is_some() { request.try_clone() } else { None };
        let asked = request.url().clone();
        let mut response = self.settings.client.execute(request).await.map_err(CirrusError::of_call)?;
        let (Some(sent), true) = (sent, *response.url() == asked) else { return Ok(response) };
        self.note(response.headers());
        if !response.status().is_client_error() {
            return Ok(response);
        }
        let (status, headers) = (response.status(), response.headers().clone());
        let body = collect_error(&mut response).await;
        let answer = Answer { status, headers, body };
        if calls_for_new_token(&answer)
            && let Some(new) = self.new_token(&sent).await?
            && let Some(mut again) = spare
        {
            again.headers_mut().insert(AUTHORIZATION, new);
            return self.settings.client.execute(again).await.map_err(CirrusError::of_call);
        }
        Ok(unread(answer))
    }
}

/// The answer as if nobody had looked.
fn unread(answer: Answer) -> Response {
    let mut response = http::Response::new(answer.body);
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    response.into()
}
