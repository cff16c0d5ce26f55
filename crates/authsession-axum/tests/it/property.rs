//! Whatever is sent to the login's routes: no 500, no panic, nothing of it in the answer, and no way out but the known ones.

mod sent;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Once};
use std::time::Duration;

use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_core::authorization::ResponseMode;
use authsession_testkit::browser::Browser;
use authsession_testkit::clock::VirtualClock;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::keys::SigningAlgorithm;
use authsession_testkit::provider::Provider;
use authsession_testkit::script::Answer;
use authsession_testkit::serve::Server;
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::header::{CACHE_CONTROL, COOKIE, LOCATION, SET_COOKIE};
use axum::http::response::Parts;
use axum::http::{HeaderName, HeaderValue, Method, Request};
use proptest::prelude::{ProptestConfig, prop_assert};
use proptest::test_runner::{RngSeed, TestCaseError, TestRunner};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tower::ServiceExt as _;
use url::Url;

use self::sent::{ATTEMPTS, Crumb, MARKER, Sent, sent};
use crate::stage::{CountingStore, SESSION_COOKIE, app, application};

/// Where the honest logins return to.
const PLACE: &str = "/claims?kept=1";
const CASES: u32 = 1_000;
/// What a link may ask of a login, for the provider to know.
const PASSED_ON: [&str; 4] = ["login_hint", "prompt", "acr_values", "ui_locales"];

thread_local! {
    static PANICS: Cell<usize> = const { Cell::new(0) };
}

/// A panic in a task that runs detached shows nowhere else.
fn count_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            PANICS.with(|panics| panics.set(panics.get() + 1));
            before(panic);
        }));
    });
}

/// What the provider says instead of the truth. None says that we are not set up right: that would be a 500.
fn lie(which: usize) -> (Endpoint, Answer) {
    let lies: [fn() -> Answer; 14] = [
        || Answer::error(400, "invalid_grant"),
        || Answer::refusal(400, MARKER, MARKER),
        || Answer::refusal(200, MARKER, MARKER),
        || Answer::html(200, MARKER),
        || Answer::html(502, MARKER),
        || Answer::status(429).header("retry-after", MARKER),
        || Answer::redirect(format!("https://{MARKER}.example/")),
        || Answer::json(200, &json!({ "access_token": MARKER, "token_type": MARKER, "expires_in": MARKER })),
        || Answer::json(200, &json!({ "access_token": MARKER, "token_type": "Bearer", "id_token": MARKER })),
        || Answer::lying_id_token(|_, claims| claims["iss"] = MARKER.into()),
        || Answer::lying_id_token(|header, _| header["kid"] = MARKER.into()),
        || Answer::id_token_signed_by_impostor(),
        || Answer::raw(200, "application/json", vec![0xff; 2_000]),
        || Answer::dropped_before(),
    ];
    let endpoint = [Endpoint::Token, Endpoint::Token, Endpoint::Jwks][which / lies.len() % 3];
    (endpoint, lies[which % lies.len()]())
}

/// A login half way: what the browser was given.
struct Attempt {
    cookie: (String, String),
    state: String,
    code: String,
    /// Where the provider sends the browser back to.
    back: String,
    made_at: u64,
}

struct World {
    runtime: Runtime,
    app: Router,
    provider: Provider,
    clock: VirtualClock,
    here: String,
    attempts: RefCell<Vec<Attempt>>,
    session: String,
    browser: Browser,
    away: Cell<bool>,
}

impl World {
    fn new() -> Self {
        Self::with(|application| application)
    }

