//! Every case of the WHATWG URL standard's own test set, asked for as the place to return to: it is in this application, or it
//! is the default page. The set is the one the `url` crate is published with.

use std::collections::{HashMap, HashSet};
use std::process::Command;
use std::sync::Arc;

use authsession_axum::auth::AuthLayer;
use authsession_axum::extractors::AccessToken;
use authsession_axum::logout::handle_oidc_logout::OidcLogoutHandler;
use authsession_testkit::browser::Browser;
use authsession_testkit::clock::VirtualClock;
use authsession_testkit::keys::SigningAlgorithm;
use authsession_testkit::provider::Provider;
use authsession_testkit::serve::Server;
use axum::Router;
use axum::body::Body;
use axum::http::header::{ACCEPT, COOKIE, LOCATION, REFERER, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use axum::routing::any;
use serde_json::Value;
use tower::ServiceExt as _;
use url::Url;

use crate::stage::{CountingStore, application};

/// The origin most of the set's bases have, on https: so that what they say about it can be held against us.
const HERE: &str = "https://example.org";
const SET: usize = 819;

/// An application whose every page asks for a token, and the way through its login.
struct Doors {
    app: Router,
    browser: Browser,
    _provider: Provider,
    /// Where the logins so far led, by the URL they began with.
    known: HashMap<String, String>,
}

impl Doors {
    async fn open() -> Self {
        let clock = VirtualClock::halted();
        let builder = Provider::builder().clock(clock.clone()).signing_algorithm(SigningAlgorithm::Es256);
        let provider = builder.start().await.unwrap();
        let slot = Server::reserve().await.unwrap();
        let builder = application(&provider, &slot, &clock)
            .with_redirect_uri(&format!("{HERE}/auth/callback"))
            .with_issuer(provider.issuer())
            .await
            .unwrap();
        let store = Arc::new(CountingStore::new(&clock));
        let handler = Arc::new(OidcLogoutHandler::default());
        let auth = AuthLayer::new(Arc::new(builder.build().unwrap()), store, handler);
        let app = Router::new().fallback(any(|_: AccessToken| async { "page" })).layer(auth);
        let browser = Browser::with_clock(clock).unwrap();
        Self { app, browser, _provider: provider, known: HashMap::new() }
    }

    /// A person's browser goes there.
    async fn navigate(&self, method: Method, target: &str, headers: HeaderMap) -> (StatusCode, HeaderMap) {
        let mut request = Request::builder().method(method).uri(target).body(Body::empty()).unwrap();
        *request.headers_mut() = headers;
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("text/html"));
        let response = self.app.clone().oneshot(request).await.unwrap();
        (response.status(), response.headers().clone())
    }

    /// Signs in, beginning with this URL of the login's; the place the browser is sent to in the end.
    async fn land(&mut self, login: &str) -> String {
        if let Some(place) = self.known.get(login) {
            return place.clone();
        }
        let (_, start) = self.navigate(Method::GET, login, HeaderMap::new()).await;
        let cookie = start[SET_COOKIE].to_str().unwrap().split(';').next().unwrap();
        let back = self.browser.navigate_without_following(location(&start)).await.unwrap();
        let back: Url = back.location().unwrap();
        let cookie = HeaderMap::from_iter([(COOKIE, HeaderValue::try_from(cookie).unwrap())]);
        let (status, end) = self.navigate(Method::GET, &back[url::Position::BeforePath..], cookie).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{login}");
        self.known.insert(login.to_owned(), location(&end).to_owned());
        location(&end).to_owned()
    }
}

fn location(headers: &HeaderMap) -> &str {
    headers[LOCATION].to_str().unwrap()
}

fn login_returning_to(place: &str) -> String {
    format!("/auth?return_to={}", url::form_urlencoded::byte_serialize(place.as_bytes()).collect::<String>())
}

