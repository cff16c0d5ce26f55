//! The one road of every call: a token, an attempt, one new token if it was refused, further attempts if it may be.

pub(crate) mod address;
pub(crate) mod answer;
pub mod byte_stream;
pub(crate) mod call;
mod execute;
pub mod governor;
mod handed_out;
pub mod limit_info;
mod loop_detector;
pub mod retry;

use std::fmt;
use std::mem;
use std::time::Duration;

use authsession_core::clock::{self, Clock};
use authsession_core::http::is_loopback;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, StatusCode};
use url::Url;

use crate::auth::authorization::token_in;
use crate::auth::session::SharedAuth;
use crate::error::api_error::ApiVerdict;
use crate::error::{CirrusError, CirrusResult};
use crate::exchange::address::Address;
use crate::exchange::answer::{Answer, Unread, collect, collect_error};
use crate::exchange::call::{Call, Payload};
use crate::exchange::governor::{Governor, Turn};
use crate::exchange::handed_out::HandedOut;
use crate::exchange::limit_info::LimitInfo;
use crate::exchange::loop_detector::LoopDetector;
use crate::exchange::retry::{Failure, RetryPolicy};

const LIMIT_INFO: &str = "sforce-limit-info";
/// In bytes; Salesforce answers 414 to a longer one (REST API Developer Guide, "Status Codes and Error Responses").
const LONGEST_URL: usize = 16_384;

/// What every clone of a client shares.
pub(crate) struct Exchange {
    pub(crate) settings: Settings,
    detector: LoopDetector,
    handed_out: HandedOut,
}

/// What the builder was told.
pub(crate) struct Settings {
    pub(crate) client: reqwest::Client,
    /// Another one for this machine's own hosts, where the environment names a proxy: plain http would show it everything.
    pub(crate) direct: Option<reqwest::Client>,
    pub(crate) auth: SharedAuth,
    /// As in `v66.0`.
    pub(crate) version: String,
    pub(crate) policy: RetryPolicy,
    pub(crate) governor: Governor,
    /// The largest body that is read into memory.
    pub(crate) largest: Option<usize>,
    /// Whether a token may travel by plain http.
    pub(crate) insecure: bool,
    /// Whether a proxy is between us and even this machine's own hosts.
    pub(crate) proxied: bool,
    pub(crate) clock: Clock,
}

/// What to do with the body of an answer that is no error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Whole,
    AsItComes,
}

/// An answer whose status says that the call was done.
pub(crate) enum Done {
    Whole(Answer),
    /// The headers are there; the body comes, and has its turn until it ends.
    AsItComes(reqwest::Response, Turn),
}

/// An attempt that did not end in success.
enum Missed {
    Refused(Answer),
    Failed(Failure, CirrusError),
    /// Nothing that another attempt could mend.
    Fault(CirrusError),
}

impl Exchange {
    pub(crate) fn new(settings: Settings) -> Self {
        let detector = LoopDetector::new(settings.clock.clone());
        Self { settings, detector, handed_out: HandedOut::default() }
    }

