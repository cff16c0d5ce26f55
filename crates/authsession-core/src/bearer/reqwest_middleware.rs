//! The token on every request of a `reqwest_middleware` client (RFC 6750 §2.1, §3.1).
//!
//! # Redirects
//! reqwest follows them beneath every middleware, and knows nothing of our origins. It drops `Authorization` when the host or
//! the port changes, and since 0.13.4 when the scheme does; 0.13.3 kept it from `https://api.example:8443` to
//! `http://api.example:8443`. A path it does not heed. So give the client [`Origins::redirect_policy`].

use std::sync::Arc;

use async_trait::async_trait;
use http::header::AUTHORIZATION;
use http::{Extensions, HeaderMap, StatusCode};
use reqwest::redirect::Policy;
use reqwest::{Request, Response};
use reqwest_middleware::{Middleware, Next};

use crate::bearer::BearerTokens;
use crate::bearer::origin::{Origins, is_same_origin};
use crate::bearer::rule::Rule;
use crate::error::Error;

/// Attaches the token, and tries once more with another after a refusal. [The rule](crate::bearer) is the layer's, too.
///
/// When there is no token the request fails with `reqwest_middleware::Error::Middleware`, which holds the [`Error`]. A
/// refusal by somewhere a redirect led to, out of the origin, says nothing about the token and changes nothing.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use authsession_core::bearer::BearerTokens;
/// use authsession_core::bearer::origin::Origins;
/// use authsession_core::bearer::reqwest_middleware::BearerMiddleware;
/// use authsession_core::error::Error;
///
/// async fn orders(tokens: Arc<dyn BearerTokens>) -> Result<(), Box<dyn std::error::Error>> {
///     let api = Origins::of("https://api.example")?;
///     let client = reqwest::Client::builder().redirect(api.redirect_policy()).build()?;
///     let client = reqwest_middleware::ClientBuilder::new(client).with(BearerMiddleware::new(tokens, api)).build();
///     match client.get("https://api.example/orders").send().await {
///         Ok(answer) => println!("{}", answer.status()),
///         Err(reqwest_middleware::Error::Middleware(error)) => match error.downcast_ref::<Error>() {
///             Some(error) if error.is_transient() => println!("later: {error}"),
///             _ => println!("{error}"),
///         },
///         Err(error) => println!("{error}"),
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct BearerMiddleware {
    rule: Rule,
}

impl BearerMiddleware {
    /// Attaches `tokens` to requests within `origins`.
    #[must_use]
    pub fn new(tokens: Arc<dyn BearerTokens>, origins: Origins) -> Self {
        Self { rule: Rule::new(tokens, origins) }
    }

    /// Which answers refuse the token, in place of [`refuses_the_token`](crate::bearer::challenge::refuses_the_token).
    #[must_use]
    pub fn refused_when(mut self, refused: fn(StatusCode, &HeaderMap) -> bool) -> Self {
        self.rule.refused_when = refused;
        self
    }
}

#[async_trait]
impl Middleware for BearerMiddleware {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        if request.headers().contains_key(AUTHORIZATION) || !self.rule.origins.cover(request.url()) {
            return next.run(request, extensions).await;
        }
        let (asked, spare) = (request.url().clone(), request.try_clone());
        let sent = self.rule.attach(request.headers_mut()).await.map_err(failed)?;
        let answer = next.clone().run(request, extensions).await?;
        let is_refused = (self.rule.refused_when)(answer.status(), answer.headers());
        if !is_refused || !is_same_origin(&asked, answer.url()) {
            return Ok(answer);
        }
        let another = self.rule.second_try(&sent, spare.is_some()).await.map_err(failed)?;
        let (Some(mut request), Some(value)) = (spare, another) else { return Ok(answer) };
        drop(answer);
        request.headers_mut().insert(AUTHORIZATION, value);
        next.run(request, extensions).await
    }
}

impl Origins {
    /// How a client that carries the token follows redirects: ten at most, and from a URL [covered](Self::cover) only to a
    /// covered one of the same scheme, host and port. Elsewhere the caller gets the 3xx, and may follow it without the token.
    ///
    /// Requests that began elsewhere, and carry no token, are redirected as reqwest does by default.
    #[must_use]
    pub fn redirect_policy(&self) -> Policy {
        let origins = self.clone();
        Policy::custom(move |attempt| {
            let (next, previous) = (attempt.url(), attempt.previous());
            let carries_token = previous.first().is_some_and(|first| origins.cover(first));
            let stays = previous.last().is_some_and(|last| is_same_origin(last, next)) && origins.cover(next);
            if carries_token && !stays { attempt.stop() } else { Policy::default().redirect(attempt) }
        })
    }
}

fn failed(error: Error) -> reqwest_middleware::Error {
    reqwest_middleware::Error::middleware(error)
}