    fn with(edit: fn(OAuthConfigurationBuilder) -> OAuthConfigurationBuilder) -> Self {
        count_panics();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let clock = VirtualClock::halted();
        let builder = Provider::builder().clock(clock.clone()).signing_algorithm(SigningAlgorithm::Es256);
        let provider = runtime.block_on(builder.start()).unwrap();
        let slot = runtime.block_on(Server::reserve()).unwrap();
        let here = slot.url().trim_end_matches('/').to_owned();
        let builder = application(&provider, &slot, &clock).with_issuer(provider.issuer());
        let builder = edit(runtime.block_on(builder).unwrap());
        let app = app(builder, Arc::new(CountingStore::new(&clock)));
        let browser = Browser::with_clock(clock.clone()).unwrap();
        let make = |_| runtime.block_on(half_way(&app, &browser, &clock));
        let attempts = RefCell::new((0..ATTEMPTS).map(make).collect());
        let session = runtime.block_on(sign_in(&app, &make(ATTEMPTS)));
        Self { app, provider, clock, here, attempts, session, browser, away: Cell::new(false), runtime }
    }

    /// Sends it; what came back.
    fn answer(&self, sent: &Sent) -> Option<(Parts, Bytes)> {
        if let Some(seconds) = sent.later {
            self.clock.advance(Duration::from_secs(seconds));
        }
        self.renew(sent.attempt);
        Some(self.send(self.request(sent)?))
    }

    fn send(&self, request: Request<Body>) -> (Parts, Bytes) {
        self.runtime.block_on(async {
            let (parts, body) = self.app.clone().oneshot(request).await.unwrap().into_parts();
            (parts, to_bytes(body, usize::MAX).await.unwrap())
        })
    }

    /// A code lasts a minute; so while the provider is there, a login that old is begun anew.
    fn renew(&self, attempt: usize) {
        let old = self.attempts.borrow()[attempt].made_at + 30 < self.clock.unix_seconds();
        if old && !self.away.get() {
            let new = self.runtime.block_on(half_way(&self.app, &self.browser, &self.clock));
            self.attempts.borrow_mut()[attempt] = new;
        }
    }

    fn request(&self, sent: &Sent) -> Option<Request<Body>> {
        let attempts = self.attempts.borrow();
        let attempt = &attempts[sent.attempt];
        let fill = |text: &str| {
            let text = text.replace("{marker}", MARKER).replace("{here}", &self.here);
            let text = text.replace("{iss}", self.provider.issuer());
            text.replace("{state}", &attempt.state).replace("{code}", &attempt.code)
        };
        let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let honest = sent.honest_query.then(|| fill("code={code}&state={state}&iss={iss}"));
        let pairs = sent.query.iter().map(|(name, value, raw)| {
            let (name, value) = (fill(name), fill(value));
            let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
            if *raw && plain(&name) && plain(&value) {
                format!("{name}={value}")
            } else {
                format!("{}={}", encode(&name), encode(&value))
            }
        });
        let query = honest.into_iter().chain(pairs).collect::<Vec<_>>().join("&");
        let body = sent.body.as_deref().map_or_else(|| query.clone(), fill);
        let target = format!("{}?{query}", sent.route);
        let mut request = Request::builder().method(Method::from_bytes(sent.method.as_bytes()).unwrap());
        let said = sent.headers.iter().map(|(name, value)| (*name, value.as_str()));
        for (name, value) in sent.person.iter().copied().chain(said) {
            if let Ok(value) = HeaderValue::from_bytes(fill(value).as_bytes()) {
                request = request.header(HeaderName::from_static(name), value);
            }
        }
        for crumb in &sent.cookies {
            let pair = match crumb {
                Crumb::Login(after, change) => {
                    let (name, value) = &attempts[(sent.attempt + after) % ATTEMPTS].cookie;
                    change.of(name, value)
                }
                Crumb::Session(change) => change.of(SESSION_COOKIE, &self.session),
                Crumb::Foreign(name, value) => format!("{}={}", fill(name), fill(value)).into_bytes(),
            };
            if let Ok(pair) = HeaderValue::from_bytes(&pair) {
                request = request.header(COOKIE, pair);
            }
        }
        request.uri(target).body(Body::from(body)).ok()
    }