    pub(crate) fn address(&self) -> Address<'_> {
        Address {
            instance: self.settings.auth.instance_url(),
            version: &self.settings.version,
            insecure: self.settings.insecure,
            proxied: self.settings.proxied,
        }
    }

    /// The whole answer, if the call was done.
    pub(crate) async fn send(&self, call: &Call<'_>) -> CirrusResult<Answer> {
        self.send_accepting(call, |_| false).await
    }

    /// The whole answer, whatever its status.
    pub(crate) async fn send_whatever_comes(&self, call: &Call<'_>) -> CirrusResult<Answer> {
        self.send_accepting(call, |_| true).await
    }

    /// The whole answer, if the call was done, or if the refusal is one that is to be read as an answer.
    pub(crate) async fn send_accepting(
        &self,
        call: &Call<'_>,
        accepts: impl Fn(&Answer) -> bool,
    ) -> CirrusResult<Answer> {
        match self.carry(call, Body::Whole).await? {
            (Ok(Done::Whole(answer)), _) => Ok(answer),
            (Ok(Done::AsItComes(..)), _) => {
                Err(CirrusError::InvalidResponse("there is no body to read".into()))
            }
            (Err(refused), _) if accepts(&refused) => Ok(refused),
            (Err(refused), authorization) => Err(refused.into_error(token_of(&authorization))),
        }
    }

    /// The headers and the body as it comes, if the call was done.
    pub(crate) async fn open(&self, call: &Call<'_>) -> CirrusResult<(reqwest::Response, Turn)> {
        match self.carry(call, Body::AsItComes).await? {
            (Ok(Done::AsItComes(response, turn)), _) => Ok((response, turn)),
            (Ok(Done::Whole(_)), _) => Err(CirrusError::InvalidResponse("the body was read".into())),
            (Err(refused), authorization) => Err(refused.into_error(token_of(&authorization))),
        }
    }

    pub(crate) async fn authorization(&self) -> CirrusResult<HeaderValue> {
        let mut value = self.settings.auth.authorization().await?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// The same, for a request of the caller's own.
    pub(crate) async fn authorization_to_hand_out(&self) -> CirrusResult<HeaderValue> {
        let value = self.authorization().await?;
        self.handed_out.note(&value);
        Ok(value)
    }

    /// The client for that URL: what is on this machine goes through no proxy of the environment's.
    fn client_for(&self, url: &Url) -> &reqwest::Client {
        match &self.settings.direct {
            Some(direct) if is_loopback(url) => direct,
            _ => &self.settings.client,
        }
    }

    /// Success, or the answer that refused, with the token it was asked with. If an attempt is lost and the next ones get nowhere,
    /// what is told is the loss: the call may have been done.
    async fn carry(&self, call: &Call<'_>, body: Body) -> CirrusResult<(Result<Done, Answer>, HeaderValue)> {
        let mut lost = None;
        match self.carry_on(call, body, &mut lost).await {
            Ok((Err(refused), authorization)) => {
                Ok((Err(Answer { repeated: lost.is_some(), ..refused }), authorization))
            }
            Err(error) if error.may_have_been_done() => Err(error),
            Err(error) => Err(lost.unwrap_or(error)),
            done => done,
        }
    }

    async fn carry_on(
        &self,
        call: &Call<'_>,
        body: Body,
        lost: &mut Option<CirrusError>,
    ) -> CirrusResult<(Result<Done, Answer>, HeaderValue)> {
        // What cannot be asked costs no token.
        let (instance, mut url) = (self.settings.auth.instance_url(), Some(self.url(call)?));
        let mut authorization = self.authorization().await?;
        let (mut retries, mut has_new_token) = (0, false);
        loop {
            // The org may have moved with a new token.
            let url = match url.take().filter(|_| self.settings.auth.instance_url() == instance) {
                Some(url) => url,
                None => self.url(call)?,
            };
            let (failure, missed) = match self.attempt(call, url, &authorization, body).await {
                Ok(done) => {
                    self.detector.accepted(&authorization);
                    return Ok((Ok(done), authorization));
                }
                Err(Missed::Fault(error)) => return Err(error),
                Err(Missed::Failed(failure, error)) => (failure, Err(error)),
                Err(Missed::Refused(answer)) => {
                    if calls_for_new_token(&answer, call.is_repeatable()) {
                        if has_new_token {
                            self.detector.refused(&authorization);
                        } else if let Some(new) = self.new_token(&authorization).await? {
                            (authorization, has_new_token) = (new, true);
                            continue;
                        }
                        return Ok((Err(answer), authorization));
                    }
                    (Failure::Status(answer.status, answer.retry_after()), Ok(answer))
                }
            };
            let Some(pause) = self.settings.policy.wait(retries, failure, call.replay, &call.method) else {
                return missed.map(|answer| (Err(answer), authorization));
            };
            let missed =
                missed.map_or_else(|error| error, |answer| answer.into_error(token_of(&authorization)));
            if missed.may_have_been_done() {
                *lost = Some(missed);
            }
            tracing::debug!(target: "authsession::salesforce", method = %call.method, ?failure, ?pause, "again");
            clock::wait(pause).await;
            retries += 1;
            authorization = self.authorization().await?;
        }
    }

    /// Another token than the one that was refused, if there is one to be had.
    async fn new_token(&self, refused: &HeaderValue) -> CirrusResult<Option<HeaderValue>> {
        if !self.detector.may_recover() {
            return Ok(None);
        }
        self.settings.auth.invalidate(token_of(refused)).await;
        let new = self.authorization().await?;
        tracing::debug!(target: "authsession::salesforce", another = new != *refused, "the token was refused");
        Ok((new != *refused).then_some(new))
    }

    async fn attempt(
        &self,
        call: &Call<'_>,
        url: Url,
        authorization: &HeaderValue,
        body: Body,
    ) -> Result<Done, Missed> {
        let settings = &self.settings;
        let turn = settings.governor.turn(settings.clock.now()).await.map_err(Missed::Fault)?;
        let request = self.request(call, url, authorization).map_err(Missed::Fault)?;
        let asked = request.url().clone();
        let mut response = self.client_for(&asked).execute(request).await.map_err(failed)?;
        if *response.url() != asked {
            return Err(Missed::Fault(CirrusError::InvalidResponse(
                "the answer came from where a redirect led: turn redirects off in the HTTP client".into(),
            )));
        }
        self.note(response.headers());
        let status = response.status();
        let is_done = status.is_success() || status == StatusCode::NOT_MODIFIED;
        if is_done && body == Body::AsItComes {
            return Ok(Done::AsItComes(response, turn));
        }
        let headers = mem::take(response.headers_mut());
        if is_done {
            match collect(&mut response, self.settings.largest).await {
                Ok(body) => Ok(Done::Whole(Answer { status, headers, body, repeated: false })),
                Err(Unread::Failed(error)) => Err(failed(error)),
                Err(Unread::TooLarge(limit)) => {
                    Err(Missed::Fault(CirrusError::ResponseTooLarge { status: status.as_u16(), limit }))
                }
            }
        } else {
            let (body, _) = collect_error(&mut response).await;
            Err(Missed::Refused(Answer { status, headers, body, repeated: false }))
        }
    }

    fn url(&self, call: &Call<'_>) -> CirrusResult<Url> {
        let url = self.address().resolve_with(call.path(), call.parameters())?;
        if url.as_str().len() > LONGEST_URL {
            return Err(CirrusError::invalid_input(
                "query",
                "is too long for a URL (16,384 bytes, encoded): ask for fewer ids at a time, or use Bulk",
            ));
        }
        Ok(url)
    }

    fn request(
        &self,
        call: &Call<'_>,
        url: Url,
        authorization: &HeaderValue,
    ) -> CirrusResult<reqwest::Request> {
        let request = self.client_for(&url).request(call.method.clone(), url).headers(call.headers.clone());
        let request = match &call.payload {
            Payload::None => request,
            Payload::Bytes(body) => request.body(body.clone()),
            Payload::Form(make) => request.multipart(make()?),
            Payload::Stream(make) => request.body(make()?),
        };
        Ok(request.header(AUTHORIZATION, authorization.clone()).build()?)
    }

    fn note(&self, headers: &HeaderMap) {
        let told = headers.get(LIMIT_INFO).and_then(|value| LimitInfo::parse(value.to_str().ok()?));
        if let Some(info) = told {
            self.settings.governor.note(info);
        }
    }
}

