//! The way of a request through script, journal and endpoint.

use crate::bodies;
use crate::bodies::Pace;
use crate::clock::VirtualClock;
use crate::compression;
use crate::connection::Scissors;
use crate::http_date::http_date;
use crate::journal::Exchange;
use crate::journal::Journal;
use crate::script::Answer;
use crate::script::Kind;
use crate::script::Script;
use crate::wire::Inquiry;
use crate::wire::Reply;
use axum::Router;
use axum::body::Body;
use axum::extract::Extension;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use bytes::BytesMut;
use http::HeaderName;
use http::HeaderValue;
use http::StatusCode;
use http::header::CONTENT_LENGTH;
use http::header::CONTENT_TYPE;
use http::header::DATE;
use http_body::Body as _;
use std::fmt;
use std::future::poll_fn;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::Arc;
use url::form_urlencoded;

const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// What is simulated behind an HTTP port: the provider, or the org.
pub(crate) trait Simulation: Send + Sync + 'static {
    type Endpoint: Copy + fmt::Debug + Eq + Hash + Send + Sync + 'static;
    /// Held from a request's arrival until its answer leaves, gates and delays included.
    type Presence: Send + Sync;

    fn endpoint_at(&self, path: &str) -> Option<Self::Endpoint>;
    /// How long the body of a request may be.
    fn body_limit(&self, _path: &str) -> usize {
        BODY_LIMIT
    }
    /// Whether its answers are packed, for who takes them so.
    fn compresses(&self) -> bool {
        false
    }
    /// Whose time the `Date` of every answer is.
    fn clock(&self) -> &VirtualClock;
    fn script(&self) -> &Script<Self::Endpoint>;
    fn journal(&self) -> &Journal<Self::Endpoint>;
    fn receive(&self, exchange: &Exchange<Self::Endpoint>) -> Self::Presence;
    fn process(&self, inquiry: &Inquiry<Self::Endpoint>, presence: &Self::Presence) -> Reply;
}

pub(crate) fn router<S: Simulation>(simulation: Arc<S>) -> Router {
    Router::new().fallback(move |Extension(scissors): Extension<Scissors>, request: Request| {
        let simulation = Arc::clone(&simulation);
        async move {
            // Like a real provider, it finishes what it began even if the client hangs up.
            match tokio::spawn(answer(simulation, request)).await {
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
async fn answer<S: Simulation>(simulation: Arc<S>, request: Request) -> Option<Response> {
    let Some(endpoint) = simulation.endpoint_at(request.uri().path()) else {
        return Some(status_only(404));
    };
    let limit = simulation.body_limit(request.uri().path());
    let Some(exchange) = read(endpoint, request, limit).await else { return Some(status_only(413)) };
    // Taken before it is journalled: who waits for the journal finds the queue already moved on.
    let scripted = simulation.script().next(endpoint, &exchange.method, &exchange.path);
    let number = simulation.journal().record(exchange.kept());
    let mut response = play(&*simulation, exchange, &scripted).await?;
    if !response.headers().contains_key(DATE) {
        set_header(&mut response, DATE.as_str(), &http_date(simulation.clock().now()), true);
    }
    simulation.journal().answered(number, response.status().as_u16());
    Some(response)
}

async fn read<E>(endpoint: E, request: Request, limit: usize) -> Option<Exchange<E>> {
    let (head, body) = request.into_parts();
    let body = whole(body, limit).await?;
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
        length: body.len(),
        body,
        status: None,
    })
}

/// All of a body; none if it is too long or breaks off. It is never there twice.
async fn whole(mut body: Body, limit: usize) -> Option<Bytes> {
    let announced = usize::try_from(body.size_hint().lower()).ok().filter(|length| *length <= limit)?;
    let mut all = BytesMut::with_capacity(announced);
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let Ok(chunk) = frame.ok()?.into_data() else { continue };
        if all.len() + chunk.len() > limit {
            return None;
        }
        all.extend_from_slice(&chunk);
    }
    Some(all.freeze())
}

/// The response as scripted; none if the connection is to be closed instead.
async fn play<S: Simulation>(
    simulation: &S,
    exchange: Exchange<S::Endpoint>,
    scripted: &Answer,
) -> Option<Response> {
    let presence = simulation.receive(&exchange);
    if !scripted.delay.is_zero() {
        tokio::time::sleep(scripted.delay).await;
    }
    if let Some(gate) = &scripted.held_before {
        gate.pass().await;
    }
    if let Some(deed) = &scripted.deed {
        deed();
    }
    let forgery = match &scripted.kind {
        Kind::Forged(forgery) => Some(forgery.clone()),
        _ => None,
    };
    let packs = simulation.compresses() && compression::is_taken(&exchange.headers);
    let work = || simulation.process(&Inquiry { exchange, forgery }, &presence);
    let answer = |reply, pace| respond(if packs { compression::packed(reply) } else { reply }, pace);
    let mut response = match &scripted.kind {
        Kind::Normal | Kind::Forged(_) => Some(answer(work(), Pace::AsItComes)),
        Kind::Fixed { status, content_type, body } => {
            let mut reply = Reply { body: body.clone(), ..Reply::empty(*status) };
            if !content_type.is_empty() {
                reply = reply.header("content-type", content_type);
            }
            Some(respond(reply, Pace::AsItComes))
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
        Kind::Paced(pace) => {
            let mut response = answer(work(), *pace);
            response.headers_mut().remove(CONTENT_LENGTH);
            Some(response)
        }
        Kind::Tampered(edit) => {
            let mut reply = work();
            if let Ok(mut value) = serde_json::from_slice(&reply.body) {
                edit(&mut value);
                reply.body = value.to_string().into();
            }
            Some(answer(reply, Pace::AsItComes))
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

fn respond(reply: Reply, pace: Pace) -> Response {
    let body = match reply.chunks {
        Some(chunks) => bodies::streamed(chunks, pace),
        None => bodies::whole(reply.body, pace),
    };
    let mut response = Response::new(body);
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
    respond(Reply::empty(status), Pace::AsItComes)
}