    /// Sends many requests, and holds each answer against what is promised.
    ///
    /// What kinds of answers there were: nothing would be shown by many of one kind.
    fn face(&self, before_each: impl Fn(&Sent)) -> BTreeSet<String> {
        let kinds = RefCell::new(BTreeMap::<String, usize>::new());
        let mut config =
            ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() };
        if let RngSeed::Random = config.rng_seed {
            config.rng_seed = RngSeed::Fixed(0x0a57);
        }
        let outcome = TestRunner::new(config).run(&sent(), |sent| {
            before_each(&sent);
            let panics = PANICS.get();
            if let Some((parts, body)) = self.answer(&sent) {
                prop_assert!(PANICS.get() == panics, "a panic");
                self.judge(&parts, &body)?;
                *kinds.borrow_mut().entry(self.kind(&parts)).or_default() += 1;
                if let Some(step) = self.next_step(&parts, &sent) {
                    let (parts, body) = self.send(step);
                    self.judge(&parts, &body)?;
                    *kinds.borrow_mut().entry(self.kind(&parts)).or_default() += 1;
                }
            }
            Ok(())
        });
        assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
        kinds.into_inner().into_keys().collect()
    }

    /// What the browser does when it is sent to our own callback: it brings what it was given, and it may have been changed.
    fn next_step(&self, parts: &Parts, sent: &Sent) -> Option<Request<Body>> {
        let to = parts.headers.get(LOCATION)?.to_str().ok().filter(|to| to.starts_with("/auth/callback?"))?;
        let mut request = Request::builder().uri(to).header("accept", "text/html");
        let changes = sent.cookies.iter().filter_map(|crumb| match crumb {
            Crumb::Login(_, change) => Some(change),
            _ => None,
        });
        for (cookie, change) in parts.headers.get_all(SET_COOKIE).iter().map(pair).zip(changes) {
            request = request.header(COOKIE, HeaderValue::from_bytes(&change.of(&cookie.0, &cookie.1)).ok()?);
        }
        request.body(Body::empty()).ok()
    }

    /// The status, and where a redirect leads.
    fn kind(&self, parts: &Parts) -> String {
        let place =
            parts.headers.get(LOCATION).map_or("", |to| to.to_str().unwrap().split('?').next().unwrap());
        let signs_in = parts.headers.get_all(SET_COOKIE).iter().map(pair);
        let signs_in = signs_in.into_iter().any(|(name, value)| name == SESSION_COOKIE && !value.is_empty());
        let to = place.trim_start_matches(self.provider.issuer().trim_end_matches('/'));
        format!("{} {to}{}", parts.status.as_u16(), if signs_in { " signed in" } else { "" })
    }

    fn judge(&self, parts: &Parts, body: &Bytes) -> Result<(), TestCaseError> {
        prop_assert!(parts.status != 500, "500");
        if parts.headers.contains_key(SET_COOKIE) {
            prop_assert!(
                parts.headers.get(CACHE_CONTROL).is_some_and(|value| value == "no-store"),
                "cacheable"
            );
        }
        for (name, value) in parts.headers.iter().filter(|(name, _)| *name != LOCATION) {
            prop_assert!(!holds_marker(value.as_bytes()), "{name} echoes");
        }
        if let Some(location) = parts.headers.get(LOCATION) {
            self.judge_way_out(location.to_str().unwrap())?;
        }
        let mut said = body.to_vec();
        if let Ok(mut problem) = serde_json::from_slice::<Value>(body) {
            // Where to sign in, from the page that was asked for.
            let way = problem["login_url"].take();
            prop_assert!(
                way.as_str().is_none_or(|way| way == "/auth" || way.starts_with("/auth?return_to=%2F"))
            );
            said = problem.to_string().into_bytes();
        }
        prop_assert!(!holds_marker(&said), "the body echoes");
        Ok(())
    }

    fn judge_way_out(&self, location: &str) -> Result<(), TestCaseError> {
        let at = |endpoint| location.split('?').next() == Some(self.provider.endpoint(endpoint).as_str());
        if at(Endpoint::Authorization) {
            let url = Url::parse(location).unwrap();
            let echoed = url.query_pairs().any(|(name, value)| {
                !PASSED_ON.contains(&name.as_ref()) && holds_marker(format!("{name}={value}").as_bytes())
            });
            prop_assert!(!echoed, "the way to the provider echoes");
        } else {
            let step = ["landed", "stale"]
                .iter()
                .any(|step| location.starts_with(&format!("/auth/callback?{step}=")));
            let ours = step || ["/", PLACE].contains(&location);
            prop_assert!(ours || at(Endpoint::EndSession), "sent to {location}");
            prop_assert!(!holds_marker(location.as_bytes()), "the way on echoes");
        }
        Ok(())
    }
}