/// Whether the token was refused, and the call may be made with another. One that must not be done twice has to have been
/// refused by Salesforce itself, and not by code it ran.
fn calls_for_new_token(answer: &Answer, is_repeatable: bool) -> bool {
    matches!(answer.verdict(), Some(ApiVerdict::Refresh | ApiVerdict::Rehandshake))
        && (is_repeatable || answer.says_that_the_session_is_over())
}

pub(crate) fn token_of(authorization: &HeaderValue) -> &str {
    token_in(authorization).unwrap_or_default()
}

fn failed(error: reqwest::Error) -> Missed {
    let failure = match () {
        () if error.is_connect() => Failure::NeverSent,
        () if error.is_timeout() => Failure::TimedOut,
        () if error.is_builder() => return Missed::Fault(CirrusError::of_call(error)),
        () => Failure::Broken,
    };
    Missed::Failed(failure, CirrusError::of_call(error))
}

impl fmt::Debug for Exchange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Exchange")
            .field("instance_url", &self.settings.auth.instance_url())
            .field("version", &self.settings.version)
            .field("policy", &self.settings.policy)
            .field("governor", &self.settings.governor)
            .finish_non_exhaustive()
    }
}

/// Runs `work` for at most that long.
pub(crate) async fn within<T>(
    limit: Option<Duration>,
    work: impl Future<Output = CirrusResult<T>>,
) -> CirrusResult<T> {
    match limit {
        None => work.await,
        Some(limit) => clock::within(limit, work).await.unwrap_or(Err(CirrusError::TimedOut { limit })),
    }
}
