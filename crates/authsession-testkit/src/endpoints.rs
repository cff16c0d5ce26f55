//! The way of a request through script, journal and endpoint.

mod authorization;
mod client_authentication;
mod discovery;
mod end_session;
mod form_post;
mod introspection;
mod jwks;
mod login_page;
mod revocation;
mod token;
mod userinfo;

use crate::bodies;
use crate::connection::Scissors;
use crate::endpoint::Endpoint;
use crate::journal::Exchange;
use crate::realm::Realm;
use crate::script::Answer;
use crate::script::Kind;
use crate::wire::Inquiry;
use crate::wire::Reply;
use axum::Router;
use axum::body::Body;
use axum::extract::Extension;
use axum::extract::Request;
use axum::response::Response;
use http::HeaderName;
use http::HeaderValue;
use http::StatusCode;
use http::header::CONTENT_LENGTH;
use http::header::CONTENT_TYPE;
use std::sync::Arc;
use url::form_urlencoded;

const BODY_LIMIT: usize = 4 * 1024 * 1024;

pub(crate) fn router(realm: Arc<Realm>) -> Router {
    Router::new().fallback(move |Extension(scissors): Extension<Scissors>, request: Request| {
        let realm = Arc::clone(&realm);
        async move {
            // Like a real provider, it finishes what it began even if the client hangs up.
            match tokio::spawn(answer(realm, request)).await {
                Ok(Some(response)) => response,
                Ok(None) => {
                    scissors.cut();
                    std::future::pending().await
                }
                Err(_) => status_only(500),
            }
        }
    })
}

/// The response; none if the connection is to be closed instead.
async fn answer(realm: Arc<Realm>, request: Request) -> Option<Response> {
    let Some(endpoint) = Endpoint::at(request.uri().path(), &realm.settings.issuer_path) else {
        return Some(status_only(404));
    };
    let Some(exchange) = read(endpoint, request).await else { return Some(status_only(413)) };
    // Taken before it is journalled: who waits for the journal finds the queue already moved on.
    let scripted = realm.script.next(endpoint);
    let number = realm.journal.record(exchange.clone());
    let response = play(&realm, exchange, &scripted).await?;
    realm.journal.answered(number, response.status().as_u16());
    Some(response)
}

async fn read(endpoint: Endpoint, request: Request) -> Option<Exchange> {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, BODY_LIMIT).await.ok()?;
    let content_type = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_form = content_type.is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
    let query = form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes());
    let query = query.into_owned().collect();
    let form = if is_form { form_urlencoded::parse(&body).into_owned().collect() } else { Vec::new() };
    Some(Exchange {
        endpoint,
        method: head.method,
        path: head.uri.path().to_owned(),
        query,
        headers: head.headers,
        form,
        body,
        status: None,
    })
}

/// The response as scripted; none if the connection is to be closed instead.
async fn play(realm: &Realm, exchange: Exchange, scripted: &Answer) -> Option<Response> {
    if !scripted.delay.is_zero() {
        tokio::time::sleep(scripted.delay).await;
    }
    if let Some(gate) = &scripted.held_before {
        gate.pass().await;
    }
    let forgery = match &scripted.kind {
        Kind::Forged(forgery) => Some(forgery.clone()),
        _ => None,
    };
    let work = || process(realm, &Inquiry { exchange, forgery });
    let mut response = match &scripted.kind {
        Kind::Normal | Kind::Forged(_) => Some(respond(work())),
        Kind::Fixed { status, content_type, body } => {
            let mut reply = Reply { body: body.clone(), ..Reply::empty(*status) };
            if !content_type.is_empty() {
                reply = reply.header("content-type", content_type);
            }
            Some(respond(reply))
        }
        Kind::Endless => {
            let mut response = Response::new(bodies::endless());
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            Some(response)
        }
        Kind::DroppedBefore => None,
        Kind::DroppedAfter => {
            work();
            None
        }
        Kind::Truncated => {
            let reply = work();
            let body = bodies::truncated(&reply.body);
            let mut response = respond(reply);
            response.headers_mut().remove(CONTENT_LENGTH);
            Some(response.map(|_| body))
        }
        Kind::Tampered(edit) => {
            let mut reply = work();
            if let Ok(mut value) = serde_json::from_slice(&reply.body) {
                edit(&mut value);
                reply.body = value.to_string().into();
            }
            Some(respond(reply))
        }
    };
    for (name, value) in &scripted.headers {
        if let Some(response) = &mut response {
            set_header(response, name, value, true);
        }
    }
    if let Some(gate) = &scripted.held_after {
        gate.pass().await;
    }
    response
}

fn process(realm: &Realm, inquiry: &Inquiry) -> Reply {
    match inquiry.exchange.endpoint {
        Endpoint::Discovery => discovery::answer(realm),
        Endpoint::Jwks => jwks::answer(realm),
        Endpoint::Authorization => authorization::answer(realm, inquiry),
        Endpoint::Token => token::answer(realm, inquiry),
        Endpoint::Userinfo => userinfo::answer(realm, inquiry),
        Endpoint::Revocation => revocation::answer(realm, inquiry),
        Endpoint::EndSession => end_session::answer(realm, inquiry),
        Endpoint::Introspection => introspection::answer(realm, inquiry),
    }
}

fn respond(reply: Reply) -> Response {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &reply.headers {
        set_header(&mut response, name, value, false);
    }
    response
}

fn set_header(response: &mut Response, name: &str, value: &str, replace: bool) {
    let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) else { return };
    if replace {
        response.headers_mut().insert(name, value);
    } else {
        response.headers_mut().append(name, value);
    }
}

fn status_only(status: u16) -> Response {
    respond(Reply::empty(status))
}