fn holds_marker(bytes: &[u8]) -> bool {
    bytes.windows(MARKER.len()).any(|window| window.eq_ignore_ascii_case(MARKER.as_bytes()))
}

fn pair(cookie: &HeaderValue) -> (String, String) {
    let pair = cookie.to_str().unwrap().split(';').next().unwrap();
    let (name, value) = pair.split_once('=').unwrap();
    (name.to_owned(), value.to_owned())
}

async fn half_way(app: &Router, browser: &Browser, clock: &VirtualClock) -> Attempt {
    let login = Request::builder().uri("/auth?return_to=%2Fclaims%3Fkept%3D1").header("accept", "text/html");
    let start = app.clone().oneshot(login.body(Body::empty()).unwrap()).await.unwrap();
    let cookie = pair(&start.headers()[SET_COOKIE]);
    // The code is taken from where a redirect leads, also by who wants it posted.
    let to = start.headers()[LOCATION].to_str().unwrap().replace("response_mode=form_post", "");
    let back: Url = browser.navigate_without_following(to).await.unwrap().location().unwrap();
    let value = |wanted: &str| back.query_pairs().find(|(name, _)| name == wanted).unwrap().1.into_owned();
    let (state, code) = (value("state"), value("code"));
    let back = back[url::Position::BeforePath..].to_owned();
    Attempt { cookie, state, code, back, made_at: clock.unix_seconds() }
}

async fn sign_in(app: &Router, attempt: &Attempt) -> String {
    let (name, value) = &attempt.cookie;
    let request = Request::builder()
        .uri(&attempt.back)
        .header("accept", "text/html")
        .header(COOKIE, format!("{name}={value}"));
    let end = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let set = end.headers().get_all(SET_COOKIE).iter().map(pair);
    set.into_iter().find(|(name, _)| name == SESSION_COOKIE).unwrap().1
}

#[test]
fn whatever_is_sent_to_the_login_is_answered_and_never_echoed() {
    let kinds = World::new().face(|_| {});

    assert_seen(&kinds, &["303 /claims signed in", "303 /logout", "400 ", "401 ", "403 ", "405 "]);
}

#[test]
fn whatever_form_is_posted_to_the_callback_is_answered_and_never_echoed() {
    let kinds =
        World::with(|application| application.with_response_mode(ResponseMode::FormPost)).face(|_| {});

    assert_seen(&kinds, &["303 /auth/callback", "303 /claims signed in", "413 ", "415 "]);
}

#[test]
fn with_the_provider_away_the_login_answers_and_echoes_nothing() {
    let world = World::new();
    world.runtime.block_on(world.provider.shutdown());
    world.away.set(true);

    assert_seen(&world.face(|_| {}), &["303 /authorize", "400 ", "503 "]);
}

#[test]
fn with_a_provider_that_lies_the_login_answers_and_echoes_nothing() {
    let world = World::new();

    let kinds = world.face(|sent| {
        let (endpoint, answer) = lie(sent.lie);
        world.provider.clear(Endpoint::Token);
        world.provider.clear(Endpoint::Jwks);
        world.provider.always(endpoint, answer);
    });

    assert_seen(&kinds, &["303 /claims signed in", "400 ", "503 "]);
}

fn assert_seen(kinds: &BTreeSet<String>, wanted: &[&str]) {
    for kind in wanted.iter().chain(&["303 /authorize"]) {
        assert!(kinds.contains(*kind), "nothing shown: no {kind:?} among {kinds:?}");
    }
}