/// The cases of the set, from where cargo keeps the crate.
fn set() -> Vec<Value> {
    let mut metadata = Command::new(env!("CARGO"));
    metadata.args(["metadata", "--format-version=1", "--locked", "--filter-platform=host-tuple"]);
    let printed = metadata.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    let metadata: Value = serde_json::from_slice(&printed.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let manifest =
        packages.iter().find(|package| package["name"] == "url").unwrap()["manifest_path"].as_str();
    let file = manifest.unwrap().replace("Cargo.toml", "tests/urltestdata.json");
    let mut cases: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    cases.retain(|case| case["input"].is_string());
    assert_eq!(cases.len(), SET);
    cases
}

fn input(case: &Value) -> &str {
    case["input"].as_str().unwrap()
}

/// Whether the standard says that it leads away from `example.org`.
fn leads_away(case: &Value) -> bool {
    let from_here = case["base"].as_str().is_some_and(|base| base.starts_with("http://example.org/"));
    from_here && (case["failure"] == true || case["host"] != "example.org")
}

/// What a browser makes of the place, which must be here.
fn assert_here(place: &str, input: &str) {
    let base = Url::parse(HERE).unwrap().join("/auth/callback").unwrap();
    let url = base.join(place).unwrap();
    assert_eq!(url.origin(), base.origin(), "{input:?} led to {place:?}");
    assert!(url.username().is_empty() && url.password().is_none(), "{input:?} led to {place:?}");
    assert!(place.starts_with('/') && !place.contains('\\'), "{input:?} led to {place:?}");
    assert!(!place.starts_with("//") && !place.chars().any(char::is_control), "{input:?} led to {place:?}");
}

/// The place, if it is written as an honest one is: a path, or a URL of ours, and nothing a parser has to mend.
fn honest(input: &str) -> Option<String> {
    let path = input.strip_prefix(HERE).unwrap_or(input);
    let plain = path.starts_with('/') && input.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let url = Url::parse(HERE).unwrap().join(path).ok().filter(|_| plain && !path.starts_with("//"))?;
    let place = &url[url::Position::BeforePath..];
    let start = place.to_ascii_lowercase();
    let slash = ["//", "/%2f", "/%5c"].iter().any(|slashes| start.starts_with(slashes));
    (url.origin().ascii_serialization() == HERE && !slash).then(|| place.to_owned())
}

#[tokio::test]
async fn every_place_a_login_is_asked_to_return_to_is_in_the_application() {
    let (mut doors, mut kept, mut away) = (Doors::open().await, HashSet::new(), 0);

    for case in set() {
        let input = input(&case);
        let place = doors.land(&login_returning_to(input)).await;

        assert_here(&place, input);
        if let Some(wanted) = honest(input) {
            assert_eq!(place, wanted, "{input:?}");
            kept.insert(place);
        } else if leads_away(&case) {
            assert_eq!(place, "/", "{input:?}");
            away += 1;
        }
    }
    assert_eq!((kept.len(), away), (13, 69));
}

#[tokio::test]
async fn every_place_the_guard_sends_back_to_is_in_the_application() {
    let (mut doors, mut targets, mut referers) = (Doors::open().await, 0, 0);

    for case in set() {
        let input = input(&case);
        if input.parse::<Uri>().is_ok_and(|uri| uri.authority().is_none() && uri.path().starts_with('/')) {
            let (status, asked) = doors.navigate(Method::GET, input, HeaderMap::new()).await;
            assert_eq!(status, StatusCode::SEE_OTHER, "{input:?}");
            assert_here(&doors.land(location(&asked)).await, input);
            targets += 1;
        }
        if let Ok(referer) = HeaderValue::from_str(input) {
            let from = HeaderMap::from_iter([(REFERER, referer)]);
            let (status, asked) = doors.navigate(Method::POST, "/form", from).await;
            assert_eq!(status, StatusCode::SEE_OTHER, "{input:?}");
            assert_here(&doors.land(location(&asked)).await, input);
            referers += 1;
        }
    }
    assert_eq!((targets, referers), (47, 762));
}

#[tokio::test]
async fn every_place_as_the_standard_writes_it_is_kept_whole() {
    let (mut doors, mut kept, mut refused) = (Doors::open().await, 0, 0);

    for case in set() {
        let part = |name: &str| case[name].as_str().unwrap_or_default();
        let place = [part("pathname"), part("search"), part("hash")].concat();
        // Paths of URLs such as `data:` are no paths on a site.
        if !["http:", "https:", "ws:", "wss:", "ftp:"].contains(&part("protocol")) {
            continue;
        }
        let wanted = honest(&place);
        let landed = doors.land(&login_returning_to(&place)).await;

        assert_eq!(landed, wanted.as_deref().unwrap_or("/"), "{place:?}");
        *if wanted.is_some() { &mut kept } else { &mut refused } += 1;
    }
    assert_eq!((kept, refused), (242, 6));
}
